#include "gateway/pipeline/spool_recovery.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>

#include "core/base/content_digest.h"
#include "gateway/receive/spool_name.h"
#include "gateway/store/completion_store.h"
#include "tests/support/synthetic_series.h"
#include "tests/support/temp_dir.h"

namespace axial::pipeline {
namespace {

namespace fs = std::filesystem;

constexpr const char* kStudy = "1.2.826.0.1.3680043.8.498.1.1";  // of WriteSeries
constexpr const char* kSeries = "1.2.826.0.1.3680043.8.498.1.2";

/// A spool and an index whose newest rows the machine took with it: they were never written here.
class SpoolRecoveryTest : public ::testing::Test {
 protected:
  SpoolRecoveryTest()
      : database_(std::move(store::Database::Open(folder_.File("axial.db"))).value()),
        studies_(*database_),
        spool_(folder_.File("spool")) {
    fs::create_directories(spool_ + "/" + kStudy);
  }

  std::vector<std::string> Write(const std::string& series_uid, int slices) {
    testing::SyntheticSeries series;
    series.geometry = testing::AxialGeometry({8, 8, slices}, 1, 1, 1);
    series.series_uid = series_uid;
    const std::string to = folder_.File("written-" + series_uid);
    fs::create_directories(to);
    return testing::WriteSeries(series, to);
  }

  /// As reception puts it there; when, in seconds.
  std::string Spool(const std::string& file, int at = 0) {
    const std::string sop = ReadInstanceHeader(file).value().sop_instance_uid.str();
    std::string path = fmt::format("{}/{}/{}", spool_, kStudy,
                                   receive::MakeSpoolName(sop, ContentDigestOfFile(file).value()));
    fs::copy_file(file, path);
    fs::last_write_time(
        path, fs::file_time_type::clock::now() - std::chrono::hours(1) + std::chrono::seconds(at));
    return path;
  }

  store::AddOutcome Index(const std::string& path) {
    return studies_
        .AddInstance({ReadInstanceHeader(path).value(), ContentDigestOfFile(path).value(), path,
                      static_cast<std::int64_t>(fs::file_size(path)), "CT01", "AXIAL", "10.0.0.7",
                      TimePoint(std::chrono::seconds(1'700'000'000)), true})
        ->outcome;
  }

  Status Recover(store::UseContent use = store::UseContent::kFirst) {
    return RecoverSpooledInstances(*database_, spool_, use);
  }

  std::int64_t Rows() { return studies_.Find(kStudy).value()->instances; }

  testing::TempDir folder_;
  std::unique_ptr<store::Database> database_;
  store::StudyStore studies_;
  std::string spool_;
};

TEST_F(SpoolRecoveryTest, GivesTheFilesOfAnOpenSeriesTheirRowsAgain) {
  const auto files = Write(kSeries, 5);
  ASSERT_EQ(Index(Spool(files[0])), store::AddOutcome::kAdded);
  std::string newest;
  for (int i = 1; i < 5; ++i) newest = Spool(files[static_cast<std::size_t>(i)], i);
  ASSERT_EQ(Rows(), 1);
  ASSERT_TRUE(Recover().ok());
  EXPECT_EQ(Rows(), 5);
  ASSERT_TRUE(Recover().ok()) << "done again";
  EXPECT_EQ(Rows(), 5);
  EXPECT_EQ(Index(newest), store::AddOutcome::kDuplicate) << "with the digest that it had";
  const auto revisions = studies_.RevisionsOfStudy(kStudy).value();
  ASSERT_EQ(revisions.size(), 1U);
  struct stat state{};
  ASSERT_EQ(::stat(newest.c_str(), &state), 0);
  EXPECT_EQ(ToMicros(revisions[0].last_instance_at) / 1'000'000, state.st_mtim.tv_sec);
}

TEST_F(SpoolRecoveryTest, LeavesWhatWasNeverAcknowledged) {
  const auto files = Write(kSeries, 4);
  const auto other = Write("1.2.826.0.1.3680043.8.498.1.3", 1);
  Index(Spool(files[0]));
  fs::resize_file(Spool(files[1]), 700);  // without its bytes
  fs::resize_file(Spool(files[2]), 0);
  Spool(other[0]);  // the first of its Series: its row would be there
  std::ofstream(spool_ + "/" + kStudy + "/1.2.3.0123456789abcdef.dcm") << "garbage";
  std::ofstream(spool_ + "/" + kStudy + "/note.txt") << "a person's";
  fs::create_directories(spool_ + "/" + kStudy + "/1.2.4.0123456789abcdef.dcm");
  ASSERT_TRUE(Recover().ok());
  EXPECT_EQ(Rows(), 1);
  EXPECT_TRUE(fs::exists(spool_ + "/" + kStudy + "/note.txt"));
  Spool(files[3]);  // and the good ones beside them are found
  ASSERT_TRUE(Recover().ok());
  EXPECT_EQ(Rows(), 2);
}

TEST_F(SpoolRecoveryTest, LooksIntoNoStudyThatIsClosed) {
  const auto files = Write(kSeries, 2);
  Index(Spool(files[0]));
  ASSERT_TRUE(studies_
                  .CloseRevision(studies_.Revisions("open", 1).value().front(), "quiet",
                                 TimePoint(std::chrono::seconds(1'700'000'001)))
                  .ok());
  Spool(files[1]);  // had it been acknowledged, the revision that it opened would be there
  ASSERT_TRUE(Recover().ok());
  EXPECT_EQ(Rows(), 1);
}

// The same SOP Instance UID with other bytes: which one is used does not change.
TEST_F(SpoolRecoveryTest, TheContentThatCameFirstStaysTheFirst) {
  const auto files = Write(kSeries, 2);
  const std::string zeroth = Spool(files[0]);
  Index(zeroth);
  const std::string first = Spool(files[1], 1);
  testing::EditFile(files[1], "ImageComments", "again");
  const std::string second = Spool(files[1], 2);
  ASSERT_NE(first, second);
  ASSERT_TRUE(Recover().ok());
  EXPECT_EQ(Rows(), 2);
  EXPECT_EQ(studies_.Find(kStudy).value()->conflicting, 1);
  const store::CompletionStore completions(*database_);
  const auto revisions = completions.OpenRevisions(1, 10).value();
  ASSERT_EQ(revisions.size(), 1u);
  std::vector<std::string> used;
  for (const auto& instance : revisions[0].instances) used.push_back(instance.path);
  EXPECT_THAT(used, ::testing::UnorderedElementsAre(zeroth, first));
}

}  // namespace
}  // namespace axial::pipeline
