#include "gateway/store/commitment_store.h"

#include <gmock/gmock.h>

#include <filesystem>
#include <fstream>

#include "tests/unit/gateway/store/store_fixture.h"

namespace axial::store {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Pair;
using ::testing::SizeIs;

constexpr const char* kCt = "1.2.840.10008.5.1.4.1.1.2";
constexpr const char* kMr = "1.2.840.10008.5.1.4.1.1.4";

TEST(CommitmentState, EveryPairOfStateAndEventIsDecided) {
  using State = CommitmentState;
  using Event = CommitmentEvent;
  const std::map<std::pair<State, Event>, State> allowed = {
      {{State::kOwed, Event::kTake}, State::kSending},
      {{State::kOwed, Event::kAskAgain}, State::kOwed},
      {{State::kSending, Event::kConfirm}, State::kReported},
      {{State::kSending, Event::kPostpone}, State::kOwed},
      {{State::kSending, Event::kGiveUp}, State::kExpired},
      {{State::kSending, Event::kAskAgain}, State::kSending},
      {{State::kReported, Event::kAskAgain}, State::kOwed},
      {{State::kExpired, Event::kAskAgain}, State::kOwed},
  };
  for (const State state : {State::kOwed, State::kSending, State::kReported, State::kExpired}) {
    EXPECT_EQ(CommitmentStateFromName(CommitmentStateName(state)), state);
    for (const Event event :
         {Event::kTake, Event::kConfirm, Event::kPostpone, Event::kGiveUp, Event::kAskAgain}) {
      const auto want = allowed.find({state, event});
      const auto got = NextCommitmentState(state, event);
      EXPECT_EQ(got, want == allowed.end() ? std::nullopt : std::optional(want->second))
          << CommitmentStateName(state) << " event " << static_cast<int>(event);
    }
  }
}

class CommitmentStoreTest : public StoreTest {
 protected:
  CommitmentStoreTest() { ReopenCommitments(); }
  void ReopenCommitments() {
    Reopen();
    commitments = std::make_unique<CommitmentStore>(*database);
  }
  Result<std::int64_t> Ask(const std::string& transaction, std::vector<InstanceReference> instances,
                           int seconds = 0, const std::string& ae_title = "CT01") {
    return commitments->Request({ae_title, "127.0.0.1", {transaction, std::move(instances)}},
                                At(seconds), At(seconds));
  }
  /// An Instance with a row, and a file of `bytes` bytes.
  void Store(const std::string& sop, std::int64_t bytes, const std::string& sha256 = "a") {
    NewInstance instance = MakeInstance("1.1", "1.1.1", sop, sha256, 0);
    instance.path = folder.File(sop + sha256);
    instance.bytes = 100;
    std::ofstream(instance.path) << std::string(static_cast<std::size_t>(bytes), 'x');
    ASSERT_TRUE(studies->AddInstance(instance).ok());
  }

