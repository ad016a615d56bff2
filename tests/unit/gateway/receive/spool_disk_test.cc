#include "gateway/receive/spool_disk.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <filesystem>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "tests/support/hostile_dicom.h"
#include "tests/support/temp_dir.h"

namespace {
std::atomic<int> g_syncs{0};
std::atomic<bool> g_sync_fails{false};
std::atomic<bool> g_times_refused{false};
std::mutex g_calls_mutex;
std::vector<std::string> g_calls;  // guarded by g_calls_mutex: fsync of a path, rename to a path
std::string g_unsyncable;          // fsync of the path that ends so fails

std::string PathOf(int descriptor) {
  return std::filesystem::read_symlink("/proc/self/fd/" + std::to_string(descriptor));
}
}  // namespace

extern "C" int fsync(int descriptor) {
  const std::string path = PathOf(descriptor);
  const std::lock_guard lock(g_calls_mutex);
  g_calls.push_back("fsync " + path);
  if (g_unsyncable.empty() || !path.ends_with(g_unsyncable))
    return static_cast<int>(::syscall(SYS_fsync, descriptor));
  errno = EIO;
  return -1;
}

extern "C" int rename(const char* from, const char* to) noexcept {
  const std::lock_guard lock(g_calls_mutex);
  g_calls.push_back(std::string("rename ") + to);
  return static_cast<int>(::syscall(SYS_renameat2, AT_FDCWD, from, AT_FDCWD, to, 0));
}

extern "C" int futimens(int descriptor, const timespec* times) noexcept {
  if (!g_times_refused)
    return static_cast<int>(::syscall(SYS_utimensat, descriptor, nullptr, times, 0));
  errno = EPERM;
  return -1;
}

/// In place of the C library's, for this program: whether a disk was synced is not to be seen.
extern "C" int syncfs(int descriptor) noexcept {
  ++g_syncs;
  if (!g_sync_fails) return static_cast<int>(::syscall(SYS_syncfs, descriptor));
  errno = EIO;
  return -1;
}

namespace axial::receive {
namespace {

namespace fs = std::filesystem;

bool IsEmpty(const fs::path& folder) {
  return fs::directory_iterator(folder) == fs::end(fs::directory_iterator());
}

class FolderSpoolDisk : public ::testing::Test {
 protected:
  void SetUp() override { ASSERT_TRUE(disk_->Prepare().ok()); }

  std::unique_ptr<SpoolFile> Written(std::string_view bytes) {
    auto file = disk_->Create();
    EXPECT_TRUE(file.ok() && (*file)->Write(bytes).ok());
    return std::move(file).value();
  }

