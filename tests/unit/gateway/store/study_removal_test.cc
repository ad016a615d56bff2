#include "gateway/store/study_removal.h"

#include <SQLiteCpp/SQLiteCpp.h>
#include <gmock/gmock.h>

#include "tests/unit/gateway/store/store_fixture.h"

namespace axial::store {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

class StudyRemovalTest : public StoreTest {
 protected:
  Job Lease() { return jobs->Lease({"model"}, At(3), std::chrono::seconds(60)).value().value(); }

  Status Produce(const Job& job) {
    return jobs->Produce(job, {{"sr", "/r/1.dcm", "1.2", "2.25.7", "2.25.8", {"pacs"}}}, "", At(4));
  }

  int CountAll() {
    return database
        ->Read<int>([](SQLite::Database& db) -> Result<int> {
          int count = 0;
          for (const char* table :
               {"study", "study_revision", "series", "series_class", "series_revision", "instance",
                "verdict", "job", "job_destination", "job_artifact", "artifact", "delivery",
                "failure_report", "event"})
            count += db.execAndGet(std::string("SELECT count(*) FROM ") + table).getInt();
          return count;
        })
        .value();
  }
};

TEST_F(StudyRemovalTest, AnotherStudysInstanceOfItsSeriesDoesNotHoldItUp) {
  AddJob({"pacs"});
  ASSERT_EQ(studies->AddInstance(MakeInstance("1.2", "1.1.1", "1.2.1.1", "b", 5))->outcome,
            AddOutcome::kMisplaced);
  StudyRemoval removal(*database);
  ASSERT_TRUE(removal.CancelJobs("1.1", "", At(6)).ok());
  const Status removed = removal.RemoveRows("1.1");
  ASSERT_TRUE(removed.ok()) << removed.error().ToString();
  EXPECT_FALSE(studies->Find("1.1")->has_value());
  EXPECT_GE(studies->Find("1.2").value()->conflicting, 1) << "what was received is still known";
  ASSERT_TRUE(removal.RemoveRows("1.2").ok());
  EXPECT_EQ(CountAll(), 0);
}

TEST_F(StudyRemovalTest, WhoeverHoldsALeaseLosesIt) {
  AddJob({"pacs"});
  const Job leased = Lease();
  StudyRemoval removal(*database);
  EXPECT_THAT(*removal.CancelJobs("1.1", "", At(4)), ElementsAre(leased.id));
  EXPECT_EQ(jobs->RecordProgress(leased, 0.5, "", At(60)).error().code(), ErrorCode::kConflict);
  EXPECT_EQ(Produce(leased).error().code(), ErrorCode::kConflict);
  EXPECT_EQ(jobs->ListOfStudy("1.1")->front().state, JobState::kCancelled);
}

TEST_F(StudyRemovalTest, NothingIsOwedAnyMore) {
  AddJob({"pacs"});
  ASSERT_TRUE(Produce(Lease()).ok());
  ASSERT_THAT(*deliveries->OwedByDestination(), SizeIs(1));
  ASSERT_TRUE(StudyRemoval(*database).CancelJobs("1.1", "", At(5)).ok());
  EXPECT_THAT(*deliveries->OwedByDestination(), IsEmpty());
}

TEST_F(StudyRemovalTest, AFailureIsNotReportedAnyMore) {
  AddJob({"pacs"});
  ASSERT_TRUE(jobs->LoseAttempt(Lease(), Error(ErrorCode::kInvalidInput, "no"), false, At(4)).ok());
  ASSERT_TRUE(StudyRemoval(*database).CancelJobs("1.1", "", At(5)).ok());
  EXPECT_EQ(jobs->ListOfStudy("1.1")->front().failure_report->state, ReportState::kWithdrawn);
}

TEST_F(StudyRemovalTest, OtherSeriesAndStudiesGoOn) {
  AddJob({"pacs"});
  AddJobOf("1.2", {"pacs"});
  StudyRemoval removal(*database);
  EXPECT_THAT(*removal.CancelJobs("1.1", "9.9", At(5)), IsEmpty());
  EXPECT_EQ(jobs->ListOfStudy("1.1")->front().state, JobState::kQueued);
  ASSERT_TRUE(removal.CancelJobs("1.1", "1.1.1", At(5)).ok());
  EXPECT_EQ(jobs->ListOfStudy("1.1")->front().state, JobState::kCancelled);
  EXPECT_EQ(jobs->ListOfStudy("1.2")->front().state, JobState::kQueued);
}

TEST_F(StudyRemovalTest, NoRowIsLeftAndASecondTimeChangesNothing) {
  AddJob({"pacs"});
  ASSERT_TRUE(Produce(Lease()).ok());
  AddLateJob({"pacs"});
  StudyRemoval removal(*database);
  for (int time = 0; time < 2; ++time) {
    ASSERT_TRUE(removal.CancelJobs("1.1", "", At(6)).ok());
    const Status removed = removal.RemoveRows("1.1");
    ASSERT_TRUE(removed.ok()) << removed.error().ToString();
    EXPECT_EQ(CountAll(), 0);
  }
  AddJob({"pacs"});  // it may come again
  EXPECT_THAT(*jobs->ListOfStudy("1.1"), SizeIs(1));
}

}  // namespace
}  // namespace axial::store
