#include "inference/results/item_encoder.h"

#include <dcmtk/dcmdata/dcostrmb.h>
#include <dcmtk/dcmdata/dctk.h>
#include <gtest/gtest.h>

#include <fstream>
#include <iterator>

#include "inference/results/write_results.h"
#include "tests/support/synthetic_results.h"
#include "tests/support/temp_dir.h"

namespace axial::results {
namespace {

using Wish = config::ResultProfile::Segmentation;

std::string Bytes(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

/// The data set of a file, read and encoded again by DCMTK.
std::string EncodedByDcmtk(const std::string& path) {
  DcmFileFormat file;
  EXPECT_TRUE(file.loadFile(path.c_str()).good());
  EXPECT_TRUE(file.loadAllDataIntoMemory().good());
  DcmDataset& dataset = *file.getDataset();
  std::string bytes(dataset.calcElementLength(EXS_LittleEndianExplicit, EET_ExplicitLength) + 1024,
                    '\0');
  DcmOutputBufferStream stream(bytes.data(), static_cast<offile_off_t>(bytes.size()));
  dataset.transferInit();
  EXPECT_TRUE(
      dataset.write(stream, EXS_LittleEndianExplicit, EET_ExplicitLength, nullptr, EGL_noChange)
          .good());
  dataset.transferEnd();
  void* start = nullptr;
  offile_off_t length = 0;
  stream.flushBuffer(start, length);
  bytes.resize(static_cast<std::size_t>(length));
  return bytes;
}

struct Source {
  const char* name;
  testing::SyntheticSource options;
  bool varying = false;  ///< spacing and orientation differ, so that each frame tells its own
};

void Change(SourceFrame& frame, std::string SourceFrame::* text, const DcmTagKey& tag,
            const std::string& value) {
  frame.*text = value;
  DcmFileFormat file;
  ASSERT_TRUE(file.loadFile(frame.file.c_str()).good());
  ASSERT_TRUE(file.getDataset()->putAndInsertOFStringArray(tag, value.c_str()).good());
  ASSERT_TRUE(file.saveFile(frame.file.c_str()).good());
}

class EncodedGroups : public ::testing::TestWithParam<std::tuple<Source, Wish>> {};

TEST_P(EncodedGroups, AreByteForByteWhatDcmtkWrites) {
  const auto& [source_case, wish] = GetParam();
  const testing::TempDir in;
  const testing::TempDir out;
  SourceSeries source = testing::WriteSource(source_case.options, in.path());
  if (source_case.varying) {
    Change(source.frames[1], &SourceFrame::pixel_spacing, DCM_PixelSpacing, "0.75\\0.505");
    Change(source.frames[2], &SourceFrame::image_orientation_patient, DCM_ImageOrientationPatient,
           "1\\0\\0\\0\\1\\0.0");
  }
  const config::ModelCard card = testing::LungCard();
  ResultOptions options{.model_digest = "digest", .gateway_version = "0.1.0", .now = {}};
  options.profiles.front().segmentation = wish;
  const auto written = WriteResults(testing::LungFindings(source, card), card, options, out.path());
  ASSERT_TRUE(written.ok()) << written.error().ToString();
  const std::string path = out.File(written->front().file);
  const std::string stored = Bytes(path);
  const std::string encoded = EncodedByDcmtk(path);
  ASSERT_GT(encoded.size(), 1000u);
  ASSERT_GT(stored.size(), encoded.size());
  EXPECT_TRUE(stored.substr(stored.size() - encoded.size()) == encoded);
}

INSTANTIATE_TEST_SUITE_P(
    Sources, EncodedGroups,
    ::testing::Combine(
        ::testing::Values(
            Source{"stack", {}}, Source{"odd", {.slices = 7, .rows = 9, .columns = 5}},
            Source{"varying", {}, true}, Source{"multi_frame", {.slices = 12, .multi_frame = true}},
            Source{"radiograph", {.modality = "DX", .slices = 1, .frame_of_reference = false}},
            Source{"oblique",
                   {.orientation = "0.8\\0.6\\0\\-0.6\\0.8\\0", .step_mm = {0.5, 0, 2}}}),
        ::testing::Values(Wish::kBinary, Wish::kLabelmap, Wish::kFractional)),
    [](const auto& form) {
      const Source& source = std::get<0>(form.param);
      const auto wish = static_cast<std::size_t>(std::get<1>(form.param));
      return std::string(source.name) + "_" + std::string(config::kSegmentationNames[wish]);
    });

class EncoderOfItems : public ::testing::Test {
 protected:
  EncoderOfItems() : text_(ResultText::For(source_, testing::LungCard())) {}

  DcmDataset source_;
  ResultText text_;
  std::vector<std::uint8_t> bytes_;
};

TEST_F(EncoderOfItems, PadsTextWithSpacesAndUidsWithZeros) {
  ItemEncoder encoder(bytes_, text_);
  encoder.Put(DCM_ReferencedSOPInstanceUID, "UI", "1.2.3");
  encoder.Put(DCM_SpatialLocationsPreserved, "CS", "YES");
  const std::vector<std::uint8_t> expected = {8,   0,   0x55, 0x11, 'U', 'I',  6,   0,    '1',
                                              '.', '2', '.',  '3',  0,   0x28, 0,   0x5A, 0x13,
                                              'C', 'S', 4,    0,    'Y', 'E',  'S', ' '};
  EXPECT_EQ(bytes_, expected);
  EXPECT_TRUE(encoder.status().ok());
}

TEST_F(EncoderOfItems, RefusesAValueThatItsLengthCannotTell) {
  ItemEncoder encoder(bytes_, text_);
  encoder.Put(DCM_ImagePositionPatient, "DS", std::string(70'000, '1'));
  ASSERT_FALSE(encoder.status().ok());
  EXPECT_EQ(encoder.status().error().code(), ErrorCode::kInvalidInput);
}

TEST_F(EncoderOfItems, TellsTheLengthOfWhatItNests) {
  ItemEncoder encoder(bytes_, text_);
  encoder.PutItem(DCM_SegmentIdentificationSequence,
                  [](ItemEncoder& item) { item.PutUint16(DCM_ReferencedSegmentNumber, 0x0102); });
  const std::vector<std::uint8_t> expected = {0x62, 0,    0x0A, 0,    'S', 'Q', 0, 0, 18,   0,
                                              0,    0,                                 // sequence
                                              0xFE, 0xFF, 0,    0xE0, 10,  0,   0, 0,  // item
                                              0x62, 0,    0x0B, 0,    'U', 'S', 2, 0, 0x02, 0x01};
  EXPECT_EQ(bytes_, expected);
}

}  // namespace
}  // namespace axial::results
