#include "gateway/pipeline/storage_lock.h"

#include <gtest/gtest.h>

#include "tests/support/temp_dir.h"

namespace axial::pipeline {
namespace {

TEST(StorageLock, IsHeldOnceAndFreedWithItsOwner) {
  const testing::TempDir folder;
  const std::string directory = folder.File("new/storage");
  {
    const Result<StorageLock> first = StorageLock::Take(directory);
    ASSERT_TRUE(first.ok());
    EXPECT_EQ(StorageLock::Take(directory).error().code(), ErrorCode::kConflict);
  }
  EXPECT_TRUE(StorageLock::Take(directory).ok());
}

TEST(StorageLock, ADirectoryThatCannotBeMadeIsNamed) {
  const Result<StorageLock> taken = StorageLock::Take("/proc/axial");
  ASSERT_FALSE(taken.ok());
  EXPECT_NE(taken.error().message().find("/proc/axial"), std::string::npos);
}

}  // namespace
}  // namespace axial::pipeline
