// Broken and hostile peers: each case ends, is counted and logged once by its own name, and leaves
// nothing behind.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <functional>
#include <mutex>
#include <ostream>
#include <thread>

#include "core/base/log.h"
#include "tests/support/hostile_dicom.h"
#include "tests/support/receiver_harness.h"

namespace axial {
namespace {

using testing::ExplicitElement;
using testing::ExplicitHead;
using testing::kExplicitLittle;
using testing::kSecondaryCapture;
using testing::RawScu;
using testing::ReceiverHarness;
using testing::SmallDataSet;

const std::vector<RawScu::Context> kContexts = {{1, kSecondaryCapture, {kExplicitLittle}}};

/// What the log said, for as long as it lives.
class LogLines {
 public:
  LogLines() {
    Shared().lines.clear();
    SetLogSink([](LogLevel, std::string_view line) {
      const std::lock_guard lock(Shared().mutex);
      Shared().lines.emplace_back(line);
    });
  }
  ~LogLines() { SetLogSink(nullptr); }
  LogLines(const LogLines&) = delete;
  LogLines& operator=(const LogLines&) = delete;

  static int Count(const std::string& part) {
    const std::lock_guard lock(Shared().mutex);
    int count = 0;
    for (const std::string& line : Shared().lines)
      count += line.find(part) != std::string::npos &&
               line.find("address=127.0.0.1") != std::string::npos;
    return count;
  }
  static std::string All() {
    const std::lock_guard lock(Shared().mutex);
    std::string all;
    for (const std::string& line : Shared().lines) all += line + '\n';
    return all;
  }

