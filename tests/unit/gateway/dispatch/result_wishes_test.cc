#include "gateway/dispatch/result_wishes.h"

#include <gtest/gtest.h>

namespace axial::dispatch {
namespace {

using Names = std::vector<std::string>;

TEST(ResultWishes, DestinationsWithEqualProfilesShareOne) {
  config::ResultProfile labelmap;
  labelmap.segmentation = config::ResultProfile::Segmentation::kLabelmap;
  const ProfilesByDestination profiles = {
      {"archive", labelmap}, {"pacs", {}}, {"viewer", labelmap}, {"other", {}}};
  const ResultWishes wishes = GatherWishes({"archive", "pacs", "viewer"}, profiles);
  ASSERT_EQ(wishes.profiles.size(), 2U);
  EXPECT_EQ(wishes.profiles[0], labelmap);
  EXPECT_EQ(wishes.destinations, (std::vector<Names>{{"archive", "viewer"}, {"pacs"}}));
}

TEST(ResultWishes, AnUnknownDestinationGetsTheDefaultProfile) {
  const ResultWishes wishes = GatherWishes({"gone"}, {});
  EXPECT_EQ(wishes.profiles, std::vector{config::ResultProfile()});
  EXPECT_EQ(wishes.destinations, (std::vector<Names>{{"gone"}}));
}

TEST(ResultWishes, AJobThatNobodyGetsStillHasAProfile) {
  const ResultWishes wishes = GatherWishes({}, {});
  EXPECT_EQ(wishes.profiles.size(), 1U);
  EXPECT_EQ(wishes.destinations, (std::vector<Names>{{}}));
}

}  // namespace
}  // namespace axial::dispatch
