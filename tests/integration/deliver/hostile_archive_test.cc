#include "tests/integration/deliver/hostile_archive.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <chrono>
#include <memory>

#include "core/dicom/dimse_command.h"
#include "gateway/deliver/destination.h"
#include "tests/integration/deliver/dicom_pacs.h"
#include "tests/integration/deliver/dicom_peers.h"
#include "tests/support/hostile_dicom.h"
#include "tests/support/temp_dir.h"

namespace axial::deliver {
namespace {

using testing::ExplicitElement;
using ::testing::HasSubstr;
using testing::HostileArchive;
using testing::kSegmentation;
using testing::RawScu;
using Message = HostileArchive::Message;

constexpr int kTooDeep = 400'000;  // 8 MB; DCMTK's parser dies of less than half
constexpr std::uint16_t kPending = 0xff00;

/// Sequences inside each other in Implicit VR, of a command set's or a data set's encoding.
std::string NestedImplicit(int depth) {
  std::string bytes;
  for (int i = 0; i < depth; ++i)
    bytes += std::string("\x08\x00\x15\x11\xff\xff\xff\xff\xfe\xff\x00\xe0\xff\xff\xff\xff", 16);
  return bytes;
}

class HostileArchiveTest : public ::testing::Test {
 protected:
  static std::unique_ptr<Destination> Connect(
      const HostileArchive& archive,
      std::chrono::seconds response_timeout = std::chrono::seconds(10)) {
    DestinationOptions options;
    options.response_timeout = response_timeout;
    return MakeDestination(testing::DicomPacs(archive.port()), options).value();
  }

  store::Delivery MakeDelivery() const {
    const auto artifact = testing::WriteArtifact(folder.File("seg.dcm"), kSegmentation, "2.25.1");
    store::Delivery delivery;
    delivery.study_uid = "1.1";
    delivery.series_uid = artifact.series_uid;
    delivery.path = artifact.path;
    delivery.sop_class_uid = artifact.sop_class_uid;
    delivery.sop_instance_uid = artifact.sop_instance_uid;
    return delivery;
  }

