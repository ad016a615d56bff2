#include <dcmtk/dcmdata/dcpixseq.h>
#include <dcmtk/dcmdata/dcpxitem.h>
#include <dcmtk/dcmdata/dctk.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <functional>

#include "inference/results/check_segmentation.h"
#include "tests/support/synthetic_results.h"
#include "tests/support/temp_dir.h"
#include "tests/unit/inference/results/rle_decoder.h"

/// Faults put into good Segmentations of every form but BINARY (check_results_test.cc has those):
/// the check must find each and name it.
namespace axial::results {
namespace {

using Wish = config::ResultProfile::Segmentation;

struct Form {
  const char* name;
  Wish segmentation;
  bool rle;
};

constexpr std::size_t kPixels = 13 * 17;

class CheckForms : public ::testing::TestWithParam<Form> {
 protected:
  /// Writes a good Segmentation of the form.
  void Write(bool keep_empty_frames = false) {
    config::ResultProfile& profile = options_.profiles.front();
    profile.segmentation = GetParam().segmentation;
    profile.rle = GetParam().rle;
    profile.keep_empty_frames = keep_empty_frames;
    source_ = testing::WriteSource({.slices = 5, .rows = 13, .columns = 17}, in_.path());
    findings_.emplace(testing::LungFindings(*source_, card_));
    const auto written = WriteResults(*findings_, card_, options_, out_.path());
    ASSERT_TRUE(written.ok()) << written.error().ToString();
    segmentation_ = written->front();
    path_ = out_.File(segmentation_->file);
    ASSERT_TRUE(header_.loadFile(source_->frames.front().file.c_str()).good());
    ASSERT_TRUE(Check().ok()) << Check().error().ToString();
  }

  Status Check() {
    DcmDataset& dataset = *header_.getDataset();
    const ResultRun run{*findings_, card_, options_, dataset, ResultText::For(dataset, card_), {}};
    return CheckSegmentation(
        run, {options_.profiles.front(), "", 9001, path_, segmentation_, options_.predecessors});
  }

  void Rewrite(const std::function<void(DcmDataset&)>& breaking) {
    DcmFileFormat file;
    ASSERT_TRUE(file.loadFile(path_.c_str()).good());
    ASSERT_TRUE(file.loadAllDataIntoMemory().good());
    breaking(*file.getDataset());
    const auto syntax = GetParam().rle ? EXS_RLELossless : EXS_LittleEndianExplicit;
    ASSERT_TRUE(file.saveFile(path_.c_str(), syntax, EET_ExplicitLength).good());
  }

  void ExpectNamed(const std::string& what) {
    const Status status = Check();
    ASSERT_FALSE(status.ok()) << "not noticed: " << what;
    EXPECT_EQ(status.error().code(), ErrorCode::kCorrupt);
    EXPECT_NE(status.error().message().find(what), std::string::npos) << status.error().message();
  }

  static DcmPixelSequence& Fragments(DcmDataset& dataset) {
    DcmElement* element = nullptr;
    DcmPixelSequence* fragments = nullptr;
    dataset.findAndGetElement(DCM_PixelData, element);
    auto* pixels = dynamic_cast<DcmPixelData*>(element);
    if (pixels == nullptr ||
        pixels->getEncapsulatedRepresentation(EXS_RLELossless, nullptr, fragments).bad())
      FailInvariant("no fragments", __FILE__, __LINE__);
    return *fragments;
  }

  /// Takes the last frame's groups away, and its pixels with them or not.
  static void RemoveLastFrame(DcmDataset& dataset, bool pixels_too) {
    DcmSequenceOfItems* groups = nullptr;
    ASSERT_TRUE(dataset.findAndGetSequence(DCM_PerFrameFunctionalGroupsSequence, groups).good());
    delete groups->remove(groups->card() - 1);
    const std::size_t frames = groups->card();
    dataset.putAndInsertString(DCM_NumberOfFrames, std::to_string(frames).c_str());
    if (!pixels_too) return;
    if (GetParam().rle) {
      DcmPixelItem* last = nullptr;
      ASSERT_TRUE(Fragments(dataset).remove(last, frames + 1).good());
      delete last;
      return;
    }
    const Uint8* bytes = nullptr;
    ASSERT_TRUE(dataset.findAndGetUint8Array(DCM_PixelData, bytes).good());
    std::vector<Uint8> kept(bytes, bytes + frames * kPixels);
    kept.resize(kept.size() + kept.size() % 2, 0);
    ASSERT_TRUE(dataset.putAndInsertUint8Array(DCM_PixelData, kept.data(), kept.size()).good());
  }

  /// Flips one bit of one pixel value in the file as it is.
  void FlipNative() {
    DcmFileFormat file;
    ASSERT_TRUE(file.loadFile(path_.c_str()).good());
    Sint32 frames = 0;
    ASSERT_TRUE(file.getDataset()->findAndGetSint32(DCM_NumberOfFrames, frames).good());
    const std::size_t bytes = static_cast<std::size_t>(frames) * kPixels;
    const std::size_t start = std::filesystem::file_size(path_) - bytes - bytes % 2;
    std::fstream stream(path_, std::ios::in | std::ios::out | std::ios::binary);
    const auto flip = [&](std::size_t at, std::size_t bit) {
      stream.seekg(static_cast<std::streamoff>(start + at));
      const int byte = stream.get();
      stream.seekp(static_cast<std::streamoff>(start + at));
      stream.put(static_cast<char>(byte ^ (1 << bit)));
      stream.flush();
    };
    for (std::size_t at = 0; at < bytes;
         at = at == bytes - 1 ? bytes : std::min(at + 41, bytes - 1)) {
      flip(at, at % 8);
      ExpectNamed("is not the mask");
      flip(at, at % 8);
    }
    EXPECT_TRUE(Check().ok());
  }

