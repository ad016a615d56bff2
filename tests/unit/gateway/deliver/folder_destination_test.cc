#include "gateway/deliver/folder_destination.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <iterator>

#include "tests/support/temp_dir.h"

namespace axial::deliver {
namespace {

namespace fs = std::filesystem;

class FolderDestinationTest : public ::testing::Test {
 protected:
  std::unique_ptr<Destination> Make(const std::string& path) {
    config::Destination destination;
    destination.name = "disk";
    destination.kind = config::DestinationKind::kFolder;
    destination.path = path;
    return MakeFolderDestination(destination, {}).value();
  }

  store::Delivery Artifact(const std::string& uid, const std::string& text) {
    store::Delivery delivery;
    delivery.study_uid = "1.2";
    delivery.sop_instance_uid = uid;
    delivery.path = folder.File("artifact");
    std::ofstream(delivery.path) << text;
    return delivery;
  }

  static std::string Read(const fs::path& path) {
    std::ifstream in(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
  }

  testing::TempDir folder;
};

TEST_F(FolderDestinationTest, WritesUnderStudyAndInstanceAndLeavesNothingElse) {
  const auto destination = Make(folder.File("results/deep"));
  const SendReport report = destination->Send({Artifact("2.25.1", std::string(200'000, 'x'))});
  ASSERT_TRUE(report.reached.ok());
  ASSERT_TRUE(report.results.at(0).ok());
  const fs::path study = folder.path() / "results/deep/1.2";
  EXPECT_EQ(Read(study / "2.25.1.dcm"), std::string(200'000, 'x'));
  EXPECT_EQ(std::distance(fs::directory_iterator(study), {}), 1);
}

TEST_F(FolderDestinationTest, SendingAgainReplacesTheSameFile) {
  const auto destination = Make(folder.File("results"));
  ASSERT_TRUE(destination->Send({Artifact("2.25.1", "first")}).results.at(0).ok());
  ASSERT_TRUE(destination->Send({Artifact("2.25.1", "second")}).results.at(0).ok());
  EXPECT_EQ(Read(folder.path() / "results/1.2/2.25.1.dcm"), "second");
}

TEST_F(FolderDestinationTest, AMissingFileIsALastingNo) {
  store::Delivery missing = Artifact("2.25.1", "");
  fs::remove(missing.path);
  const SendReport report = Make(folder.File("results"))->Send({missing});
  ASSERT_TRUE(report.reached.ok());
  EXPECT_EQ(report.results.at(0).error().code(), ErrorCode::kNotFound);
}

TEST_F(FolderDestinationTest, ANameThatIsNoUidNeverLeavesTheFolder) {
  const SendReport report = Make(folder.File("results"))->Send({Artifact("../../evil", "x")});
  EXPECT_EQ(report.results.at(0).error().code(), ErrorCode::kInvalidInput);
  EXPECT_FALSE(fs::exists(folder.path() / "evil.dcm"));
}

TEST_F(FolderDestinationTest, APathThatIsAFileIsTriedAgainLater) {
  std::ofstream(folder.File("occupied")) << "a file";
  const SendReport report = Make(folder.File("occupied"))->Send({Artifact("2.25.1", "x")});
  ASSERT_FALSE(report.reached.ok());
  EXPECT_TRUE(IsRetried(report.reached.error().code()));
}

TEST_F(FolderDestinationTest, NeedsAPath) {
  EXPECT_EQ(MakeFolderDestination({}, {}).error().code(), ErrorCode::kInvalidInput);
}

}  // namespace
}  // namespace axial::deliver
