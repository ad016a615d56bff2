#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <condition_variable>
#include <mutex>

#include "core/dicom/dimse_command.h"
#include "gateway/receive/modality_services.h"
#include "gateway/receive/normalized_data_set.h"
#include "tests/support/hostile_dicom.h"
#include "tests/support/receiver_harness.h"

namespace axial {
namespace {

using receive::ReportPlace;
using ::testing::ElementsAre;
using testing::ExplicitElement;
using testing::kExplicitLittle;
using testing::RawScu;
using testing::ReceiverHarness;
using ::testing::SizeIs;

constexpr const char* kCt = "1.2.840.10008.5.1.4.1.1.2";
constexpr std::uint8_t kCommitment = 1;
constexpr std::uint8_t kStep = 3;

/// Remembers what it was told, and answers what the test says. Thread-safe.
class RecordedServices final : public receive::ModalityServices {
 public:
  ReportPlace place = ReportPlace::kElsewhere;  // set before anything comes in

  Result<receive::AcceptedCommitment> OnCommitmentRequest(
      const receive::AssociationInfo&, const CommitmentRequest& request) override {
    const std::lock_guard lock(mutex_);
    requests_.push_back(request);
    return receive::AcceptedCommitment{static_cast<std::int64_t>(requests_.size()), place};
  }
  Result<std::optional<store::Commitment>> TakeCommitment(std::int64_t id) override {
    store::Commitment commitment;
    commitment.id = id;
    return std::optional(commitment);
  }
  Result<CommitmentReport> ReportOf(std::int64_t id) override {
    const std::lock_guard lock(mutex_);
    const CommitmentRequest& request = requests_.at(static_cast<std::size_t>(id - 1));
    return CommitmentReport{request.transaction_uid, request.instances, {}};
  }
  void OnReported(const store::Commitment&, const CommitmentReport& report) override {
    Remember("reported " + report.transaction_uid);
  }
  void OnNotReported(const store::Commitment& commitment, const Error& reason) override {
    Remember(fmt::format("not reported {}: {}", commitment.id, ErrorCodeName(reason.code())));
  }
  void OnCommitmentLeft(std::int64_t id) override { Remember(fmt::format("left {}", id)); }
  Status OnCommitmentReport(const receive::AssociationInfo&,
                            const CommitmentReport& report) override {
    if (report.transaction_uid != "1.2.9")
      return Error(ErrorCode::kNotFound, "nobody asked for that");
    Remember(fmt::format("committed {} failed {}", report.committed.size(), report.failed.size()));
    return {};
  }
  Status OnStepCreated(const receive::AssociationInfo&,
                       const store::NewPerformedStep& step) override {
    Remember("created " + step.step_uid);
    return {};
  }
  Status OnStepSet(const receive::AssociationInfo&, const std::string& step_uid,
                   const store::PerformedStepChange& change) override {
    const std::lock_guard lock(mutex_);
    changes_.push_back(change);
    if (unknown_step) return MakeError(ErrorCode::kNotFound, "there is no step {}", step_uid);
    return {};
  }
  std::atomic<bool> unknown_step = false;

  [[nodiscard]] std::vector<store::PerformedStepChange> Changes() const {
    const std::lock_guard lock(mutex_);
    return changes_;
  }

  [[nodiscard]] std::vector<CommitmentRequest> Requests() const {
    const std::lock_guard lock(mutex_);
    return requests_;
  }
  [[nodiscard]] std::vector<std::string> WaitForEvents(std::size_t count) {
    std::unique_lock lock(mutex_);
    changed_.wait_for(lock, std::chrono::seconds(20), [&] { return events_.size() >= count; });
    return events_;
  }

