#include <dcmtk/dcmdata/dctk.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>

#include "tests/support/phantom/chest_anatomy.h"
#include "tests/support/phantom/phantom_study.h"

namespace axial::phantom {
namespace {

/// A folder of its own that goes away with the test.
class PhantomStudyTest : public testing::Test {
 protected:
  void SetUp() override {
    std::string name = (std::filesystem::temp_directory_path() / "axial-phantom-XXXXXX").string();
    ASSERT_NE(mkdtemp(name.data()), nullptr);
    directory_ = name;
  }
  void TearDown() override { std::filesystem::remove_all(directory_); }

  [[nodiscard]] PhantomStudy Write(const PhantomOptions& options, const char* folder = "study") {
    auto study = WritePhantomStudy(options, directory_ / folder);
    EXPECT_TRUE(study.ok()) << (study.ok() ? "" : study.error().ToString());
    return study.ok() ? *std::move(study) : PhantomStudy{};
  }

  std::filesystem::path directory_;
};

PhantomOptions SmallCt() {
  PhantomOptions options;
  options.rows = 61;
  options.columns = 67;
  options.slices = 24;
  options.slice_spacing_mm = 10.0F;
  return options;
}

std::string ReadAll(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

/// The lines of a command's output that begin with "Error"; nullopt if the command is absent.
std::optional<std::string> ErrorLines(const std::string& command) {
  FILE* pipe = popen((command + " 2>&1").c_str(), "r");
  if (pipe == nullptr) return std::nullopt;
  std::string errors;
  std::array<char, 1024> line{};
  while (std::fgets(line.data(), static_cast<int>(line.size()), pipe) != nullptr) {
    if (std::string_view(line.data()).starts_with("Error")) errors += line.data();
  }
  return WEXITSTATUS(pclose(pipe)) == 127 ? std::nullopt : std::optional(errors);
}

TEST_F(PhantomStudyTest, SameSeedGivesTheSameBytesAndAnotherSeedOtherUids) {
  const PhantomStudy first = Write(SmallCt(), "a"), second = Write(SmallCt(), "b");
  ASSERT_EQ(first.instances.size(), 24U);
  for (std::size_t i = 0; i < first.instances.size(); ++i) {
    EXPECT_EQ(ReadAll(first.instances[i].path), ReadAll(second.instances[i].path));
  }
  EXPECT_EQ(ReadAll(first.truth_raw), ReadAll(second.truth_raw));
  PhantomOptions other = SmallCt();
  other.seed = 2;
  EXPECT_NE(Write(other, "c").study_uid, first.study_uid);
}

TEST_F(PhantomStudyTest, TruthSaysWhereTheLungsAre) {
  const PhantomStudy study = Write(SmallCt());
  ASSERT_EQ(study.truth.size(), 2U);
  for (const LabelTruth& lung : study.truth) {
    EXPECT_GT(lung.volume_mm3, 1.2e6) << lung.name;
    EXPECT_LT(lung.volume_mm3, 3.5e6) << lung.name;
    EXPECT_GT(lung.mean, -880.0) << lung.name;
    EXPECT_LT(lung.mean, -700.0) << lung.name;
  }
  // The right lung (1) lies towards -x, the left (2) towards +x.
  const VoxelGrid& grid = study.image.grid;
  std::array<double, 3> sum{}, count{};
  for (std::size_t i = 0; i < study.image.labels.size(); ++i) {
    const int column = static_cast<int>(i) % grid.columns;
    sum[study.image.labels[i]] += static_cast<double>(grid.At(0, 0, static_cast<float>(column)).x);
    ++count[study.image.labels[i]];
  }
  EXPECT_LT(sum[1] / count[1], -50.0);
  EXPECT_GT(sum[2] / count[2], 50.0);
}

TEST_F(PhantomStudyTest, TruthFilesAgreeWithTheStudy) {
  const PhantomStudy study = Write(SmallCt());
  const auto json = nlohmann::json::parse(ReadAll(study.truth_json));
  const std::string labels = ReadAll(study.truth_raw);
  ASSERT_EQ(labels.size(), 24U * 61U * 67U);
  const auto right = std::count(labels.begin(), labels.end(), '\1');
  EXPECT_EQ(json["labels"][0]["voxels"].get<std::int64_t>(), right);
  EXPECT_NEAR(json["labels"][0]["volume_mm3"].get<double>(),
              static_cast<double>(right) * json["voxel_volume_mm3"].get<double>(), 1.0);
  ASSERT_EQ(json["sop_instance_uids"].size(), 24U);
  for (std::size_t i = 0; i < 24; ++i) {
    EXPECT_EQ(json["sop_instance_uids"][i], study.instances[i].sop_instance_uid);
  }
}

TEST_F(PhantomStudyTest, FilesHoldTheImageInSpatialNotInInstanceNumberOrder) {
  PhantomOptions options = SmallCt();
  options.slope = 0.5;
  options.is_signed = true;
  options.intercept = 100.0;
  const PhantomStudy study = Write(options);
  std::set<std::string> uids;
  bool rising = true, falling = true;
  for (const PhantomInstance& instance : study.instances) {
    DcmFileFormat file;
    ASSERT_TRUE(file.loadFile(instance.path.c_str()).good());
    DcmDataset& dataset = *file.getDataset();
    OFString uid;
    Float64 z = 0.0, slope = 0.0, intercept = 0.0;
    Sint32 number = 0;
    const Uint16* words = nullptr;
    dataset.findAndGetOFString(DCM_SOPInstanceUID, uid);
    dataset.findAndGetFloat64(DCM_ImagePositionPatient, z, 2);
    dataset.findAndGetFloat64(DCM_RescaleSlope, slope);
    dataset.findAndGetFloat64(DCM_RescaleIntercept, intercept);
    dataset.findAndGetSint32(DCM_InstanceNumber, number);
    ASSERT_TRUE(dataset.findAndGetUint16Array(DCM_PixelData, words).good());
    uids.insert(uid.c_str());
    const VoxelGrid& grid = study.image.grid;
    EXPECT_NEAR(z, static_cast<double>(grid.At(static_cast<float>(instance.slice), 0, 0).z), 1e-3);
    const std::size_t middle = 30U * 67U + 15U;
    const float value =
        study.image.values[static_cast<std::size_t>(instance.slice) * 61U * 67U + middle];
    EXPECT_NEAR(static_cast<double>(static_cast<std::int16_t>(words[middle])) * slope + intercept,
                static_cast<double>(value), 0.26);
    rising = rising && number == instance.slice + 1;
    falling = falling && number == 24 - instance.slice;
  }
  EXPECT_EQ(uids.size(), 24U);
  EXPECT_FALSE(rising);
  EXPECT_FALSE(falling);
}

TEST_F(PhantomStudyTest, TiltedStackKeepsTheVolumeOfTheLungs) {
  PhantomOptions options = SmallCt();
  options.slice_spacing_mm = 8.0F;
  options.slices = 44;
  const PhantomStudy straight = Write(options, "straight");
  options.tilt_deg = 15.0F;
  const PhantomStudy tilted = Write(options, "tilted");
  ASSERT_EQ(tilted.truth.size(), 2U);
  EXPECT_NEAR(tilted.truth[0].volume_mm3 / straight.truth[0].volume_mm3, 1.0, 0.03);
}

TEST_F(PhantomStudyTest, RefusesWhatItCannotWrite) {
  PhantomOptions options = SmallCt();
  options.transfer_syntax = "morse";
  EXPECT_EQ(WritePhantomStudy(options, directory_ / "x").error().code(), ErrorCode::kInvalidInput);
  options = SmallCt();
  options.slope = 0.0;
  EXPECT_EQ(WritePhantomStudy(options, directory_ / "x").error().code(), ErrorCode::kInvalidInput);
}

TEST_F(PhantomStudyTest, EveryKindIsCleanByDciodvfy) {
  if (std::system("command -v dciodvfy >/dev/null 2>&1") != 0) {
    GTEST_SKIP() << "dciodvfy (package dicom3tools) IS NOT INSTALLED: conformance not checked";
  }
  for (const PhantomKind kind : {PhantomKind::kCt, PhantomKind::kMr, PhantomKind::kDx}) {
    for (const bool randomise : {false, true}) {
      PhantomOptions options;
      options.kind = kind;
      options.randomise = randomise;
      options.rows = options.columns = 64;
      options.slices = 3;
      options.is_signed = randomise;
      options.monochrome1 = randomise;
      options.view = randomise ? ChestView::kLateral : ChestView::kPosteroAnterior;
      const PhantomStudy study = Write(options);
      ASSERT_FALSE(study.instances.empty());
      const auto errors = ErrorLines("dciodvfy '" + study.instances[0].path.string() + "'");
      ASSERT_TRUE(errors.has_value());
      EXPECT_EQ(*errors, "") << "kind " << static_cast<int>(kind) << " randomise " << randomise;
    }
  }
}

TEST_F(PhantomStudyTest, WritesEveryTransferSyntaxItNames) {
  for (const char* syntax :
       {"implicit-le", "explicit-be", "deflated", "rle", "jpeg-lossless", "jpeg-ls"}) {
    PhantomOptions options = SmallCt();
    options.slices = 2;
    options.transfer_syntax = syntax;
    const PhantomStudy study = Write(options, syntax);
    DcmFileFormat file;
    ASSERT_FALSE(study.instances.empty());
    ASSERT_TRUE(file.loadFile(study.instances[0].path.c_str()).good()) << syntax;
    EXPECT_TRUE(file.getDataset()->tagExists(DCM_PixelData)) << syntax;
  }
}

TEST(ChestPhantom, ShiftedTracheaTouchesTheRightLungAndIsNoLung) {
  ChestParameters chest = AverageChest(1);
  chest.warp = 0.0F;
  chest.mediastinum_width = 0.5F;
  chest.trachea_shift = -18.0F;
  const ChestAnatomy anatomy(chest);
  const float y = 14.5F, z = 30.0F, axis_x = -2.0F + chest.trachea_shift;
  const float wall_x = axis_x - chest.trachea_radius - 2.0F;
  EXPECT_FLOAT_EQ(anatomy.Sample({axis_x, y, z}).value, -1000.0F);
  EXPECT_EQ(anatomy.Sample({axis_x, y, z}).label, 0);
  EXPECT_EQ(anatomy.Sample({wall_x, y, z}).label, 1);
  EXPECT_GT(anatomy.Sample({-2.0F, y, z}).value, -200.0F) << "left where it was";
}

TEST(ChestPhantom, MostRandomChestsShiftTheTrachea) {
  int shifted = 0;
  for (std::uint64_t seed = 0; seed < 100; ++seed) {
    const float shift = RandomChest(seed).trachea_shift;
    EXPECT_GE(shift, -20.0F);
    EXPECT_LT(shift, 14.0F);
    if (shift != 0.0F) ++shifted;
  }
  EXPECT_GT(shifted, 50);
  EXPECT_LT(shifted, 90);
}

}  // namespace
}  // namespace axial::phantom