  testing::TempDir folder_;
  const std::string root_ = folder_.File("spool");
  std::unique_ptr<SpoolDisk> disk_ = MakeFolderSpoolDisk(root_);
  int names_ = 0;
};

// Of two contents of one SOP Instance UID a start has to know which came first.
TEST_F(FolderSpoolDisk, FilesTellInWhichOrderTheyCame) {
  std::vector<std::string> paths;  // whoever looks at a file in between makes its time finer
  for (int i = 0; i < 200; ++i) {
    const auto place = disk_->Commit(Written("bytes"), "1.2", std::to_string(i), false);
    ASSERT_TRUE(place.ok());
    paths.push_back(place->path);
  }
  for (std::size_t i = 1; i < paths.size(); ++i)
    ASSERT_LT(fs::last_write_time(paths[i - 1]), fs::last_write_time(paths[i])) << i;
}

// As on a share that gives every file another owner.
TEST_F(FolderSpoolDisk, TakesFilesWhoseTimeCannotBeSet) {
  g_times_refused = true;
  const auto place = disk_->Commit(Written("bytes"), "1.2", "1", true);
  g_times_refused = false;
  ASSERT_TRUE(place.ok());
  EXPECT_TRUE(fs::exists(place->path));
}

TEST_F(FolderSpoolDisk, CommitsOnceAndSaysSoForRepeats) {
  const auto first = disk_->Commit(Written("bytes"), "1.2", "a.dcm", true);
  ASSERT_TRUE(first.ok()) << first.error().ToString();
  EXPECT_FALSE(first->existed);
  EXPECT_EQ(first->path, root_ + "/1.2/a.dcm");
  EXPECT_EQ(testing::ReadWholeFile(first->path), "bytes");
  const auto second = disk_->Commit(Written("bytes"), "1.2", "a.dcm", true);
  ASSERT_TRUE(second.ok());
  EXPECT_TRUE(second->existed);
  EXPECT_TRUE(IsEmpty(root_ + "/incoming"));
}

TEST_F(FolderSpoolDisk, KeepsTheBytesInWhateverPiecesTheyCome) {
  constexpr std::size_t kBlock = std::size_t{128} * 1024;
  std::string bytes(3 * kBlock + 777, '\0');
  for (std::size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<char>(i * 7 % 251);
  const std::size_t sizes[] = {1, 300, 16'378, kBlock - 6, kBlock, kBlock + 1, bytes.size()};
  for (const std::size_t size : sizes) {
    auto file = disk_->Create().value();
    ASSERT_TRUE(file->Write("head").ok());
    for (std::size_t at = 0; at < bytes.size(); at += size)
      ASSERT_TRUE(file->Write(std::string_view(bytes).substr(at, size)).ok());
    ASSERT_TRUE(file->Finish().ok());
    EXPECT_EQ(testing::ReadWholeFile(file->path()), "head" + bytes) << size;
    ASSERT_TRUE(file->Finish().ok());  // once more changes nothing
    const auto place = disk_->Commit(std::move(file), "1.2", std::to_string(size), true);
    ASSERT_TRUE(place.ok());
    EXPECT_EQ(testing::ReadWholeFile(place->path), "head" + bytes) << size;
  }
}

TEST_F(FolderSpoolDisk, NeverTakesOrReplacesOtherBytesOfTheName) {
  fs::create_directory(root_ + "/1.2");
  testing::WriteWholeFile(root_ + "/1.2/a.dcm", "byt");
  testing::WriteWholeFile(root_ + "/1.2/a-2.dcm", std::string(5, '\0'));
  const auto place = disk_->Commit(Written("bytes"), "1.2", "a.dcm", true);
  ASSERT_TRUE(place.ok());
  EXPECT_FALSE(place->existed);
  EXPECT_EQ(place->path, root_ + "/1.2/a-3.dcm");
  EXPECT_EQ(place->suffix, "-3");
  EXPECT_EQ(testing::ReadWholeFile(place->path), "bytes");
  EXPECT_EQ(testing::ReadWholeFile(root_ + "/1.2/a.dcm"), "byt");
  const auto again = disk_->Commit(Written("bytes"), "1.2", "a.dcm", true);
  ASSERT_TRUE(again.ok());
  EXPECT_TRUE(again->existed);
  EXPECT_EQ(again->suffix, "-3");
}

TEST_F(FolderSpoolDisk, RefusesTheHundredthFileOfOneName) {
  for (int i = 0; i < 100; ++i)
    ASSERT_TRUE(disk_->Commit(Written(std::to_string(i)), "1.2", "a.dcm", false).ok());
  EXPECT_EQ(disk_->Commit(Written("bytes"), "1.2", "a.dcm", false).error().code(),
            ErrorCode::kExhausted);
}

TEST_F(FolderSpoolDisk, ComparesLargeFilesToTheirLastByte) {
  std::string bytes(200'001, 'x');
  ASSERT_TRUE(disk_->Commit(Written(bytes), "1.2", "a.dcm", true).ok());
  EXPECT_TRUE(disk_->Commit(Written(bytes), "1.2", "a.dcm", true)->existed);
  bytes.back() = 'y';
  EXPECT_FALSE(disk_->Commit(Written(bytes), "1.2", "a.dcm", true)->existed);
}

TEST_F(FolderSpoolDisk, DurableMeansThatBytesAndEveryNameAreSyncedAfterTheMove) {
  g_calls.clear();
  ASSERT_TRUE(disk_->Commit(Written("bytes"), "1.2", "a.dcm", true).ok());
  const std::string study = root_ + "/1.2";
  EXPECT_EQ(g_calls, (std::vector<std::string>{"fsync " + root_, "rename " + study + "/a.dcm",
                                               "fsync " + study + "/a.dcm", "fsync " + study}));
  g_calls.clear();
  ASSERT_TRUE(disk_->Commit(Written("bytes"), "1.2", "a.dcm", true)->existed);
  EXPECT_EQ(g_calls, (std::vector<std::string>{"fsync " + study + "/a.dcm", "fsync " + study}))
      << "another process may have moved it there and ended";
  g_calls.clear();
  ASSERT_TRUE(disk_->Commit(Written("bytes"), "1.3", "a.dcm", false).ok());
  EXPECT_EQ(g_calls, (std::vector<std::string>{"rename " + root_ + "/1.3/a.dcm"}));
}

TEST_F(FolderSpoolDisk, NothingStaysOfWhatCannotBeSynced) {
  for (const std::string broken : {"/spool", "/1.2", "/a.dcm"}) {
    g_unsyncable = broken;
    const auto place = disk_->Commit(Written("bytes"), "1.2", "a.dcm", true);
    g_unsyncable.clear();
    EXPECT_EQ(place.error().code(), ErrorCode::kUnavailable) << broken;
    EXPECT_FALSE(fs::exists(root_ + "/1.2/a.dcm")) << broken;
    EXPECT_TRUE(IsEmpty(root_ + "/incoming")) << broken;
  }
  EXPECT_FALSE(disk_->Commit(Written("bytes"), "1.2", "a.dcm", true)->existed);
}

TEST_F(FolderSpoolDisk, OneOfManyWithTheSameBytesIsKeptAndTheOthersFindIt) {
  std::atomic<int> kept{0};
  std::vector<std::thread> threads;
  for (int i = 0; i < 16; ++i)
    threads.emplace_back([&] {
      const auto place = disk_->Commit(Written("bytes"), "1.2", "a.dcm", true);
      ASSERT_TRUE(place.ok());
      if (!place->existed) ++kept;
      EXPECT_EQ(testing::ReadWholeFile(place->path), "bytes");
    });
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(kept, 1);
  EXPECT_TRUE(IsEmpty(root_ + "/incoming"));
}

TEST_F(FolderSpoolDisk, SyncsFolderOnlyWhenSomethingOfItIsNotDurable) {
  g_syncs = 0;
  const auto commit = [&](const std::string& folder, bool durable) {
    ASSERT_TRUE(disk_->Commit(Written("bytes"), folder, std::to_string(++names_), durable).ok());
  };
  commit("1.1", true);
  ASSERT_TRUE(disk_->SyncFolder("1.1").ok());
  EXPECT_EQ(g_syncs, 1) << "nobody knows what an earlier process left";
  ASSERT_TRUE(disk_->SyncFolder("1.1").ok());
  EXPECT_EQ(g_syncs, 1);
  commit("1.1", true);
  commit("1.2", false);
  ASSERT_TRUE(disk_->SyncFolder("1.1").ok());
  EXPECT_EQ(g_syncs, 1);
  ASSERT_TRUE(disk_->SyncFolder("1.2").ok());
  EXPECT_EQ(g_syncs, 2);
  commit("1.2", false);
  ASSERT_TRUE(disk_->SyncAll().ok());
  ASSERT_TRUE(disk_->SyncFolder("1.2").ok());
  EXPECT_EQ(g_syncs, 3);
  commit("1.2", false);
  g_sync_fails = true;
  EXPECT_EQ(disk_->SyncFolder("1.2").error().code(), ErrorCode::kUnavailable);
  EXPECT_EQ(disk_->SyncAll().error().code(), ErrorCode::kUnavailable);
  g_sync_fails = false;
  g_syncs = 0;
  ASSERT_TRUE(disk_->SyncFolder("1.2").ok());
  EXPECT_EQ(g_syncs, 1) << "what could not be synced still is not";
}

TEST_F(FolderSpoolDisk, SyncsAtTheSameTimeEachCoverWhatCameBefore) {
  g_syncs = 0;
  constexpr int kThreads = 16;
  std::vector<std::thread> threads;
  for (int i = 0; i < kThreads; ++i)
    threads.emplace_back([&, i] {
      for (int round = 0; round < 20; ++round) {
        const std::string name = std::to_string(i) + "." + std::to_string(round);
        EXPECT_TRUE(disk_->Commit(Written("bytes"), "1.2", name, false).ok());
        EXPECT_TRUE(disk_->SyncAll().ok());
      }
    });
  for (std::thread& thread : threads) thread.join();
  EXPECT_LE(g_syncs, kThreads * 20);
  const int before = g_syncs;
  ASSERT_TRUE(disk_->SyncFolder("1.2").ok());
  EXPECT_EQ(g_syncs, before) << "all of it is durable";
}

TEST_F(FolderSpoolDisk, RemovesWhatIsNotCommitted) {
  Written("half").reset();
  EXPECT_TRUE(IsEmpty(root_ + "/incoming"));
}

TEST_F(FolderSpoolDisk, QuarantineIsBoundedAndForgetsTheOldest) {
  const std::string oldest = root_ + "/quarantine/oldest.dcm";
  testing::WriteWholeFile(oldest, "refused long ago");
  fs::last_write_time(oldest, fs::file_time_type::clock::now() - std::chrono::hours(1));
  for (int i = 0; i < 999; ++i)
    testing::WriteWholeFile(root_ + "/quarantine/" + std::to_string(i) + ".dcm", "refused");
  const auto kept = disk_->Quarantine(Written("newest"));
  ASSERT_TRUE(kept.ok());
  EXPECT_TRUE(fs::exists(*kept));
  EXPECT_FALSE(fs::exists(oldest));
  const fs::directory_iterator files(root_ + "/quarantine");
  EXPECT_EQ(std::distance(begin(files), end(files)), 1000);
}

TEST_F(FolderSpoolDisk, QuarantineIsBoundedInBytesButKeepsTheNewest) {
  const std::string large = root_ + "/quarantine/large.dcm";
  testing::WriteWholeFile(large, "x");
  fs::resize_file(large, std::uintmax_t{1} << 30);  // sparse
  fs::last_write_time(large, fs::file_time_type::clock::now() - std::chrono::hours(1));
  const auto kept = disk_->Quarantine(Written("newest"));
  ASSERT_TRUE(kept.ok());
  EXPECT_TRUE(fs::exists(*kept));
  EXPECT_FALSE(fs::exists(large));
}

TEST_F(FolderSpoolDisk, SweepsIncomingOnlyAtStart) {
  testing::WriteWholeFile(root_ + "/incoming/1-1.part", "left by a crash");
  fs::create_directory(root_ + "/1.2");
  testing::WriteWholeFile(root_ + "/1.2/a.dcm", "kept");
  ASSERT_TRUE(disk_->Prepare().ok());
  EXPECT_TRUE(IsEmpty(root_ + "/incoming"));
  EXPECT_TRUE(fs::exists(root_ + "/1.2/a.dcm"));
}

TEST_F(FolderSpoolDisk, KeepsQuarantinedFiles) {
  const auto path = disk_->Quarantine(Written("bad"));
  ASSERT_TRUE(path.ok());
  EXPECT_EQ(testing::ReadWholeFile(*path), "bad");
  EXPECT_TRUE(path->starts_with(root_ + "/quarantine/"));
}

TEST_F(FolderSpoolDisk, ReportsFreeSpaceAndFailures) {
  EXPECT_GT(disk_->FreeBytes().value(), 0);
  EXPECT_TRUE(disk_->SyncAll().ok());
  const auto nowhere = MakeFolderSpoolDisk("/proc/none/spool");
  EXPECT_EQ(nowhere->Prepare().error().code(), ErrorCode::kUnavailable);
  EXPECT_FALSE(nowhere->Create().ok());
}

}  // namespace
}  // namespace axial::receive
