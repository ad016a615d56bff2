#include "gateway/store/delivery_store.h"
#include "tests/integration/dispatch/dispatch_fixture.h"

namespace axial::dispatch {
namespace {

using ::axial::store::JobState;

/// Which results each Destination gets of a run.
class ProfilesTest : public DispatchTest {
 protected:
  config::ResultProfile& ProfileOf(const std::string& destination) {
    return destinations[destination].results;
  }

  std::vector<std::string> KindsOwedTo(const std::string& destination) const {
    std::vector<std::string> kinds;
    for (const store::Delivery& delivery : deliveries->Take(destination, 10, At(1000)).value())
      kinds.push_back(delivery.kind);
    return kinds;
  }
};

TEST_F(ProfilesTest, EachDestinationIsOwedWhatItWants) {
  ProfileOf("pacs") = {};
  ProfileOf("viewer") = {};
  ProfileOf("registry").segmentation = config::ResultProfile::Segmentation::kNone;
  ProfileOf("nobody").segmentation = config::ResultProfile::Segmentation::kNone;
  ProfileOf("nobody").report = config::ResultProfile::Report::kNone;
  AddModel("lungs", "report_run");
  const std::int64_t id = AddJobFor("lungs", {"pacs", "viewer", "registry", "nobody"});
  StartDispatcher();
  ASSERT_TRUE(WaitForState(id, JobState::kProduced));
  EXPECT_NE(JobRow(id).summary.find("profiles 3"), std::string::npos) << JobRow(id).summary;
  EXPECT_EQ(KindsOwedTo("pacs"), (std::vector<std::string>{"seg", "sr"}));
  EXPECT_EQ(KindsOwedTo("viewer"), (std::vector<std::string>{"seg", "sr"}));
  EXPECT_EQ(KindsOwedTo("registry"), std::vector<std::string>{"sr"});
  EXPECT_EQ(KindsOwedTo("nobody"), std::vector<std::string>{});
}

TEST_F(ProfilesTest, AJobWhoseOnlyDestinationWantsNothingIsDelivered) {
  ProfileOf("pacs").segmentation = config::ResultProfile::Segmentation::kNone;
  ProfileOf("pacs").report = config::ResultProfile::Report::kNone;
  AddModel("lungs", "ok");
  const std::int64_t id = AddJobFor("lungs");
  StartDispatcher();
  ASSERT_TRUE(WaitForState(id, JobState::kDelivered));
  EXPECT_TRUE(KindsOwedTo("pacs").empty());
}

TEST_F(ProfilesTest, AReloadHoldsForJobsGivenOutAfterwards) {
  AddModel("lungs", "ok");
  StartDispatcher();
  ASSERT_TRUE(WaitForState(AddJobFor("lungs"), JobState::kProduced));
  EXPECT_EQ(KindsOwedTo("pacs").size(), 2U);
  ProfileOf("pacs").segmentation = config::ResultProfile::Segmentation::kNone;
  dispatcher->SetDestinations(destinations);
  ASSERT_TRUE(WaitForState(AddJobFor("lungs"), JobState::kProduced));
  EXPECT_EQ(KindsOwedTo("pacs"), std::vector<std::string>{"sr"});
}

TEST_F(ProfilesTest, ASecondAttemptGetsTheSameSeriesNumbers) {
  AddModel("lungs", "report_run");
  const std::int64_t id = AddJobFor("lungs");
  const auto first = jobs->Lease({"lungs"}, clock.Now(), std::chrono::hours(1)).value();
  ASSERT_TRUE(jobs->LoseAttempt(first.value(), Error(ErrorCode::kInternal, "it died"), true,
                                clock.Now() - std::chrono::hours(1))
                  .ok());
  StartDispatcher();
  ASSERT_TRUE(WaitForState(id, JobState::kProduced));
  EXPECT_EQ(JobRow(id).attempt, 2);
  EXPECT_EQ(JobRow(id).summary, "run 0, files 1, profiles 1");
}

}  // namespace
}  // namespace axial::dispatch
