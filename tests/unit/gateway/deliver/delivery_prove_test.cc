#include <gmock/gmock.h>

#include "tests/unit/gateway/deliver/fake_destinations.h"

namespace axial::deliver {
namespace {

using ::testing::HasSubstr;
using ::testing::SizeIs;

class DeliveryProveTest : public FakeDestinationsTest {
 protected:
  std::unique_ptr<DeliveryStage> MakeCommitting() {
    auto destinations = Named({"pacs"});
    destinations["pacs"].storage_commitment = true;
    return MakeStageOf(destinations);
  }
  std::unique_ptr<DeliveryStage> MakePacs() { return MakeStage({"pacs"}); }

  store::Delivery First() const { return DeliveriesByUid()["2.25.1"]; }

  static store::DeliveryStore::CommitmentOutcome Committed(const std::string& transaction) {
    return {transaction, {"2.25.1"}, {}};
  }
  static store::DeliveryStore::CommitmentOutcome Failed(const std::string& transaction,
                                                        std::uint16_t reason) {
    return {transaction, {}, {{"2.25.1", reason}}};
  }
};

TEST_F(DeliveryProveTest, IsConfirmedByAQueryWhereOneCanAsk) {
  Owe({MakeArtifact("1"), MakeArtifact("2")}, {"pacs"});
  world.searchable = true;
  const auto stage = MakePacs();
  RunAt(*stage, At(10));
  EXPECT_EQ(First().state, "confirmed");
  EXPECT_EQ(First().confirmed_by, "query");
  EXPECT_EQ(stage->Statuses().front().confirmed_by, "query");
  EXPECT_EQ(world.searches, 1);
  EXPECT_EQ(JobState(), "delivered");
}

TEST_F(DeliveryProveTest, IsConfirmedByItsAnswerWhereNothingElseIsOffered) {
  Owe({MakeArtifact("1")}, {"pacs"});
  const auto stage = MakePacs();
  RunAt(*stage, At(10));
  EXPECT_EQ(First().confirmed_by, "status");
}

TEST_F(DeliveryProveTest, IsNotAskedWhereItsAnswerIsToBeBelieved) {
  Owe({MakeArtifact("1")}, {"pacs"});
  world.searchable = true;
  auto destinations = Named({"pacs"});
  destinations["pacs"].confirmation = config::Confirmation::kStatus;
  RunAt(*MakeStageOf(destinations), At(10));
  EXPECT_EQ(First().confirmed_by, "status");
  EXPECT_EQ(world.searches, 0);
}

TEST_F(DeliveryProveTest, StaysOwedWhileItsArchiveDoesNotHaveIt) {
  Owe({MakeArtifact("1"), MakeArtifact("2")}, {"pacs"});
  world.searchable = true;
  world.lost = {"2.25.1"};
  const auto stage = MakePacs();
  const auto next = RunAt(*stage, At(10));
  EXPECT_EQ(First().state, "stored");
  EXPECT_THAT(First().error_message, HasSubstr("says that it does not have it"));
  EXPECT_EQ(DeliveriesByUid()["2.25.2"].state, "confirmed");
  EXPECT_EQ(JobState(), "produced");
  EXPECT_EQ(stage->Statuses().front().owed, 1);
  EXPECT_EQ(stage->Statuses().front().unproven, 1);
  ASSERT_TRUE(next.has_value());
  EXPECT_GT(*next, At(10));
  world.lost.clear();  // it has indexed it
  RunAt(*stage, At(12));
  EXPECT_EQ(JobState(), "delivered");
  EXPECT_THAT(world.sends, SizeIs(1));
}

TEST_F(DeliveryProveTest, IsSentAgainWhenTheArchiveNeverHasIt) {
  Owe({MakeArtifact("1")}, {"pacs"});
  world.searchable = true;
  world.lost = {"2.25.1"};
  const auto stage = MakePacs();
  std::optional<TimePoint> next = RunAt(*stage, At(10));
  TimePoint now = At(10);
  while (world.sends.size() == 1 && next) {
    now = *next;
    next = RunAt(*stage, now);
  }
  EXPECT_EQ(world.searches, 9) << "eight times before, and once after";
  EXPECT_GT(now - At(10), std::chrono::minutes(2));
  EXPECT_LT(now - At(10), std::chrono::minutes(10));
  EXPECT_THAT(world.sends, SizeIs(2));
  world.lost.clear();
  RunAt(*stage, *next);
  EXPECT_EQ(JobState(), "delivered");
}

TEST_F(DeliveryProveTest, ASearchThatIsDownIsTriedAgainAndNothingIsSentTwice) {
  Owe({MakeArtifact("1")}, {"pacs"});
  world.searchable = true;
  const auto stage = MakePacs();
  const auto taken = deliveries->Take("pacs", 1, At(5));
  ASSERT_TRUE(deliveries->Store(taken->front(), At(5), At(5)).ok());
  world.down.insert({"pacs", Error(ErrorCode::kUnavailable, "gone")});
  RunAt(*stage, At(10));
  EXPECT_EQ(First().state, "stored");
  EXPECT_EQ(stage->Statuses().front().state, DestinationState::kFailing);
  world.down.clear();
  RunAt(*stage, At(13));
  EXPECT_EQ(First().state, "confirmed");
  EXPECT_TRUE(world.sends.empty());
}

TEST_F(DeliveryProveTest, WaitsForTheAnswerToStorageCommitment) {
  Owe({MakeArtifact("1")}, {"pacs"});
  world.commits = true;
  const auto stage = MakeCommitting();
  RunAt(*stage, At(10));
  ASSERT_THAT(world.transactions, SizeIs(1));
  EXPECT_EQ(First().state, "stored");
  EXPECT_EQ(JobState(), "produced");
  EXPECT_EQ(stage->OnCommitment(Committed("2.25.404")).error().code(), ErrorCode::kNotFound);
  EXPECT_TRUE(stage->OnCommitment(Committed(world.transactions[0])).ok());
  EXPECT_EQ(First().confirmed_by, "storage_commitment");
  EXPECT_EQ(JobState(), "delivered");
  EXPECT_EQ(Counted("pacs", "confirmed"), 1);
  EXPECT_EQ(stage->OnCommitment(Committed(world.transactions[0])).error().code(),
            ErrorCode::kNotFound)
      << "told twice";
}

TEST_F(DeliveryProveTest, TakesAnAnswerThatComesBeforeTheEndOfTheRequest) {
  Owe({MakeArtifact("1")}, {"pacs"});
  world.commits = true;
  world.at_once = [&](const CommitmentAsk& ask) {
    EXPECT_TRUE(ask.awaited());
    ask.on_outcome(Committed(ask.transaction_uid));
    EXPECT_FALSE(ask.awaited());
  };
  const auto stage = MakeCommitting();
  EXPECT_EQ(RunAt(*stage, At(10)), std::nullopt);
  EXPECT_EQ(First().confirmed_by, "storage_commitment");
}

TEST_F(DeliveryProveTest, AsksAgainAndTakesALateAnswerToTheFirstRequest) {
  Owe({MakeArtifact("1")}, {"pacs"});
  world.commits = true;
  const auto stage = MakeCommitting();
  const auto next = RunAt(*stage, At(10));
  EXPECT_EQ(*next, At(10) + std::chrono::minutes(10));
  RunAt(*stage, *next);
  ASSERT_THAT(world.transactions, SizeIs(2));
  EXPECT_NE(world.transactions[0], world.transactions[1]);
  EXPECT_TRUE(stage->OnCommitment(Committed(world.transactions[0])).ok());
  EXPECT_EQ(First().state, "confirmed");
  EXPECT_THAT(world.sends, SizeIs(1));
}

TEST_F(DeliveryProveTest, AnAnswerOutlivesARestart) {
  Owe({MakeArtifact("1")}, {"pacs"});
  world.commits = true;
  RunAt(*MakeCommitting(), At(10));
  Reopen();
  const auto stage = MakeCommitting();
  ASSERT_TRUE(deliveries->ReclaimSending().ok());
  EXPECT_TRUE(stage->OnCommitment(Committed(world.transactions[0])).ok());
  EXPECT_EQ(JobState(), "delivered");
}

TEST_F(DeliveryProveTest, AsksAgainAtOnceAfterARestartBecauseTheAnswerMayHaveComeMeanwhile) {
  Owe({MakeArtifact("1")}, {"pacs"});
  world.commits = true;
  RunAt(*MakeCommitting(), At(10));
  Reopen();
  ASSERT_TRUE(deliveries->ReclaimSending().ok());
  RunAt(*MakeCommitting(), At(11));
  ASSERT_THAT(world.transactions, SizeIs(2));
  EXPECT_THAT(world.sends, SizeIs(1));
}

TEST_F(DeliveryProveTest, WhatTheArchiveHasLostIsSentAgain) {
  Owe({MakeArtifact("1")}, {"pacs"});
  world.commits = true;
  const auto stage = MakeCommitting();
  RunAt(*stage, At(10));
  EXPECT_TRUE(stage->OnCommitment(Failed(world.transactions[0], 0x0112)).ok());
  EXPECT_EQ(First().state, "pending");
  EXPECT_THAT(First().error_message, HasSubstr("0112H"));
  RunAt(*stage, At(13));
  EXPECT_THAT(world.sends, SizeIs(2));
  EXPECT_THAT(world.transactions, SizeIs(2));
}

TEST_F(DeliveryProveTest, AnotherObjectUnderTheSameUidWaitsForAPerson) {
  Owe({MakeArtifact("1")}, {"pacs"});
  world.commits = true;
  const auto stage = MakeCommitting();
  RunAt(*stage, At(10));
  EXPECT_TRUE(stage->OnCommitment(Failed(world.transactions[0], 0x0119)).ok());
  EXPECT_EQ(First().state, "refused");
  EXPECT_EQ(stage->Statuses().front().refused, 1);
}

TEST_F(DeliveryProveTest, AProcessingFailureIsAskedAboutAgain) {
  Owe({MakeArtifact("1")}, {"pacs"});
  world.commits = true;
  const auto stage = MakeCommitting();
  RunAt(*stage, At(10));
  EXPECT_TRUE(stage->OnCommitment(Failed(world.transactions[0], 0x0110)).ok());
  EXPECT_EQ(First().state, "stored");
  RunAt(*stage, At(13));
  EXPECT_THAT(world.transactions, SizeIs(2));
  EXPECT_THAT(world.sends, SizeIs(1));
}

TEST_F(DeliveryProveTest, AClassThatIsNotCommittedToIsProvenByAQuery) {
  Owe({MakeArtifact("1")}, {"pacs"});
  world.commits = true;
  world.searchable = true;
  const auto stage = MakeCommitting();
  RunAt(*stage, At(10));
  EXPECT_TRUE(stage->OnCommitment(Failed(world.transactions[0], 0x0122)).ok());
  RunAt(*stage, At(11));
  EXPECT_EQ(First().confirmed_by, "query");
  EXPECT_THAT(world.transactions, SizeIs(1));
}

TEST_F(DeliveryProveTest, WithoutStorageCommitmentThereItFallsBackAndSaysSo) {
  Owe({MakeArtifact("1")}, {"pacs"});
  world.searchable = true;
  const auto stage = MakeCommitting();
  RunAt(*stage, At(10));
  EXPECT_EQ(First().confirmed_by, "query");
  EXPECT_THAT(stage->Statuses().front().last_error, HasSubstr("set storage_commitment: false"));
}

}  // namespace
}  // namespace axial::deliver
