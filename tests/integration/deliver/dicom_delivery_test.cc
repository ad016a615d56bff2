#include <gmock/gmock.h>

#include <chrono>
#include <filesystem>
#include <fstream>

#include "gateway/deliver/delivery_stage.h"
#include "tests/integration/deliver/dicom_pacs.h"
#include "tests/integration/deliver/dicom_peers.h"
#include "tests/unit/gateway/deliver/deliver_fixture.h"

namespace axial::deliver {
namespace {

using testing::DicomPacs;
using testing::FreePort;
using ::testing::HasSubstr;
using testing::kSegmentation;
using testing::ReadReceived;
using testing::SilentServer;
using testing::StoreScp;

const std::string kComprehensiveSr = "1.2.840.10008.5.1.4.1.1.88.33";
const std::string kExplicit = "1.2.840.10008.1.2.1";
const std::string kImplicit = "1.2.840.10008.1.2";

class DicomDeliveryTest : public DeliverTest {
 protected:
  std::unique_ptr<DeliveryStage> MakeStage(
      const std::map<std::string, config::Destination>& destinations) {
    DeliverOptions options;
    options.metrics = &metrics;
    options.back_off.minimum = std::chrono::milliseconds(20);
    options.back_off.maximum = std::chrono::milliseconds(100);
    options.destination = destination_options;
    return std::make_unique<DeliveryStage>(*deliveries, destinations, "AXIAL", options);
  }

  void OweSegAndSr(const std::vector<std::string>& destinations) {
    Owe({testing::WriteArtifact(folder.File("seg.dcm"), kSegmentation, "2.25.1"),
         testing::WriteArtifact(folder.File("sr.dcm"), kComprehensiveSr, "2.25.2")},
        destinations);
  }

  bool WaitForState(const DeliveryStage& stage, DestinationState state) {
    return testing::WaitUntil([&] { return stage.Statuses().front().state == state; });
  }

