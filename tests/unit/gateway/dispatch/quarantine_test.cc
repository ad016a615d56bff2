#include "gateway/dispatch/quarantine.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <filesystem>
#include <fstream>

#include "tests/support/temp_dir.h"

namespace axial::dispatch {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

TimePoint At(int seconds) { return TimePoint(std::chrono::seconds(1'790'000'000 + seconds)); }

class QuarantineTest : public ::testing::Test {
 protected:
  QuarantineTest() { std::filesystem::create_directories(results); }

  static store::Job Job(std::int64_t id, int attempt = 1) {
    store::Job job;
    job.id = id;
    job.attempt = attempt;
    job.study_uid = "1.2";
    job.series_uid = "1.2.3";
    job.model = "lungs";
    job.model_version = "1.0";
    return job;
  }

  /// A lost attempt's folder with one refused file of `bytes` and one that was not refused.
  std::string Attempt(std::size_t bytes = 5) const {
    const std::string attempt = results + "/attempt";
    std::filesystem::create_directories(attempt);
    std::ofstream(attempt + "/seg.dcm.refused") << std::string(bytes, 'x');
    std::ofstream(attempt + "/sr.dcm") << "bytes";
    return attempt;
  }

  QuarantinedAttempt Keep(const Quarantine& quarantine, const store::Job& job, int at,
                          std::size_t bytes = 5) const {
    const auto kept = quarantine.Keep(Attempt(bytes), job, "segmentation: lacks voxels", At(at));
    EXPECT_TRUE(kept.ok() && kept->has_value());
    return kept.ok() ? kept->value_or(QuarantinedAttempt()) : QuarantinedAttempt();
  }

  static std::vector<std::string> Names(const Quarantine& quarantine) {
    std::vector<std::string> names;
    for (const QuarantinedAttempt& attempt : quarantine.List()) names.push_back(attempt.name);
    return names;
  }

  testing::TempDir folder;
  const std::string results = folder.File("results");
};

TEST_F(QuarantineTest, KeepsWhatWasRefusedAndWhy) {
  const Quarantine quarantine(results);
  EXPECT_THAT(quarantine.List(), IsEmpty());
  Keep(quarantine, Job(7, 2), 1);
  ASSERT_THAT(quarantine.List(), SizeIs(1));
  const QuarantinedAttempt kept = quarantine.List().front();
  EXPECT_EQ(kept.name, "7-2");
  EXPECT_EQ(kept.folder, results + "/quarantine/7-2");
  EXPECT_EQ(kept.job, 7);
  EXPECT_EQ(kept.attempt, 2);
  EXPECT_EQ(kept.study_uid, "1.2");
  EXPECT_EQ(kept.series_uid, "1.2.3");
  EXPECT_EQ(kept.model, "lungs");
  EXPECT_EQ(kept.model_version, "1.0");
  EXPECT_EQ(kept.reason, "segmentation: lacks voxels");
  EXPECT_EQ(kept.at, At(1));
  ASSERT_THAT(kept.files, SizeIs(1)) << "only what was refused";
  EXPECT_EQ(kept.files[0].name, "seg.dcm.refused");
  EXPECT_EQ(kept.files[0].bytes, 5);
  EXPECT_TRUE(std::filesystem::exists(kept.folder + "/seg.dcm.refused"));
  EXPECT_FALSE(std::filesystem::exists(results + "/attempt/seg.dcm.refused"));
}

TEST_F(QuarantineTest, HasNothingToKeepWhenNothingWasRefused) {
  std::filesystem::create_directories(results + "/clean");
  std::ofstream(results + "/clean/sr.dcm") << "bytes";
  std::filesystem::create_symlink("/etc/passwd", results + "/clean/link.refused");
  for (const char* name : {"/clean", "/absent"}) {
    const auto kept = Quarantine(results).Keep(results + name, Job(1), "why", At(1));
    ASSERT_TRUE(kept.ok());
    EXPECT_FALSE(kept->has_value());
  }
  EXPECT_FALSE(std::filesystem::exists(results + "/quarantine"));
}

TEST_F(QuarantineTest, ARetryThatIsRefusedAgainReplacesNothing) {
  const Quarantine quarantine(results);
  EXPECT_EQ(Keep(quarantine, Job(7), 1).name, "7-1");
  EXPECT_EQ(Keep(quarantine, Job(7), 2).name, "7-1-2");
  EXPECT_EQ(Keep(quarantine, Job(7), 3).name, "7-1-3");
  EXPECT_EQ(Names(quarantine), (std::vector<std::string>{"7-1-3", "7-1-2", "7-1"}));
}

TEST_F(QuarantineTest, TheOldestGoWhenThereAreTooMany) {
  const Quarantine quarantine(results, {.attempts = 3});
  for (int job = 1; job <= 5; ++job) Keep(quarantine, Job(job), job);
  EXPECT_EQ(Names(quarantine), (std::vector<std::string>{"5-1", "4-1", "3-1"}));
}

TEST_F(QuarantineTest, TheOldestGoWhenTheyAreTooLarge) {
  const Quarantine quarantine(results, {.bytes = 1000});
  for (int job = 1; job <= 5; ++job) Keep(quarantine, Job(job), job, 400);
  EXPECT_EQ(Names(quarantine), (std::vector<std::string>{"5-1", "4-1"}));
  Keep(quarantine, Job(6), 6, 1000);
  EXPECT_EQ(Names(quarantine), (std::vector<std::string>{"6-1"}));
}

TEST_F(QuarantineTest, AFileBeyondTheLimitIsOnlyNamed) {
  const Quarantine quarantine(results, {.bytes = 1000});
  Keep(quarantine, Job(1), 1, 900);
  EXPECT_EQ(Keep(quarantine, Job(2), 2, 1001).KeptBytes(), 0);
  EXPECT_FALSE(std::filesystem::exists(results + "/quarantine/2-1/seg.dcm.refused"));
  ASSERT_EQ(Names(quarantine), (std::vector<std::string>{"2-1", "1-1"}));
  const RefusedFile file = quarantine.List().front().files.at(0);
  EXPECT_EQ(file.bytes, 1001);
  EXPECT_FALSE(file.kept);
  EXPECT_EQ(quarantine.List().front().reason, "segmentation: lacks voxels");
}

TEST_F(QuarantineTest, NoFileIsKeptWhenTheDiskIsBelowItsReserve) {
  const Quarantine quarantine(results, {.reserve_bytes = std::int64_t{1} << 62});
  EXPECT_EQ(Keep(quarantine, Job(1), 1).KeptBytes(), 0);
  EXPECT_FALSE(std::filesystem::exists(results + "/quarantine/1-1/seg.dcm.refused"));
  EXPECT_EQ(quarantine.List().front().reason, "segmentation: lacks voxels");
}

TEST_F(QuarantineTest, IsRemovedByNameAndNothingElseIs) {
  const Quarantine quarantine(results);
  Keep(quarantine, Job(1), 1);
  Keep(quarantine, Job(2), 2);
  std::filesystem::create_directories(results + "/1/1");
  for (const std::string& name :
       {std::string("../1"), std::string(".."), std::string("."), std::string(), std::string("3-1"),
        std::string("1-1/seg.dcm.refused"), std::string("1-1\0x", 5), results + "/1"})
    EXPECT_EQ(quarantine.Remove(name).error().code(), ErrorCode::kNotFound) << name;
  EXPECT_TRUE(std::filesystem::exists(results + "/1/1"));
  EXPECT_TRUE(quarantine.Remove("1-1").ok());
  EXPECT_EQ(Names(quarantine), (std::vector<std::string>{"2-1"}));
}

TEST_F(QuarantineTest, ListsWhateverIsInItsFolder) {
  const Quarantine quarantine(results);
  const std::string base = results + "/quarantine";
  const auto write = [&](const std::string& name, const std::string& record) {
    std::filesystem::create_directories(base + "/" + name);
    std::ofstream(base + "/" + name + "/seg.dcm.refused") << "bytes";
    if (!record.empty()) std::ofstream(base + "/" + name + "/refused.json") << record;
  };
  write("7-2", "");
  write("8-1", "{not JSON");
  write("9-1", R"({"job": "nine"})");
  write("10-1", "[" + std::string(std::size_t{300} << 10, ' ') + "]");
  write("what is this", std::string("\0\xff", 2));
  write("99999999999999999999-1", "{}");
  std::ofstream(base + "/file") << "no folder";
  std::filesystem::create_directory_symlink("/", base + "/root");
  const auto all = quarantine.List();
  EXPECT_THAT(all, SizeIs(6));
  for (const QuarantinedAttempt& attempt : all) {
    EXPECT_THAT(attempt.files, SizeIs(1)) << attempt.name;
    EXPECT_EQ(attempt.reason, "");
    if (attempt.name == "7-2") {
      EXPECT_EQ(attempt.job, 7);
      EXPECT_EQ(attempt.attempt, 2);
    }
  }
  EXPECT_TRUE(std::any_of(all.begin(), all.end(), [](const auto& a) { return a.name == "7-2"; }));
}

TEST_F(QuarantineTest, SaysWhenItCannotKeep) {
  std::ofstream(results + "/quarantine") << "no folder";
  const auto kept = Quarantine(results).Keep(Attempt(), Job(1), "why", At(1));
  ASSERT_FALSE(kept.ok());
  EXPECT_THAT(kept.error().message(), HasSubstr("quarantine"));
}

}  // namespace
}  // namespace axial::dispatch