 private:
  void Remember(std::string event) {
    const std::lock_guard lock(mutex_);
    events_.push_back(std::move(event));
    changed_.notify_all();
  }

  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<CommitmentRequest> requests_;
  std::vector<store::PerformedStepChange> changes_;
  std::vector<std::string> events_;
};

std::string Item(const std::string& content) {
  std::string item("\xfe\xff\x00\xe0", 4);
  for (int i = 0; i < 4; ++i) item += static_cast<char>(content.size() >> (8 * i) & 0xff);
  return item + content;
}

std::string Reference(const std::string& sop_class, const std::string& instance) {
  return Item(ExplicitElement(0x0008, 0x1150, "UI", sop_class) +
              ExplicitElement(0x0008, 0x1155, "UI", instance));
}

std::string CommitmentDataSet(const std::string& transaction, int references = 1) {
  std::string items;
  for (int i = 0; i < references; ++i) items += Reference(kCt, "1.2.3." + std::to_string(i));
  return ExplicitElement(0x0008, 0x1195, "UI", transaction) +
         ExplicitElement(0x0008, 0x1199, "SQ", items);
}

class ReceiveModality : public ::testing::Test {
 protected:
  void Start(ReportPlace place = ReportPlace::kElsewhere,
             Duration network = std::chrono::seconds(20)) {
    services.place = place;
    harness = std::make_unique<ReceiverHarness>([&](receive::ReceiverOptions& options) {
      options.modality_services = &services;
      options.deadlines.network = network;
    });
    scu = std::make_unique<RawScu>(harness->port());
    const auto reply =
        scu->Associate("AXIAL", "TEST",
                       {{kCommitment, kStorageCommitmentClass, {"1.2.4.5", kExplicitLittle}},
                        {kStep, receive::kPerformedStepClass, {kExplicitLittle}}});
    ASSERT_TRUE(reply && reply->accepted);
    ASSERT_THAT(reply->context_results, ElementsAre(0, 0));
  }

  void SendRequest(std::uint8_t context, std::uint16_t field, const std::string& data_set,
                   std::uint16_t type = 1) {
    const bool affected = field == kNCreateRequest || field == kNEventReportRequest;
    const std::string sop_class =
        context == kCommitment ? kStorageCommitmentClass : receive::kPerformedStepClass;
    const std::string instance = context == kCommitment ? kStorageCommitmentInstance : "1.2.3.4";
    const std::string command = RawScu::Command({{affected ? 0x0002 : 0x0003, sop_class},
                                                 {0x0100, RawScu::Us(field)},
                                                 {0x0110, RawScu::Us(5)},
                                                 {0x0800, RawScu::Us(1)},
                                                 {affected ? 0x1000 : 0x1001, instance},
                                                 {affected ? 0x1002 : 0x1008, RawScu::Us(type)}});
    ASSERT_TRUE(scu->Send(RawScu::DataPdu(context, true, true, command)));
    constexpr std::size_t kPieceBytes = 16000;
    std::size_t at = 0;
    do {
      const std::string piece = data_set.substr(at, kPieceBytes);
      at += piece.size();
      ASSERT_TRUE(scu->Send(RawScu::DataPdu(context, false, at >= data_set.size(), piece)));
    } while (at < data_set.size());
  }

  /// The next command from the node.
  DimseCommand Receive() {
    const auto bytes = scu->ReceiveMessage(/*command=*/true);
    const auto command = bytes ? ParseDimseCommand(*bytes)
                               : Result<DimseCommand>(Error(ErrorCode::kUnavailable, "none"));
    EXPECT_TRUE(command.ok());
    return command.ok() ? *command : DimseCommand{};
  }

  /// The status of the response.
  int Ask(const std::string& data_set) {
    SendRequest(kCommitment, kNActionRequest, data_set);
    const DimseCommand response = Receive();
    EXPECT_EQ(response.command_field, kNActionRequest | kResponse);
    EXPECT_EQ(response.responds_to, 5);
    EXPECT_EQ(response.affected_sop_class_uid, kStorageCommitmentClass);
    EXPECT_EQ(response.affected_sop_instance_uid, kStorageCommitmentInstance);
    return response.status;
  }

  void RespondToEvent(std::uint16_t message_id, std::uint16_t status) {
    ASSERT_TRUE(scu->Send(RawScu::DataPdu(kCommitment, true, true,
                                          RawScu::Command({{0x0100, RawScu::Us(0x8100)},
                                                           {0x0120, RawScu::Us(message_id)},
                                                           {0x0800, RawScu::Us(0x0101)},
                                                           {0x0900, RawScu::Us(status)}}))));
  }

