#include "gateway/receive/peer_faults.h"

#include <gtest/gtest.h>

#include <set>
#include <vector>

#include "core/base/log.h"
#include "tests/support/turned_clock.h"

namespace axial::receive {
namespace {

std::vector<std::string>& Lines() {
  static std::vector<std::string> lines;
  return lines;
}

class PeerFaultsTest : public ::testing::Test {
 protected:
  PeerFaultsTest() {
    Lines().clear();
    SetLogSink([](LogLevel, std::string_view line) { Lines().emplace_back(line); });
  }
  ~PeerFaultsTest() override { SetLogSink(nullptr); }

  double Counted(std::string_view fault) {
    return metrics_.GetCounter("axial_receive_faults_total", "", {{"fault", std::string(fault)}})
        .Value();
  }

  testing::TurnedClock clock_{FromMicros(1'000'000)};
  Metrics metrics_;
  PeerFaults faults_{metrics_, clock_};
};

TEST_F(PeerFaultsTest, EveryFaultHasItsOwnName) {
  std::set<std::string_view> names;
  for (int i = 0; i < kFaultCount; ++i) names.insert(FaultName(static_cast<Fault>(i)));
  EXPECT_EQ(names.size(), static_cast<std::size_t>(kFaultCount));
  EXPECT_EQ(names.count(""), 0u);
}

TEST_F(PeerFaultsTest, CountsEachAndLogsOncePerPeerAndHour) {
  for (int i = 0; i < 100; ++i) faults_.CountAndLog(Fault::kNotDicom, "10.1.2.3", "", "PDU 16");
  EXPECT_EQ(Counted("not_dicom"), 100);
  ASSERT_EQ(Lines().size(), 1u);
  EXPECT_NE(Lines()[0].find("address=10.1.2.3"), std::string::npos) << Lines()[0];
  EXPECT_NE(Lines()[0].find("fault=not_dicom"), std::string::npos) << Lines()[0];
  faults_.CountAndLog(Fault::kNotDicom, "10.1.2.4", "", "PDU 16");
  EXPECT_EQ(Lines().size(), 2u);
  clock_.Advance(std::chrono::hours(1));
  faults_.CountAndLog(Fault::kNotDicom, "10.1.2.3", "", "PDU 16");
  EXPECT_EQ(Lines().size(), 3u);
}

TEST_F(PeerFaultsTest, RemembersAtMostAThousandPeersAndForgetsTheOldest) {
  faults_.CountAndLog(Fault::kSilent, "first", "", "");
  for (int i = 0; i < 1024; ++i) {
    clock_.Advance(std::chrono::microseconds(1));
    faults_.CountAndLog(Fault::kSilent, "peer " + std::to_string(i), "", "");
  }
  EXPECT_EQ(Lines().size(), 1025u);
  faults_.CountAndLog(Fault::kSilent, "peer 1023", "", "");
  EXPECT_EQ(Lines().size(), 1025u) << "still remembered";
  faults_.CountAndLog(Fault::kSilent, "first", "", "");
  EXPECT_EQ(Lines().size(), 1026u) << "was forgotten";
}

}  // namespace
}  // namespace axial::receive