  testing::TempDir folder;
};

TEST_F(HostileArchiveTest, SequencesInsideEachOtherInAResponseEndItsAssociationOnly) {
  const HostileArchive archive([](RawScu& connection, const Message& message) {
    connection.Send(HostileArchive::Fragments(
        message.context_id, true,
        HostileArchive::Response(message, 0, false) + NestedImplicit(kTooDeep)));
    return true;
  });
  const auto pacs = Connect(archive);
  const Status echo = pacs->Echo();
  ASSERT_FALSE(echo.ok());
  EXPECT_TRUE(IsRetried(echo.error().code())) << echo.error().ToString();
  const SendReport report = pacs->Send({MakeDelivery()});
  ASSERT_EQ(report.results.size(), 1U);
  EXPECT_FALSE(report.results[0].ok());
  EXPECT_FALSE(pacs->RequestCommitment({"2.25.9", {}, {}}, {MakeDelivery()}).ok());
}

TEST_F(HostileArchiveTest, SequencesInsideEachOtherInAMatchEndItsAssociationOnly) {
  for (const std::string& bomb : {testing::NestedSequences(kTooDeep), NestedImplicit(kTooDeep)}) {
    const bool is_explicit = bomb != NestedImplicit(kTooDeep);
    const HostileArchive archive(
        [&](RawScu& connection, const Message& message) {
          connection.Send(
              HostileArchive::Fragments(message.context_id, true,
                                        HostileArchive::Response(message, kPending, true)) +
              HostileArchive::Fragments(message.context_id, false, bomb) +
              HostileArchive::Fragments(message.context_id, true,
                                        HostileArchive::Response(message, 0, false)));
          return true;
        },
        is_explicit ? "1.2.840.10008.1.2.1" : "1.2.840.10008.1.2");
    const auto pacs = Connect(archive);
    EXPECT_FALSE(pacs->CountInstances("1.1").ok());
    EXPECT_FALSE(pacs->Check({MakeDelivery()}).reached.ok());
  }
}

TEST_F(HostileArchiveTest, AMatchThatIsWithinTheLimitsIsStillRead) {
  const HostileArchive archive([](RawScu& connection, const Message& message) {
    const std::string match =
        ExplicitElement(0x0008, 0x0060, "CS", "CT") + testing::ClosedNestedSequences(8) +
        ExplicitElement(0x0020, 0x000e, "UI", "1.1.1") + ExplicitElement(0x0020, 0x1209, "IS", "7");
    connection.Send(HostileArchive::Fragments(message.context_id, true,
                                              HostileArchive::Response(message, kPending, true)) +
                    HostileArchive::Fragments(message.context_id, false, match) +
                    HostileArchive::Fragments(message.context_id, true,
                                              HostileArchive::Response(message, 0, false)));
    return true;
  });
  EXPECT_EQ(Connect(archive)->CountInstances("1.1").value(), (SeriesCounts{{"1.1.1", 7}}));
}

TEST_F(HostileArchiveTest, SequencesInsideEachOtherInACommitmentAnswerEndItsAssociationOnly) {
  const HostileArchive archive([](RawScu& connection, const Message& message) {
    const std::string event = RawScu::Command({{0x0002, "1.2.840.10008.1.20.1"},
                                               {0x0100, RawScu::Us(kNEventReportRequest)},
                                               {0x0110, RawScu::Us(5)},
                                               {0x0800, RawScu::Us(0x0001)},
                                               {0x1000, "1.2.840.10008.1.20.1.1"},
                                               {0x1002, RawScu::Us(1)}});
    connection.Send(
        HostileArchive::Fragments(message.context_id, true,
                                  HostileArchive::Response(message, 0, false)) +
        HostileArchive::Fragments(message.context_id, true, event) +
        HostileArchive::Fragments(message.context_id, false, testing::NestedSequences(kTooDeep)));
    return true;
  });
  int outcomes = 0;
  const CommitmentAsk ask{"2.25.9", [&](const auto&) { ++outcomes; }, [] { return true; }};
  EXPECT_TRUE(Connect(archive)->RequestCommitment(ask, {MakeDelivery()}).ok());
  EXPECT_EQ(outcomes, 0);
}

TEST_F(HostileArchiveTest, MatchesWithoutEndAreCutOff) {
  const HostileArchive archive([](RawScu& connection, const Message& message) {
    const std::string match =
        HostileArchive::Fragments(message.context_id, true,
                                  HostileArchive::Response(message, kPending, true)) +
        HostileArchive::Fragments(message.context_id, false,
                                  ExplicitElement(0x0020, 0x000e, "UI", "1.1.1"));
    while (connection.Send(match)) {
    }
    return false;
  });
  const auto counts = Connect(archive)->CountInstances("1.1");
  ASSERT_FALSE(counts.ok());
  EXPECT_THAT(counts.error().message(), HasSubstr("matches"));
}

TEST_F(HostileArchiveTest, ADataSetWithoutEndIsCutOff) {
  const HostileArchive archive([](RawScu& connection, const Message& message) {
    connection.Send(HostileArchive::Fragments(message.context_id, true,
                                              HostileArchive::Response(message, kPending, true)));
    const std::string fragment = HostileArchive::Fragments(
        message.context_id, false, ExplicitElement(0x0008, 0x1030, "LO", std::string(60, 'x')),
        /*ends=*/false);
    while (connection.Send(fragment)) {
    }
    return false;
  });
  const auto counts = Connect(archive)->CountInstances("1.1");
  ASSERT_FALSE(counts.ok());
  EXPECT_THAT(counts.error().message(), HasSubstr("bytes"));
}

TEST_F(HostileArchiveTest, AnAnswerThatComesInTricklesHasOneTimeout) {
  for (const bool whole_pdus : {false, true}) {
    const HostileArchive archive([&](RawScu& connection, const Message& message) {
      const std::string answer = HostileArchive::Response(message, 0, false);
      std::string piece = RawScu::DataPdu(message.context_id, true, false, answer);
      // A byte of one PDU, or a PDU of one byte, every 50 ms, for a minute at most.
      for (std::size_t i = 0; i < 1200 && !connection.WaitReadable(std::chrono::milliseconds(50));
           ++i)
        if (!connection.Send(whole_pdus ? RawScu::DataPdu(message.context_id, true, false, "x")
                                        : piece.substr(std::min(i, piece.size() - 2), 1)))
          break;
      return false;
    });
    const auto start = std::chrono::steady_clock::now();
    EXPECT_FALSE(Connect(archive, std::chrono::seconds(1))->Echo().ok());
    EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(20)) << whole_pdus;
  }
}

TEST_F(HostileArchiveTest, AnAnswerToAnotherQuestionIsNone) {
  const HostileArchive archive([](RawScu& connection, const Message& message) {
    Message other = message;
    ++other.message_id;
    connection.Send(HostileArchive::Fragments(message.context_id, true,
                                              HostileArchive::Response(other, 0, false)));
    return true;
  });
  const auto pacs = Connect(archive);
  EXPECT_FALSE(pacs->Echo().ok());
  EXPECT_FALSE(pacs->Send({MakeDelivery()}).results.at(0).ok());
  EXPECT_FALSE(pacs->CountInstances("1.1").ok());
}

}  // namespace
}  // namespace axial::deliver