  /// Reads the answer to a commitment.
  DimseCommand ReceiveEvent() {
    const DimseCommand event = Receive();
    EXPECT_EQ(event.command_field, kNEventReportRequest);
    EXPECT_TRUE(event.has_data_set);
    EXPECT_TRUE(scu->ReceiveMessage(/*command=*/false).has_value());
    return event;
  }

  RecordedServices services;
  std::unique_ptr<ReceiverHarness> harness;
  std::unique_ptr<RawScu> scu;
};

TEST_F(ReceiveModality, OffersNothingThatNobodyServes) {
  const ReceiverHarness plain;
  RawScu peer(plain.port());
  const auto reply = peer.Associate("AXIAL", "TEST",
                                    {{1, kStorageCommitmentClass, {kExplicitLittle}},
                                     {3, receive::kPerformedStepClass, {kExplicitLittle}}});
  ASSERT_TRUE(reply && reply->accepted);
  EXPECT_THAT(reply->context_results, ElementsAre(3, 3));
}

TEST_F(ReceiveModality, OffersItInPlainTransferSyntaxesOnly) {
  Start();
  RawScu peer(harness->port());
  const auto reply = peer.Associate("AXIAL", "TEST",
                                    {{1, kStorageCommitmentClass, {"1.2.840.10008.1.2.1.99"}},
                                     {3, receive::kPerformedStepClass, {"1.2.840.10008.1.2.2"}}});
  ASSERT_TRUE(reply && reply->accepted);
  EXPECT_THAT(reply->context_results, ElementsAre(4, 0));
}

TEST_F(ReceiveModality, RefusesBrokenDataSetsAndGoesOn) {
  Start();
  EXPECT_EQ(Ask(std::string(5000, '\x5a')), 0x0115);
  EXPECT_EQ(Ask(""), 0x0115);
  EXPECT_EQ(Ask(CommitmentDataSet("1.2.1").substr(0, 60)), 0x0115);
  EXPECT_EQ(Ask(testing::NestedSequences(180'000)), 0x0115);
  EXPECT_EQ(Ask(CommitmentDataSet("1.2.1", 0)), 0x0115);
  EXPECT_EQ(Ask(CommitmentDataSet("one")), 0x0115);
  EXPECT_EQ(Ask(ExplicitElement(0x0008, 0x1199, "SQ", Reference(kCt, "1.2.3"))), 0x0115);
  EXPECT_TRUE(services.Requests().empty());
  EXPECT_EQ(Ask(CommitmentDataSet("1.2.1", 3)), 0);
  ASSERT_THAT(services.Requests(), SizeIs(1));
  EXPECT_EQ(services.Requests()[0].transaction_uid, "1.2.1");
  EXPECT_THAT(services.Requests()[0].instances, SizeIs(3));
  EXPECT_EQ(harness->Metric("axial_receive_commitment_requests_total",
                            {{"operation", "action"}, {"status", "0115"}}),
            7);
  EXPECT_TRUE(scu->Release());
}

TEST_F(ReceiveModality, RefusesWhatIsBeyondTheLimitsAndGoesOn) {
  Start();
  EXPECT_EQ(Ask(std::string(receive::kMaxNormalizedDataSetBytes + 2, '\0')), 0x0213);
  EXPECT_EQ(Ask(CommitmentDataSet("1.2.1", static_cast<int>(kMaxReferences) + 1)), 0x0213);
  EXPECT_EQ(Ask(CommitmentDataSet("1.2.1", static_cast<int>(kMaxReferences))), 0);
  EXPECT_THAT(services.Requests().at(0).instances, SizeIs(kMaxReferences));
}

TEST_F(ReceiveModality, RefusesBrokenStepsAndGoesOn) {
  Start();
  for (const std::string& data_set :
       {std::string(5000, '\x5a'), testing::NestedSequences(180'000)}) {
    SendRequest(kStep, kNCreateRequest, data_set);
    EXPECT_EQ(Receive().status, 0x0110);
  }
  const std::string study = Item(ExplicitElement(0x0020, 0x000d, "UI", "1.2.3"));
  SendRequest(kStep, kNCreateRequest,
              ExplicitElement(0x0040, 0x0252, "CS", "IN PROGRESS") +
                  ExplicitElement(0x0040, 0x0270, "SQ", study));
  EXPECT_EQ(Receive().status, 0);
  EXPECT_THAT(services.WaitForEvents(1), ElementsAre("created 1.2.3.4"));
  services.unknown_step = true;
  SendRequest(kStep, kNSetRequest, ExplicitElement(0x0040, 0x0252, "CS", "COMPLETED"));
  EXPECT_EQ(Receive().status, 0x0112);
  SendRequest(kStep, kNActionRequest, ExplicitElement(0x0040, 0x0252, "CS", "COMPLETED"));
  EXPECT_EQ(Receive().status, 0x0211);
}

std::string PerformedSeries(const std::string& uid, const std::string& images,
                            const std::string& others = "") {
  return Item(ExplicitElement(0x0008, 0x1140, "SQ", images) +
              (uid.empty() ? "" : ExplicitElement(0x0020, 0x000e, "UI", uid)) +
              ExplicitElement(0x0040, 0x0220, "SQ", others));
}

std::string CompletedStep(const std::string& series) {
  return ExplicitElement(0x0040, 0x0252, "CS", "COMPLETED ") +
         ExplicitElement(0x0040, 0x0340, "SQ", series);
}

TEST_F(ReceiveModality, ReadsWhatAStepSaysThatItMade) {
  Start();
  SendRequest(
      kStep, kNSetRequest,
      CompletedStep(PerformedSeries("1.2.3.1", Reference(kCt, "1.2.3.1.1"),
                                    Reference("1.2.840.10008.5.1.4.1.1.88.67", "1.2.3.1.9")) +
                    PerformedSeries("1.2.3.2", "")));
  EXPECT_EQ(Receive().status, 0);
  SendRequest(kStep, kNSetRequest, ExplicitElement(0x0008, 0x0060, "CS", "CT"));
  EXPECT_EQ(Receive().status, 0);
  const auto changes = services.Changes();
  ASSERT_THAT(changes, SizeIs(2));
  EXPECT_EQ(changes[0].event, store::PerformedStepEvent::kComplete);
  ASSERT_TRUE(changes[0].series);
  ASSERT_THAT(*changes[0].series, SizeIs(2));
  EXPECT_EQ(changes[0].series->at(0).series_uid, "1.2.3.1");
  EXPECT_THAT(changes[0].series->at(0).instances,
              ElementsAre(InstanceReference{kCt, "1.2.3.1.1"},
                          InstanceReference{"1.2.840.10008.5.1.4.1.1.88.67", "1.2.3.1.9"}));
  EXPECT_THAT(changes[0].series->at(1).instances, SizeIs(0));
  EXPECT_EQ(changes[1].event, store::PerformedStepEvent::kUpdate);
  EXPECT_FALSE(changes[1].series);
}

TEST_F(ReceiveModality, RefusesAStepThatNamesNoInstances) {
  Start();
  SendRequest(kStep, kNSetRequest, CompletedStep(PerformedSeries("", "")));
  EXPECT_EQ(Receive().status, 0x0120);
  SendRequest(kStep, kNSetRequest, CompletedStep(PerformedSeries("1.2.3.1", Reference(kCt, ""))));
  EXPECT_EQ(Receive().status, 0x0120);
  SendRequest(kStep, kNSetRequest,
              CompletedStep(PerformedSeries("1.2.3.1", Reference(kCt, "1.2.x"))));
  EXPECT_EQ(Receive().status, 0x0106);
  std::string many;
  for (std::size_t i = 0; i <= kMaxReferences; ++i) many += Reference(kCt, "1.2.3");
  SendRequest(kStep, kNSetRequest, CompletedStep(PerformedSeries("1.2.3.1", many)));
  EXPECT_EQ(Receive().status, 0x0213);
  EXPECT_THAT(services.Changes(), SizeIs(0));
}

TEST_F(ReceiveModality, TellsOnTheAssociationThatAsked) {
  for (const ReportPlace place : {ReportPlace::kHere, ReportPlace::kHereIfOpen}) {
    Start(place);
    EXPECT_EQ(Ask(CommitmentDataSet("1.2.1", 2)), 0);
    const DimseCommand event = ReceiveEvent();
    EXPECT_EQ(event.type_id, kCommittedEvent);
    RespondToEvent(event.message_id, 0);
    EXPECT_TRUE(scu->Release());
  }
  EXPECT_THAT(services.WaitForEvents(2), ElementsAre("reported 1.2.1", "reported 1.2.1"));
}

TEST_F(ReceiveModality, AnotherRequestMayComeBeforeTheResponse) {
  Start(ReportPlace::kHere);
  EXPECT_EQ(Ask(CommitmentDataSet("1.2.1")), 0);
  const DimseCommand first = ReceiveEvent();
  EXPECT_EQ(Ask(CommitmentDataSet("1.2.2")), 0);
  RespondToEvent(first.message_id, 0);
  const DimseCommand second = ReceiveEvent();
  EXPECT_NE(first.message_id, second.message_id);
  RespondToEvent(second.message_id, 0x0110);
  EXPECT_THAT(services.WaitForEvents(2),
              ElementsAre("reported 1.2.1", "not reported 2: unavailable"));
}

TEST_F(ReceiveModality, HandsOverWhatThePeerDoesNotWaitFor) {
  Start(ReportPlace::kHereIfOpen);
  EXPECT_EQ(Ask(CommitmentDataSet("1.2.1")), 0);
  EXPECT_TRUE(scu->Release());
  EXPECT_THAT(services.WaitForEvents(1), ElementsAre("left 1"));
}

TEST_F(ReceiveModality, HandsOverWhatIsNotAnsweredInTime) {
  Start(ReportPlace::kHere, std::chrono::milliseconds(300));
  EXPECT_EQ(Ask(CommitmentDataSet("1.2.1")), 0);
  const DimseCommand event = ReceiveEvent();
  EXPECT_THAT(services.WaitForEvents(1), ElementsAre("not reported 1: timeout"));
  RespondToEvent(event.message_id, 0);  // too late, and no reason to abort
  EXPECT_TRUE(scu->Release());
}

TEST_F(ReceiveModality, HandsOverWhatAnAbortLeft) {
  Start(ReportPlace::kHere);
  EXPECT_EQ(Ask(CommitmentDataSet("1.2.1")), 0);
  ReceiveEvent();
  scu->Close();
  EXPECT_THAT(services.WaitForEvents(1), ElementsAre("not reported 1: unavailable"));
}

TEST_F(ReceiveModality, HandsOverWhenTheNodeStops) {
  Start(ReportPlace::kHereIfOpen);
  EXPECT_EQ(Ask(CommitmentDataSet("1.2.1")), 0);
  harness->receiver().Stop(std::chrono::seconds(10));
  EXPECT_THAT(services.WaitForEvents(1), SizeIs(1));
}

TEST_F(ReceiveModality, AbortsAResponseToNothing) {
  Start(ReportPlace::kHere);
  RespondToEvent(1, 0);
  const auto pdu = scu->ReceivePdu();
  ASSERT_TRUE(pdu);
  EXPECT_EQ((*pdu)[0], 7) << "an A-ABORT was expected";
}

TEST_F(ReceiveModality, TakesTheAnswersToOwnRequests) {
  Start();
  const std::string failed =
      ExplicitElement(0x0008, 0x1198, "SQ",
                      Item(ExplicitElement(0x0008, 0x1150, "UI", kCt) +
                           ExplicitElement(0x0008, 0x1155, "UI", "1.2.4") +
                           ExplicitElement(0x0008, 0x1197, "US", std::string("\x12\x01", 2))));
  SendRequest(kCommitment, kNEventReportRequest, failed + CommitmentDataSet("1.2.9"), 2);
  EXPECT_EQ(Receive().status, 0);
  EXPECT_THAT(services.WaitForEvents(1), ElementsAre("committed 1 failed 1"));
  SendRequest(kCommitment, kNEventReportRequest, CommitmentDataSet("1.2.8"), 1);
  EXPECT_EQ(Receive().status, 0x0112);
  SendRequest(kCommitment, kNEventReportRequest, CommitmentDataSet("1.2.9"), 3);
  EXPECT_EQ(Receive().status, 0x0113);
}

}  // namespace
}  // namespace axial