  /// Flips one bit of one pixel value of a fragment.
  void FlipInFragment(unsigned long number) {
    Rewrite([&](DcmDataset& dataset) {
      DcmPixelItem* item = nullptr;
      Uint8* bytes = nullptr;
      ASSERT_TRUE(Fragments(dataset).getItem(item, number).good());
      ASSERT_TRUE(item->getUint8Array(bytes).good());
      std::vector<Uint8> fragment(bytes, bytes + item->getLength());
      const auto decoded = testing::DecodeRle(fragment, kPixels);
      ASSERT_TRUE(decoded.has_value()) << "fragment " << number;
      fragment[decoded->values[decoded->values.size() / 2]] ^= 1;
      ASSERT_TRUE(item->putUint8Array(fragment.data(), fragment.size()).good());
    });
    ExpectNamed("is not the mask");
  }

  testing::TempDir in_;
  testing::TempDir out_;
  config::ModelCard card_ = testing::LungCard();
  ResultOptions options_{.model_digest = "digest", .gateway_version = "0.1.0", .now = {}};
  std::optional<SourceSeries> source_;
  std::optional<Findings> findings_;
  std::optional<protocol::Artifact> segmentation_;
  std::string path_;
  DcmFileFormat header_;
};

TEST_P(CheckForms, AFlippedBitOfAPixel) {
  Write();
  if (HasFatalFailure()) return;
  GetParam().rle ? FlipInFragment(2) : FlipNative();
}

TEST_P(CheckForms, AnotherPixelPaddingValue) {
  Write();
  const bool labelmap = GetParam().segmentation == Wish::kLabelmap;
  Rewrite([](DcmDataset& dataset) { dataset.putAndInsertUint16(DCM_PixelPaddingValue, 1); });
  ExpectNamed("PixelPaddingValue");
  Rewrite([&](DcmDataset& dataset) {
    dataset.findAndDeleteElement(DCM_PixelPaddingValue);
    if (!labelmap) dataset.putAndInsertUint16(DCM_PixelPaddingValue, 0);
  });
  ExpectNamed("PixelPaddingValue");
}

TEST_P(CheckForms, AFrameWithoutPixels) {
  Write();
  Rewrite([](DcmDataset& dataset) { RemoveLastFrame(dataset, false); });
  ExpectNamed("Pixel Data");
}

TEST_P(CheckForms, AFrameLeftOutWithItsPixels) {
  Write();
  Rewrite([](DcmDataset& dataset) { RemoveLastFrame(dataset, true); });
  ExpectNamed("lacks voxels");
}

TEST_P(CheckForms, NotAllFramesWhereEmptyOnesAreKept) {
  Write(true);
  Rewrite([](DcmDataset& dataset) { RemoveLastFrame(dataset, true); });
  ExpectNamed("instead of all");
}

TEST_P(CheckForms, AnotherTransferSyntaxInTheFileMetaInformation) {
  Write();
  std::string bytes;
  {
    std::ifstream stream(path_, std::ios::binary);
    bytes.assign(std::istreambuf_iterator<char>(stream), {});
  }
  const std::string native = UID_LittleEndianExplicitTransferSyntax;
  const std::string rle = UID_RLELosslessTransferSyntax;
  ASSERT_EQ(native.size(), rle.size());
  const std::size_t at = bytes.find((GetParam().rle ? rle : native) + '\0');
  ASSERT_NE(at, std::string::npos);
  bytes.replace(at, rle.size(), GetParam().rle ? native : rle);
  std::ofstream(path_, std::ios::binary) << bytes;
  ExpectNamed("segmentation");
}

/// A sound file, but of another syntax than was promised.
TEST_P(CheckForms, AnotherTransferSyntaxThroughout) {
  if (GetParam().rle) return;  // fragments cannot be in Implicit VR Little Endian
  Write();
  DcmFileFormat file;
  ASSERT_TRUE(file.loadFile(path_.c_str()).good());
  ASSERT_TRUE(file.loadAllDataIntoMemory().good());
  ASSERT_TRUE(file.saveFile(path_.c_str(), EXS_LittleEndianImplicit, EET_ExplicitLength).good());
  ExpectNamed("TransferSyntaxUID");
}

INSTANTIATE_TEST_SUITE_P(All, CheckForms,
                         ::testing::Values(Form{"Labelmap", Wish::kLabelmap, false},
                                           Form{"LabelmapRle", Wish::kLabelmap, true},
                                           Form{"Fractional", Wish::kFractional, false},
                                           Form{"FractionalRle", Wish::kFractional, true}),
                         [](const ::testing::TestParamInfo<Form>& one) {
                           return std::string(one.param.name);
                         });

}  // namespace
}  // namespace axial::results
