#include "gateway/dispatch/run_job.h"

#include <gtest/gtest.h>

namespace axial::dispatch {
namespace {

TEST(RunJob, AProfileNamesWhatItsOwnDestinationsGotBefore) {
  const ResultWishes wishes{{{}, {}, {}}, {{"pacs", "web"}, {"old"}, {}}};
  const auto predecessors = ToPredecessors({{"sr", "1.2", "1.3", "1.4", {"gone", "web"}},
                                            {"sr", "1.2", "1.3", "1.5", {"old", "pacs"}},
                                            {"sr", "1.2", "1.3", "1.6", {"gone"}}},
                                           wishes);
  ASSERT_EQ(predecessors.size(), 3U);
  EXPECT_EQ(predecessors[0].sop_instance_uid, "1.4");
  EXPECT_EQ(predecessors[0].profiles, std::vector{0});
  EXPECT_EQ(predecessors[1].profiles, (std::vector{0, 1}));
  EXPECT_EQ(predecessors[2].profiles, std::vector<int>{});
}

}  // namespace
}  // namespace axial::dispatch