  DestinationOptions destination_options;
};

TEST_F(DicomDeliveryTest, StoresEveryArtifactAndConfirmsIt) {
  const std::uint16_t port = FreePort();
  const StoreScp scp(port, folder.File("pacs"));
  ASSERT_TRUE(scp.listening());
  OweSegAndSr({"pacs"});
  const auto stage = MakeStage({{"pacs", DicomPacs(port)}});
  EXPECT_TRUE(stage->Echo("pacs").ok());
  stage->RunOnce(Clock::System().Now());
  EXPECT_EQ(JobState(), "delivered");
  EXPECT_EQ(ReadReceived(folder.File("pacs")),
            (std::map<std::string, std::string>{{"2.25.1", kExplicit}, {"2.25.2", kExplicit}}));
}

TEST_F(DicomDeliveryTest, SpeaksImplicitVrWhereNothingElseIsAccepted) {
  const std::uint16_t port = FreePort();
  const StoreScp scp(port, folder.File("pacs"), {"+xi"});
  ASSERT_TRUE(scp.listening());
  OweSegAndSr({"pacs"});
  MakeStage({{"pacs", DicomPacs(port)}})->RunOnce(Clock::System().Now());
  EXPECT_EQ(JobState(), "delivered");
  EXPECT_EQ(ReadReceived(folder.File("pacs")).at("2.25.1"), kImplicit);
}

/// The one file in a folder.
std::string OnlyFile(const std::string& folder) {
  return std::filesystem::directory_iterator(folder)->path().string();
}

TEST_F(DicomDeliveryTest, KeepsTheCompressionWhereItIsTaken) {
  const std::uint16_t port = FreePort();
  const StoreScp scp(port, folder.File("pacs"), {"+xr"});
  ASSERT_TRUE(scp.listening());
  Owe({testing::WriteRleArtifact(folder.File("sc.dcm"), "2.25.1")}, {"pacs"});
  MakeStage({{"pacs", DicomPacs(port)}})->RunOnce(Clock::System().Now());
  EXPECT_EQ(JobState(), "delivered");
  EXPECT_EQ(ReadReceived(folder.File("pacs")).at("2.25.1"), "1.2.840.10008.1.2.5");
}

TEST_F(DicomDeliveryTest, DecompressesWithoutLossOnlyWhereTheCompressionIsRefused) {
  const std::uint16_t port = FreePort();
  const StoreScp scp(port, folder.File("pacs"));  // no RLE without +xr
  ASSERT_TRUE(scp.listening());
  Owe({testing::WriteRleArtifact(folder.File("sc.dcm"), "2.25.1")}, {"pacs"});
  MakeStage({{"pacs", DicomPacs(port)}})->RunOnce(Clock::System().Now());
  EXPECT_EQ(JobState(), "delivered");
  EXPECT_EQ(ReadReceived(folder.File("pacs")).at("2.25.1"), kExplicit);
  EXPECT_EQ(testing::PlainPixels(OnlyFile(folder.File("pacs"))), testing::RleArtifactPixels());
}

TEST_F(DicomDeliveryTest, SpeaksDeflatedOrBigEndianWhereNothingElseIsAccepted) {
  for (const auto& [name, uid] : std::map<std::string, std::string>{
           {"DeflatedLittleEndianExplicit", "1.2.840.10008.1.2.1.99"},
           {"BigEndianExplicit", "1.2.840.10008.1.2.2"}}) {
    std::ofstream(folder.File("scp.cfg"))
        << "[[TransferSyntaxes]]\n[Only]\nTransferSyntax1 = " << name
        << "\n[[PresentationContexts]]\n[Scp]\nPresentationContext1 = " << kSegmentation
        << "\\Only\n[[Profiles]]\n[Default]\nPresentationContexts = Scp\n";
    const std::uint16_t port = FreePort();
    const StoreScp scp(port, folder.File(name + "-scp"),
                       {"-xf", folder.File("scp.cfg"), "Default"});
    ASSERT_TRUE(scp.listening());
    const std::string tail = std::to_string(uid.size());
    Owe({testing::WriteArtifact(folder.File(name), kSegmentation, "2.25." + tail)}, {name},
        "1." + tail);
    MakeStage({{name, DicomPacs(port)}})->RunOnce(Clock::System().Now());
    const auto received = ReadReceived(folder.File(name + "-scp"));
    ASSERT_EQ(received.size(), 1U) << name;
    EXPECT_EQ(received.begin()->second, uid);
  }
}

TEST_F(DicomDeliveryTest, DeliversWhatIsOwedWhenADeadDestinationComesBack) {
  const std::uint16_t port = FreePort();
  OweSegAndSr({"pacs"});
  const auto stage = MakeStage({{"pacs", DicomPacs(port)}});
  ASSERT_TRUE(stage->Start().ok());
  ASSERT_TRUE(WaitForState(*stage, DestinationState::kFailing));
  EXPECT_EQ(stage->Statuses().front().owed, 2);
  const StoreScp scp(port, folder.File("pacs"));
  ASSERT_TRUE(scp.listening());
  EXPECT_TRUE(testing::WaitUntil([&] { return JobState() == "delivered"; }));
  EXPECT_TRUE(WaitForState(*stage, DestinationState::kOk));
  EXPECT_EQ(ReadReceived(folder.File("pacs")).size(), 2U);
}

TEST_F(DicomDeliveryTest, KeepsAndNamesWhatARejectingDestinationDoes) {
  const std::uint16_t port = FreePort();
  const StoreScp scp(port, folder.File("pacs"), {"--refuse"});
  ASSERT_TRUE(scp.listening());
  OweSegAndSr({"pacs"});
  const auto stage = MakeStage({{"pacs", DicomPacs(port)}});
  stage->RunOnce(Clock::System().Now());
  EXPECT_EQ(stage->Statuses().front().state, DestinationState::kFailing);
  EXPECT_THAT(stage->Statuses().front().last_error, HasSubstr("rejected the Association"));
  EXPECT_EQ(stage->Statuses().front().owed, 2);
  EXPECT_FALSE(stage->Echo("pacs").ok());
}

TEST_F(DicomDeliveryTest, RefusesByNameWhatTheDestinationDoesNotAccept) {
  const std::uint16_t port = FreePort();
  const StoreScp scp(port, folder.File("pacs"));
  ASSERT_TRUE(scp.listening());
  Owe({testing::WriteArtifact(folder.File("odd.dcm"), "1.2.3.4", "2.25.1"),
       testing::WriteArtifact(folder.File("seg.dcm"), kSegmentation, "2.25.2")},
      {"pacs"});
  MakeStage({{"pacs", DicomPacs(port)}})->RunOnce(Clock::System().Now());
  EXPECT_EQ(DeliveriesByUid()["2.25.1"].state, "refused");
  EXPECT_THAT(DeliveriesByUid()["2.25.1"].error_message,
              HasSubstr("takes no object of the SOP Class (1.2.3.4) in"));
  EXPECT_EQ(DeliveriesByUid()["2.25.2"].state, "confirmed");
}

TEST_F(DicomDeliveryTest, RefusesMissingBrokenAndForeignFilesAndSendsTheRest) {
  const std::uint16_t port = FreePort();
  const StoreScp scp(port, folder.File("pacs"));
  ASSERT_TRUE(scp.listening());
  const auto missing = testing::WriteArtifact(folder.File("m.dcm"), kSegmentation, "2.25.1");
  auto foreign = testing::WriteArtifact(folder.File("f.dcm"), kSegmentation, "2.25.9");
  foreign.sop_instance_uid = "2.25.2";
  Owe({missing, foreign, MakeArtifact("3", std::string(5000, '\xa5')),
       testing::WriteArtifact(folder.File("s.dcm"), kSegmentation, "2.25.4")},
      {"pacs"});
  std::filesystem::remove(missing.path);
  MakeStage({{"pacs", DicomPacs(port)}})->RunOnce(Clock::System().Now());
  auto by_uid = DeliveriesByUid();
  EXPECT_EQ(by_uid["2.25.1"].state, "refused");
  EXPECT_THAT(by_uid["2.25.1"].error_message, HasSubstr("missing"));
  EXPECT_EQ(by_uid["2.25.2"].error_code, "corrupt");
  EXPECT_EQ(by_uid["2.25.3"].state, "refused");
  EXPECT_EQ(by_uid["2.25.4"].state, "confirmed");
}

TEST_F(DicomDeliveryTest, AnAbortDuringStoreIsTriedAgain) {
  const std::uint16_t port = FreePort();
  OweSegAndSr({"pacs"});
  const auto stage = MakeStage({{"pacs", DicomPacs(port)}});
  {
    const StoreScp scp(port, folder.File("pacs"), {"--abort-during"});
    ASSERT_TRUE(scp.listening());
    stage->RunOnce(Clock::System().Now());
    EXPECT_EQ(DeliveriesByUid()["2.25.1"].state, "pending");
    EXPECT_EQ(DeliveriesByUid()["2.25.1"].error_code, "unavailable");
    EXPECT_EQ(DeliveriesByUid()["2.25.2"].state, "pending");
  }
  const StoreScp scp(port, folder.File("pacs2"));
  ASSERT_TRUE(scp.listening());
  ASSERT_TRUE(stage->Start().ok());
  EXPECT_TRUE(testing::WaitUntil([&] { return JobState() == "delivered"; }));
}

TEST_F(DicomDeliveryTest, ASilentDestinationCostsATimeoutAndNothingElse) {
  SilentServer silent;
  destination_options.response_timeout = std::chrono::seconds(1);
  OweSegAndSr({"silent"});
  const auto stage = MakeStage({{"silent", DicomPacs(silent.port())}});
  stage->RunOnce(Clock::System().Now());
  EXPECT_EQ(stage->Statuses().front().state, DestinationState::kFailing);
  EXPECT_EQ(DeliveriesByUid()["2.25.1"].error_code, "timeout");
}

TEST_F(DicomDeliveryTest, ASilentDestinationDelaysNeitherAnotherNorStop) {
  SilentServer silent;
  destination_options.response_timeout = std::chrono::seconds(60);
  const std::uint16_t port = FreePort();
  const StoreScp scp(port, folder.File("pacs"));
  ASSERT_TRUE(scp.listening());
  OweSegAndSr({"a_silent", "pacs"});
  const auto stage = MakeStage({{"a_silent", DicomPacs(silent.port())}, {"pacs", DicomPacs(port)}});
  ASSERT_TRUE(stage->Start().ok());
  ASSERT_TRUE(silent.HasClient());  // it is being talked to, in vain
  const Counter& confirmed = metrics.GetCounter(
      "axial_deliver_deliveries_total", "Tries to deliver one artifact, by outcome",
      {{"destination", "pacs"}, {"outcome", "confirmed"}});
  EXPECT_TRUE(testing::WaitUntil([&] { return confirmed.Value() == 2; }));
  const auto before = std::chrono::steady_clock::now();
  stage->Stop();
  EXPECT_LT(std::chrono::steady_clock::now() - before, std::chrono::seconds(15));
  for (const auto& delivery : *deliveries->ListOfStudy("1.1"))
    EXPECT_EQ(delivery.state, delivery.destination == "pacs" ? "confirmed" : "pending");
}

TEST_F(DicomDeliveryTest, AHostThatIsOffCostsTheConnectTimeoutAlsoInsideOrthanc) {
  const testing::FullServer off;
  destination_options.owns_process = false;
  destination_options.connect_timeout = std::chrono::seconds(1);
  const auto stage = MakeStage({{"off", DicomPacs(off.port())}});
  const auto before = std::chrono::steady_clock::now();
  const Status answered = stage->Echo("off");
  EXPECT_LT(std::chrono::steady_clock::now() - before, std::chrono::seconds(15));
  ASSERT_FALSE(answered.ok());
  EXPECT_EQ(answered.error().code(), ErrorCode::kTimeout);
  EXPECT_THAT(answered.error().message(), HasSubstr("does not answer"));
}

TEST_F(DicomDeliveryTest, AHostThatIsOffDoesNotDelayStop) {
  const testing::FullServer off;
  destination_options.connect_timeout = std::chrono::minutes(2);
  OweSegAndSr({"off"});
  const auto stage = MakeStage({{"off", DicomPacs(off.port())}});
  ASSERT_TRUE(stage->Start().ok());
  ASSERT_TRUE(testing::WaitUntil([&] { return DeliveriesByUid()["2.25.1"].state == "sending"; }));
  const auto before = std::chrono::steady_clock::now();
  stage->Stop();
  EXPECT_LT(std::chrono::steady_clock::now() - before, std::chrono::seconds(15));
  EXPECT_EQ(DeliveriesByUid()["2.25.1"].state, "pending");
}

TEST_F(DicomDeliveryTest, NeedsHostPortAndAnAeTitle) {
  EXPECT_EQ(MakeDestination(DicomPacs(0), {}).error().code(), ErrorCode::kInvalidInput);
  config::Destination untitled = DicomPacs(104);
  untitled.ae_title = "";
  EXPECT_EQ(MakeDestination(untitled, {}).error().code(), ErrorCode::kInvalidInput);
}

}  // namespace
}  // namespace axial::deliver
