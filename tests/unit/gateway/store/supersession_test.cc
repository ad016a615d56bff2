#include <algorithm>

#include "tests/unit/gateway/store/store_fixture.h"

namespace axial::store {
namespace {

constexpr Duration kLease = std::chrono::seconds(60);

/// Results of a later revision replace those of an earlier one.
class SupersessionTest : public StoreTest {
 protected:
  /// Runs the next due Job; its one artifact is a report with this SOP Instance UID.
  Job Run(const std::string& sop_instance_uid, int at) {
    const Job job = jobs->Lease({"model"}, At(at), kLease).value().value();
    const ProducedArtifact report = {"sr",     "/r/" + sop_instance_uid, "1.2.840",
                                     "2.25.9", sop_instance_uid,         {"pacs", "web"}};
    EXPECT_TRUE(jobs->Produce(job, {report}, "", At(at)).ok());
    return job;
  }
  Job Row(std::int64_t id) const {
    for (Job& job : jobs->ListOfStudy("1.1").value())
      if (job.id == id) return std::move(job);
    ADD_FAILURE() << id;
    return {};
  }
  std::vector<std::string> PredecessorUids(const Job& job) const {
    std::vector<std::string> uids;
    for (const EarlierArtifact& artifact : jobs->Predecessors(job).value())
      uids.push_back(artifact.sop_instance_uid);
    return uids;
  }
};

using Uids = std::vector<std::string>;

TEST_F(SupersessionTest, ALaterRevisionNamesAndReplacesTheNewestEarlierResult) {
  AddJob({"pacs"});
  const Job first = Run("2.25.1", 5);
  EXPECT_EQ(PredecessorUids(first), Uids{});
  const Job second = AddLateJob({"pacs"});
  EXPECT_EQ(PredecessorUids(second), Uids{"2.25.1"});
  EXPECT_EQ(jobs->Predecessors(second)->front().destinations, Uids{"pacs"});
  EXPECT_EQ(Row(first.id).superseded_by, 0) << "not before there is something better";
  Run("2.25.2", 6);
  EXPECT_EQ(Row(first.id).superseded_by, second.id);
  EXPECT_EQ(Row(second.id).supersedes, std::vector{first.id});
  EXPECT_EQ(Row(second.id).revision, 2);
  const std::vector<EventRow> events = studies->Events("1.1", 100).value();
  EXPECT_TRUE(std::any_of(events.begin(), events.end(),
                          [](const EventRow& event) { return event.kind == "job_superseded"; }));
  Reopen();
  EXPECT_EQ(PredecessorUids(second), Uids{"2.25.1"}) << "a look back gives the same";
  EXPECT_EQ(PredecessorUids(AddLateJob({"pacs"})), Uids{"2.25.2"});
}

TEST_F(SupersessionTest, WhatAPersonAskedForReplacesOnlyThatOfTheSameModel) {
  AddLateJob({"pacs"}, "on request", "model");
  Run("2.25.1", 5);
  EXPECT_EQ(PredecessorUids(AddLateJob({"pacs"}, "on request", "another")), Uids{});
  EXPECT_EQ(PredecessorUids(AddLateJob({"pacs"}, "on request", "model")), Uids{"2.25.1"});
}

TEST_F(SupersessionTest, ARenamedRuleReplacesByItsModelButAnotherRuleDoesNot) {
  AddJob({"pacs"}, {"other rule"});
  Run("2.25.1", 5);
  Run("2.25.2", 6);
  EXPECT_EQ(PredecessorUids(AddLateJob({"pacs"}, "rule")), (Uids{"2.25.1", "2.25.2"}));
  EXPECT_EQ(PredecessorUids(AddLateJob({"pacs"}, "renamed", "model")), (Uids{"2.25.1", "2.25.2"}));
  EXPECT_EQ(PredecessorUids(AddLateJob({"pacs"}, "new", "another model")), Uids{});
}

TEST_F(SupersessionTest, ALaterRevisionWaitsForTheEarlierOne) {
  AddJob({"pacs"});
  const Job second = AddLateJob({"pacs"});
  const Job first = jobs->Lease({"model"}, At(5), kLease).value().value();
  EXPECT_NE(first.id, second.id);
  EXPECT_FALSE(jobs->Lease({"model"}, At(5), kLease)->has_value());
  ASSERT_TRUE(jobs->LoseAttempt(first, Error(ErrorCode::kInvalidInput, "no"), false, At(6)).ok());
  EXPECT_EQ(jobs->Lease({"model"}, At(7), kLease)->value().id, second.id);
}

TEST_F(SupersessionTest, AFailedJobThatWasReplacedIsNotRunAgain) {
  const Job first = AddJob({"pacs"});
  const Job leased = jobs->Lease({"model"}, At(5), kLease).value().value();
  ASSERT_TRUE(jobs->LoseAttempt(leased, Error(ErrorCode::kInvalidInput, "no"), false, At(6)).ok());
  AddLateJob({"pacs"});
  Run("2.25.2", 7);
  const Status retried = jobs->Retry(first.id, At(8));
  ASSERT_FALSE(retried.ok());
  EXPECT_EQ(retried.error().code(), ErrorCode::kConflict);
  EXPECT_NE(retried.error().message().find("superseded by job"), std::string::npos);
}

TEST_F(SupersessionTest, AnUndeliveredOlderResultIsDeliveredFirst) {
  AddJob({"pacs", "web"});
  Run("2.25.1", 5);
  const Delivery older = deliveries->Take("pacs", 10, At(6))->front();
  ASSERT_TRUE(deliveries->Postpone(older, Error(ErrorCode::kUnavailable, "A700H"), At(50)).ok());
  AddLateJob({"pacs", "web"});
  Run("2.25.2", 7);
  EXPECT_TRUE(deliveries->Take("pacs", 10, At(8))->empty());
  EXPECT_EQ(deliveries->NextDue("pacs").value(), At(50)) << "no busy waiting";
  const auto again = deliveries->Take("pacs", 10, At(50)).value();
  ASSERT_EQ(again.size(), 1U);
  EXPECT_EQ(again[0].sop_instance_uid, "2.25.1");
  ASSERT_TRUE(deliveries->Confirm(again[0], kByStatus, At(51)).ok());
  EXPECT_EQ(deliveries->Take("pacs", 10, At(52))->front().sop_instance_uid, "2.25.2");
  // One that a Destination refused for good holds up nothing.
  const auto refused = deliveries->Take("web", 10, At(52)).value();
  ASSERT_EQ(refused.size(), 1U);
  ASSERT_TRUE(deliveries->Refuse(refused[0], Error(ErrorCode::kInvalidInput, "no"), At(53)).ok());
  EXPECT_EQ(deliveries->Take("web", 10, At(54))->front().sop_instance_uid, "2.25.2");
}

}  // namespace
}  // namespace axial::store