 private:
  struct Record {
    std::mutex mutex;
    std::vector<std::string> lines;
  };
  static Record& Shared() {
    static Record record;
    return record;
  }
};

std::string Pdu(std::uint8_t type, std::uint32_t announced, std::string_view body) {
  std::string pdu{static_cast<char>(type), '\0'};
  for (int shift = 24; shift >= 0; shift -= 8) pdu += static_cast<char>(announced >> shift & 0xff);
  return pdu.append(body);
}

std::string StoreStart() {
  return RawScu::DataPdu(1, true, true, RawScu::StoreCommand(kSecondaryCapture, "1.2.3.5.1.1"));
}

/// Sends a piece every 20 ms until the other side has had enough; false when it never has.
bool Drip(RawScu& scu, const std::function<std::string(int)>& piece) {
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(20);
  for (int i = 0; std::chrono::steady_clock::now() < deadline; ++i) {
    if (!scu.Send(piece(i))) return true;
    if (scu.WaitReadable(std::chrono::milliseconds(20))) return true;  // an A-ABORT, or the end
  }
  return false;
}

struct Case {
  std::string name;
  std::string fault;
  bool associated;  ///< on an open Association
  std::function<void(RawScu&)> act;
};
void PrintTo(const Case& value, std::ostream* out) { *out << value.name; }

class ReceiveFaults : public ::testing::TestWithParam<Case> {};

TEST_P(ReceiveFaults, EndsIsCountedAndNamedOnceAndHurtsNobody) {
  const Case& now = GetParam();
  const LogLines log;
  // Short, but not so short that the healthy peer meets them on a busy machine.
  ReceiverHarness harness([&](receive::ReceiverOptions& options) {
    options.deadlines.association_request = std::chrono::seconds(1);
    options.deadlines.network = std::chrono::seconds(2);
    options.deadlines.idle = std::chrono::seconds(now.fault == "idle" ? 2 : 60);
    options.storage.max_instance_bytes = 4 << 20;
  });
  RawScu bad = now.associated ? harness.Associated() : RawScu(harness.port());
  RawScu healthy = harness.Associated();
  std::thread attack([&] { now.act(bad); });
  // The healthy peer works on meanwhile.
  const auto start = std::chrono::steady_clock::now();
  for (int i = 100; i < 120; ++i) {
    const auto response = ReceiverHarness::StoreSmall(healthy, i);
    ASSERT_TRUE(response) << i;
    EXPECT_EQ(response->status, 0);
  }
  const auto took = std::chrono::steady_clock::now() - start;
  EXPECT_TRUE(healthy.Release());
  attack.join();
  EXPECT_TRUE(testing::WaitFor([&] {
    return harness.Metric("axial_receive_faults_total", {{"fault", now.fault}}) == 1;
  })) << LogLines::All();
  EXPECT_LT(took, std::chrono::seconds(15)) << "the healthy peer was held up";
  bad.Close();
  EXPECT_TRUE(testing::WaitFor([&] { return harness.receiver().AssociationCount() == 0; }));
  EXPECT_EQ(LogLines::Count("fault=" + now.fault), 1) << LogLines::All();
  EXPECT_TRUE(harness.FilesIn("incoming").empty());
  EXPECT_EQ(harness.events().Instances().size(), 20u);
}

const std::string kRequest = RawScu::AssociationRequest("AXIAL", "TEST", kContexts);
const std::string kReleaseRequest = Pdu(5, 4, std::string(4, '\0'));

INSTANTIATE_TEST_SUITE_P(
    Requests, ReceiveFaults,
    ::testing::Values(Case{"SilentClient", "silent", false, [](RawScu& scu) { scu.ReceivePdu(); }},
                      Case{"HalfRequestThenSilence", "slow_request", false,
                           [](RawScu& scu) {
                             scu.Send(std::string_view(kRequest).substr(0, 80));
                             scu.ReceivePdu();
                           }},
                      Case{"RequestByteByByte", "slow_request", false,
                           [](RawScu& scu) {
                             EXPECT_TRUE(Drip(scu, [](int i) {
                               return kRequest.substr(static_cast<std::size_t>(i) % kRequest.size(),
                                                      1);
                             }));
                           }},
                      Case{"ClosesAtOnce", "closed_early", false, [](RawScu& scu) { scu.Close(); }},
                      Case{"UnknownPduType", "not_dicom", false,
                           [](RawScu& scu) { scu.Send(Pdu(0x42, 4, "abcd")); }},
                      Case{"HttpInstead", "not_dicom", false,
                           [](RawScu& scu) { scu.Send("GET / HTTP/1.1\r\n\r\n"); }},
                      Case{"RequestOf4Gigabytes", "broken_request", false,
                           [](RawScu& scu) { scu.Send(Pdu(1, 0xffffffff, "x")); }},
                      Case{"RequestWithWrongLengths", "broken_request", false,
                           [](RawScu& scu) {
                             std::string broken = kRequest;
                             broken[76] = '\x7f';  // the application context item's length
                             scu.Send(broken);
                           }}),
    [](const auto& one) { return one.param.name; });

INSTANTIATE_TEST_SUITE_P(
    Pdus, ReceiveFaults,
    ::testing::Values(
        Case{"IdleAssociation", "idle", true, [](RawScu& scu) { scu.ReceivePdu(); }},
        Case{"UnknownPduTypeLater", "broken_pdu", true,
             [](RawScu& scu) { scu.Send(Pdu(0x42, 4, "abcd")); }},
        Case{"OversizedPdu", "broken_pdu", true,
             [](RawScu& scu) { scu.Send(Pdu(4, 0xfffffff0, std::string(100, 'x'))); }},
        Case{"PduBeyondWhatWasAgreed", "broken_pdu", true,
             [](RawScu& scu) { scu.Send(Pdu(4, 200'000, std::string(200'000, '\0'))); }},
        Case{"FragmentLongerThanItsPdu", "broken_pdu", true,
             [](RawScu& scu) {
               scu.Send(Pdu(4, 10, std::string("\x7f\xff\xff\xff\x01\x03", 6) + "abcd"));
             }},
        Case{
            "FragmentOfNoLength", "broken_pdu", true,
            [](RawScu& scu) { scu.Send(Pdu(4, 10, std::string("\0\0\0\0\x01\x03", 6) + "abcd")); }},
        Case{"EmptyPdu", "broken_pdu", true, [](RawScu& scu) { scu.Send(Pdu(4, 0, "")); }},
        Case{"StopsInsidePdu", "stalled", true,
             [](RawScu& scu) {
               scu.Send(std::string_view(StoreStart()).substr(0, 40));
               scu.ReceivePdu();
             }},
        Case{"PduByteByByte", "stalled", true,
             [](RawScu& scu) {
               const std::string pdu = RawScu::DataPdu(1, false, false, std::string(60'000, 'x'));
               scu.Send(StoreStart());
               EXPECT_TRUE(
                   Drip(scu, [&](int i) { return pdu.substr(static_cast<std::size_t>(i), 1); }));
             }},
        Case{"ClosesInsidePdu", "connection_lost", true,
             [](RawScu& scu) {
               scu.Send(std::string_view(StoreStart()).substr(0, 40));
               scu.Close();
             }},
        Case{"ClosesWithoutRelease", "connection_lost", true, [](RawScu& scu) { scu.Close(); }},
        Case{"Aborts", "aborted", true,
             [](RawScu& scu) { scu.Send(Pdu(7, 4, std::string(4, '\0'))); }},
        Case{"AbortsInsideDataSet", "aborted", true,
             [](RawScu& scu) {
               scu.Send(StoreStart() +
                        RawScu::DataPdu(1, false, false, SmallDataSet(5).substr(0, 100)) +
                        Pdu(7, 4, std::string(4, '\0')));
             }},
        Case{"ReleaseInsideDataSet", "unexpected_pdu", true,
             [](RawScu& scu) {
               scu.Send(StoreStart() +
                        RawScu::DataPdu(1, false, false, SmallDataSet(5).substr(0, 100)) +
                        kReleaseRequest);
             }},
        Case{"AnswersReleaseThatNobodyAsked", "unexpected_pdu", true,
             [](RawScu& scu) { scu.Send(Pdu(6, 4, std::string(4, '\0'))); }},
        Case{"SecondAssociationRequest", "unexpected_pdu", true,
             [](RawScu& scu) { scu.Send(kRequest); }}),
    [](const auto& one) { return one.param.name; });

INSTANTIATE_TEST_SUITE_P(
    Messages, ReceiveFaults,
    ::testing::Values(
        Case{"FragmentsDropByDrop", "too_slow", true,
             [](RawScu& scu) {
               scu.Send(StoreStart());
               EXPECT_TRUE(Drip(scu, [](int) { return RawScu::DataPdu(1, false, false, "ab"); }));
             }},
        Case{"CommandDropByDrop", "too_slow", true,
             [](RawScu& scu) {
               EXPECT_TRUE(Drip(scu, [](int) { return RawScu::DataPdu(1, true, false, "a"); }));
             }},
        Case{"DataSetWithoutEnd", "too_large", true,
             [](RawScu& scu) {
               scu.Send(StoreStart() + RawScu::DataPdu(1, false, false, SmallDataSet(5)));
               const std::string more =
                   RawScu::DataPdu(1, false, false, std::string(100'000, '\0'));
               for (int i = 0; i < 10'000 && scu.Send(more); ++i) {
               }
             }},
        Case{"DataSetWithoutCommand", "broken_message", true,
             [](RawScu& scu) { scu.Send(RawScu::DataPdu(1, false, true, "abcd")); }},
        Case{"CommandInsideDataSet", "broken_message", true,
             [](RawScu& scu) { scu.Send(StoreStart() + StoreStart()); }},
        Case{"ContextThatWasNotAccepted", "broken_message", true,
             [](RawScu& scu) {
               scu.Send(RawScu::DataPdu(99, true, true,
                                        RawScu::StoreCommand(kSecondaryCapture, "1.2.3.5.1.1")) +
                        RawScu::DataPdu(99, false, true, SmallDataSet(5)));
             }},
        Case{"NestedSequenceBomb", "unreadable_instance", true,
             [](RawScu& scu) {
               scu.Store(1, kSecondaryCapture, "1.2.3.5.1.1",
                         SmallDataSet(5, testing::NestedSequences(180'000)));
               scu.Release();
             }},
        Case{"HeaderAnnouncing3Gigabytes", "unreadable_instance", true,
             [](RawScu& scu) {
               scu.Store(1, kSecondaryCapture, "1.2.3.5.1.1",
                         SmallDataSet(5, ExplicitHead(0x0042, 0x0011, "OB", 3'000'000'000u)));
               scu.Release();
             }},
        Case{"PixelDataAnnouncing3Gigabytes", "unreadable_instance", true,
             [](RawScu& scu) {
               std::string data_set = SmallDataSet(5);
               data_set.resize(data_set.size() - 76);
               scu.Store(
                   1, kSecondaryCapture, "1.2.3.5.1.1",
                   data_set + ExplicitHead(0x7fe0, 0x0010, "OW", 3'000'000'000u) + "few bytes");
               scu.Release();
             }}),
    [](const auto& one) { return one.param.name; });

}  // namespace
}  // namespace axial