  std::unique_ptr<CommitmentStore> commitments;
};

TEST_F(CommitmentStoreTest, CommitsOnlyWhatIsStoredWholeUnderTheNamedClass) {
  Store("1.1", 100);
  Store("1.2", 99);
  Store("1.3", 100);
  Store("1.5", 0);
  Store("1.5", 100, "b");  // the same Instance with other bytes, whole
  std::filesystem::remove(folder.File("1.3a"));
  const auto id = Ask("9.1", {{kCt, "1.1"},
                              {kMr, "1.1"},
                              {kCt, "1.2"},
                              {kCt, "1.3"},
                              {kCt, "1.4"},
                              {kCt, "1.5"},
                              {kMr, "1.4"}});
  const CommitmentReport report = commitments->Report(id.value()).value();
  EXPECT_EQ(report.transaction_uid, "9.1");
  EXPECT_EQ(report.EventType(), kCommittedWithFailuresEvent);
  EXPECT_THAT(report.committed,
              ElementsAre(InstanceReference{kCt, "1.1"}, InstanceReference{kCt, "1.5"}));
  using Failure = CommitmentReport::Failure;
  EXPECT_THAT(report.failed, ElementsAre(Failure{{kMr, "1.1"}, kFailureClassInstanceConflict},
                                         Failure{{kCt, "1.2"}, kFailureNoSuchInstance},
                                         Failure{{kCt, "1.3"}, kFailureNoSuchInstance},
                                         Failure{{kCt, "1.4"}, kFailureNoSuchInstance},
                                         Failure{{kMr, "1.4"}, kFailureNoSuchInstance}));
  EXPECT_EQ(commitments->Report(77).error().code(), ErrorCode::kNotFound);
}

TEST_F(CommitmentStoreTest, AFileThatCannotBeLookedAtIsAProcessingFailure) {
  NewInstance instance = MakeInstance("1.1", "1.1.1", "1.1", "a", 0);
  std::ofstream(folder.File("plain")) << "x";
  instance.path = folder.File("plain") + "/below";  // ENOTDIR
  ASSERT_TRUE(studies->AddInstance(instance).ok());
  const auto id = Ask("9.1", {{kCt, "1.1"}});
  EXPECT_EQ(commitments->Report(id.value())->failed.at(0).reason, kFailureProcessing);
}

TEST_F(CommitmentStoreTest, CommitsAResultOfThisGatewayThatCameBackToIt) {
  AddJob({"pacs"});
  auto leased = jobs->Lease({"model"}, At(3), std::chrono::seconds(60));
  ASSERT_TRUE(leased.ok());
  const std::string path = folder.File("seg.dcm");
  std::ofstream(path) << "x";
  ASSERT_TRUE(
      jobs->Produce(**leased, {{"seg", path, kCt, "1.1.7", "1.1.7.1", {"pacs"}}}, "", At(4)).ok());
  EXPECT_EQ(studies->AddInstance(MakeInstance("1.1", "1.1.7", "1.1.7.1", "a", 5))->outcome,
            AddOutcome::kOwnResult);
  const auto id = Ask("9.1", {{kCt, "1.1.7.1"}});
  EXPECT_THAT(commitments->Report(id.value())->committed, SizeIs(1));
}

TEST_F(CommitmentStoreTest, OwesTheAnswerUntilItIsConfirmed) {
  const auto id = Ask("9.1", {{kCt, "1.1"}, {kCt, "1.1"}, {kCt, "1.2"}});
  EXPECT_FALSE(commitments->TakeDue(At(-1))->has_value());
  const auto taken = commitments->TakeDue(At(0)).value();
  ASSERT_TRUE(taken);
  EXPECT_EQ(taken->attempt, 1);
  EXPECT_FALSE(commitments->TakeDue(At(0))->has_value());
  EXPECT_FALSE(commitments->Take(id.value(), At(0))->has_value());
  const Error away(ErrorCode::kUnavailable, "away");
  ASSERT_TRUE(commitments->Postpone(*taken, away, At(10)).ok());
  EXPECT_EQ(commitments->Postpone(*taken, away, At(10)).error().code(), ErrorCode::kConflict);
  EXPECT_EQ(commitments->NextDue().value(), At(10));
  EXPECT_FALSE(commitments->TakeDue(At(9))->has_value());
  EXPECT_EQ(commitments->OldestOwed().value()->error_message, "away");

  ReopenCommitments();
  const auto again = commitments->TakeDue(At(10)).value();
  ASSERT_TRUE(again);
  EXPECT_EQ(again->attempt, 2);
  const CommitmentReport report = commitments->Report(again->id).value();
  ASSERT_TRUE(commitments->Confirm(*again, report, kNewAssociation, At(11)).ok());
  const Commitment row = commitments->List(10)->at(0);
  EXPECT_EQ(row.state, CommitmentState::kReported);
  EXPECT_EQ(row.finished_at, At(11));
  EXPECT_EQ(row.instances, 3);
  EXPECT_THAT(row.failures, ElementsAre(Pair("0112", 3)));
  EXPECT_EQ(row.failed, 3);
  EXPECT_EQ(row.error_message, "");
  EXPECT_EQ(commitments->LastWay("CT01").value(), kNewAssociation);
  EXPECT_EQ(commitments->LastWay("CT02").value(), "");
  EXPECT_FALSE(commitments->OldestOwed()->has_value());
}

TEST_F(CommitmentStoreTest, TakesBackAtStartWhatADeadProcessHadInHandAndKeepsItsPauses) {
  ASSERT_TRUE(Ask("9.1", {{kCt, "1.1"}}).ok());
  ASSERT_TRUE(commitments->TakeDue(At(0))->has_value());
  const auto held =
      commitments->Request({"CT02", "127.0.0.1", {"9.2", {{kCt, "1.1"}}}}, At(120), At(0));
  ASSERT_TRUE(held.ok());
  ASSERT_TRUE(Ask("9.3", {{kCt, "1.1"}}, 0, "CT03").ok());
  const auto postponed = commitments->TakeDue(At(0)).value();
  ASSERT_TRUE(commitments->Postpone(*postponed, Error(ErrorCode::kTimeout, "x"), At(60)).ok());
  ReopenCommitments();
  EXPECT_EQ(commitments->ReclaimSending(At(1)).value(), 2);
  EXPECT_EQ(commitments->TakeDue(At(1)).value()->transaction_uid, "9.1");
  EXPECT_EQ(commitments->TakeDue(At(1)).value()->transaction_uid, "9.2");
  EXPECT_FALSE(commitments->TakeDue(At(1))->has_value());
  EXPECT_EQ(commitments->RetryNow(At(2)).value(), 1);
  EXPECT_EQ(commitments->TakeDue(At(2)).value()->attempt, 2);
}

TEST_F(CommitmentStoreTest, TakesOneAtATimeForEachPeer) {
  ASSERT_TRUE(Ask("9.1", {{kCt, "1.1"}}).ok());
  ASSERT_TRUE(Ask("9.2", {{kCt, "1.1"}}).ok());
  ASSERT_TRUE(Ask("9.3", {{kCt, "1.1"}}, 0, "CT02").ok());
  EXPECT_EQ(commitments->TakeDue(At(0)).value()->transaction_uid, "9.1");
  EXPECT_EQ(commitments->TakeDue(At(0)).value()->transaction_uid, "9.3");
  EXPECT_FALSE(commitments->TakeDue(At(0))->has_value());
}

TEST_F(CommitmentStoreTest, TakesAgainWhatWasInHandForTooLong) {
  const auto id = Ask("9.1", {{kCt, "1.1"}});
  const auto lost = commitments->TakeDue(At(0)).value();
  ASSERT_TRUE(lost);
  EXPECT_EQ(commitments->NextDue().value(), At(0) + CommitmentStore::kLease);
  EXPECT_FALSE(commitments->TakeDue(At(0) + CommitmentStore::kLease - Duration(1))->has_value());
  const auto again = commitments->TakeDue(At(0) + CommitmentStore::kLease).value();
  ASSERT_TRUE(again);
  EXPECT_EQ(again->attempt, 2);
  // The first one comes too late to end the second one's turn.
  const CommitmentReport report = commitments->Report(id.value()).value();
  EXPECT_EQ(commitments->Confirm(*lost, report, kNewAssociation, At(700)).error().code(),
            ErrorCode::kConflict);
  EXPECT_TRUE(commitments->Confirm(*again, report, kNewAssociation, At(700)).ok());
}

TEST_F(CommitmentStoreTest, TheSameRequestAgainIsToldAgainAndAnotherUnderItsUidRefused) {
  const auto id = Ask("9.1", {{kCt, "1.1"}});
  EXPECT_EQ(Ask("9.1", {{kCt, "1.1"}}, 1).value(), id.value());
  EXPECT_EQ(Ask("9.1", {{kCt, "1.2"}}, 1).error().code(), ErrorCode::kConflict);
  EXPECT_EQ(Ask("9.1", {{kCt, "1.1"}, {kCt, "1.2"}}, 1).error().code(), ErrorCode::kConflict);
  EXPECT_NE(Ask("9.1", {{kCt, "1.2"}}, 1, "CT02").value(), id.value());
  auto taken = commitments->Take(id.value(), At(1)).value();
  ASSERT_TRUE(taken);
  EXPECT_EQ(Ask("9.1", {{kCt, "1.1"}}, 2).value(), id.value());
  ASSERT_TRUE(
      commitments->Confirm(*taken, commitments->Report(id.value()).value(), kSameAssociation, At(3))
          .ok());
  EXPECT_FALSE(commitments->Take(id.value(), At(3))->has_value());
  // Once told, a device that starts its UIDs anew is not stopped by its past.
  EXPECT_EQ(Ask("9.1", {{kCt, "1.2"}}, 4).value(), id.value());
  EXPECT_EQ(commitments->Report(id.value())->failed.at(0).instance.sop_instance_uid, "1.2");
  taken = commitments->Take(id.value(), At(4)).value();
  ASSERT_TRUE(taken);
  EXPECT_EQ(taken->attempt, 1);
}

TEST_F(CommitmentStoreTest, GivesUpShowsItAndForgetsIt) {
  ASSERT_TRUE(Ask("9.1", {{kCt, "1.1"}}).ok());
  const auto taken = commitments->TakeDue(At(0)).value();
  ASSERT_TRUE(commitments->GiveUp(*taken, Error(ErrorCode::kUnavailable, "away"), At(5)).ok());
  EXPECT_EQ(commitments->List(10)->at(0).state, CommitmentState::kExpired);
  EXPECT_FALSE(commitments->NextDue()->has_value());
  EXPECT_EQ(commitments->Forget(At(5), 10).value(), 0);
  EXPECT_EQ(commitments->Forget(At(6), 10).value(), 1);
  EXPECT_THAT(commitments->List(10).value(), IsEmpty());
}

TEST_F(CommitmentStoreTest, OwesAPeerNoMoreThanItsShare) {
  for (int i = 0; i < CommitmentStore::kMaxOwedPerPeer; ++i)
    ASSERT_TRUE(Ask("9." + std::to_string(i), {{kCt, "1.1"}}).ok());
  EXPECT_EQ(Ask("8.1", {{kCt, "1.1"}}).error().code(), ErrorCode::kExhausted);
  EXPECT_TRUE(Ask("9.1", {{kCt, "1.1"}}).ok());
  EXPECT_TRUE(Ask("8.1", {{kCt, "1.1"}}, 0, "CT02").ok());
}

}  // namespace
}  // namespace axial::store
