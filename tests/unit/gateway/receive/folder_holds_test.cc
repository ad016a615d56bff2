#include "gateway/receive/folder_holds.h"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>

namespace axial::receive {
namespace {

TEST(FolderHolds, ClearsNoFolderThatInstancesAreOnTheirWayInto) {
  FolderHolds holds;
  auto one = holds.Enter("1.2");
  auto other = holds.Enter("1.2");
  EXPECT_EQ(holds.TryClear("1.2"), nullptr);
  EXPECT_NE(holds.TryClear("1.3"), nullptr);
  one.reset();
  EXPECT_EQ(holds.TryClear("1.2"), nullptr);
  other.reset();
  EXPECT_NE(holds.TryClear("1.2"), nullptr);
}

TEST(FolderHolds, WhoeverComesWaitsUntilTheFolderIsCleared) {
  FolderHolds holds;
  auto clearing = holds.TryClear("1.2");
  EXPECT_EQ(holds.TryClear("1.2"), nullptr);
  std::atomic<bool> cleared = false;
  std::atomic<bool> came_too_early = false;
  std::thread comes([&] {
    const auto hold = holds.Enter("1.2");
    came_too_early = !cleared;
  });
  const auto elsewhere = holds.Enter("1.3");  // does not wait
  cleared = true;
  clearing.reset();
  comes.join();
  EXPECT_FALSE(came_too_early);
}

TEST(FolderHolds, HoldMayOutliveTheTable) {
  auto holds = std::make_unique<FolderHolds>();
  const auto hold = holds->Enter("1.2");
  holds.reset();
}

}  // namespace
}  // namespace axial::receive
