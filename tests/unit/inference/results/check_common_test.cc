#include <filesystem>
#include <functional>
#include <tuple>

#include "tests/unit/inference/results/fault_fixture.h"

namespace axial::results {
namespace {

/// What every kind of object has.
class CommonFaults : public FaultTest,
                     public ::testing::WithParamInterface<std::tuple<const char*, Fault>> {};

TEST_P(CommonFaults, AreFoundInEveryKind) {
  Write(SourceFor(On::kStack), On::kStack);
  if (HasFatalFailure()) return;
  const auto& [kind, fault] = GetParam();
  ExpectFound(kind, fault.named, fault.apply);
}

const Path kEquipment = {{DCM_ContributingEquipmentSequence, 0}};
const Path kPurpose = {{DCM_ContributingEquipmentSequence, 0},
                       {DCM_PurposeOfReferenceCodeSequence, 0}};
const Fault kCommonFaults[] = {
    {"NoCharacterSet", "", On::kStack, "SpecificCharacterSet", Remove(DCM_SpecificCharacterSet)},
    {"LyingCharacterSet", "", On::kStack, "SpecificCharacterSet",
     Set(DCM_SpecificCharacterSet, "GB18030")},
    {"AnotherStudy", "", On::kStack, "StudyInstanceUID", Set(DCM_StudyInstanceUID, "1.2.3")},
    {"AnotherPatient", "", On::kStack, "PatientID", Set(DCM_PatientID, "OTHER")},
    {"AnotherAccessionNumber", "", On::kStack, "AccessionNumber", Set(DCM_AccessionNumber, "X1")},
    {"NoSeriesDate", "", On::kStack, "SeriesDate", Remove(DCM_SeriesDate)},
    {"MadeByTheScanner", "", On::kStack, "Manufacturer", Set(DCM_Manufacturer, "Scanner works")},
    {"NoContributingEquipment", "", On::kStack, "ContributingEquipment",
     Remove(DCM_ContributingEquipmentSequence)},
    {"OldPurposeOfEquipment", "", On::kStack, "CodeValue", Set(DCM_CodeValue, "109101", kPurpose)},
    {"EquipmentOfAnotherVersion", "", On::kStack, "SoftwareVersions",
     Set(DCM_SoftwareVersions, "9", kEquipment)},
    {"EquipmentWithOtherWeights", "", On::kStack, "DeviceUID",
     Set(DCM_DeviceUID, "1.2.3", kEquipment)},
};

INSTANTIATE_TEST_SUITE_P(All, CommonFaults,
                         ::testing::Combine(::testing::Values("seg", "sr", "secondary_capture",
                                                              "rt_structure_set", "pdf",
                                                              "key_objects", "presentation_state"),
                                            ::testing::ValuesIn(kCommonFaults)),
                         [](const auto& both) {
                           return std::string(std::get<0>(both.param)) + "_" +
                                  std::get<1>(both.param).name;
                         });

/// Rows times columns leaves each rest from 1 to 7 when divided by 8.
class PackingFaults : public FaultTest,
                      public ::testing::WithParamInterface<std::pair<int, int>> {};

/// The frames' bits as a writer packs them that begins each frame at a byte.
std::vector<Uint8> AlignedToBytes(const std::vector<Uint8>& packed, std::size_t frames,
                                  std::size_t pixels) {
  std::vector<Uint8> aligned(frames * ((pixels + 7) / 8), 0);
  for (std::size_t frame = 0; frame < frames; ++frame)
    for (std::size_t pixel = 0; pixel < pixels; ++pixel) {
      const std::size_t from = frame * pixels + pixel;
      const std::size_t to = frame * ((pixels + 7) / 8) * 8 + pixel;
      if ((packed[from / 8] >> from % 8 & 1) != 0)
        aligned[to / 8] = static_cast<Uint8>(aligned[to / 8] | 1U << to % 8);
    }
  aligned.resize(aligned.size() + aligned.size() % 2, 0);
  return aligned;
}

std::vector<Uint8> MostSignificantFirst(std::vector<Uint8> bytes) {
  for (Uint8& byte : bytes) {
    Uint8 reversed = 0;
    for (unsigned bit = 0; bit < 8; ++bit)
      if ((byte >> bit & 1U) != 0) reversed = static_cast<Uint8>(reversed | 0x80U >> bit);
    byte = reversed;
  }
  return bytes;
}

TEST_P(PackingFaults, AreFound) {
  const auto [rows, columns] = GetParam();
  Write({.slices = 5, .rows = rows, .columns = columns}, On::kStack);
  if (HasFatalFailure()) return;
  const auto repack = [&](const std::function<std::vector<Uint8>(std::vector<Uint8>)>& change) {
    return [=, rows = rows, columns = columns](DcmDataset& dataset) {
      const Uint8* bytes = nullptr;
      unsigned long count = 0;
      ASSERT_TRUE(dataset.findAndGetUint8Array(DCM_PixelData, bytes, &count).good());
      const std::vector<Uint8> changed = change({bytes, bytes + count});
      ASSERT_TRUE(
          dataset.putAndInsertUint8Array(DCM_PixelData, changed.data(), changed.size()).good());
    };
  };
  const std::size_t pixels = static_cast<std::size_t>(rows) * static_cast<std::size_t>(columns);
  const std::size_t frames = 8;  // 2 segments, each missing on one of 5 slices
  const protocol::Artifact* segmentation = FirstOf("seg");
  ASSERT_NE(segmentation, nullptr);
  const std::string path = out_.File(segmentation->file);
  const std::string good = path + ".good";
  std::filesystem::copy_file(path, good);
  const auto restore = [&] {
    std::filesystem::copy_file(good, path, std::filesystem::copy_options::overwrite_existing);
  };
  const auto aligned = [=](const std::vector<Uint8>& bytes) {
    return AlignedToBytes(bytes, frames, pixels);
  };
  ExpectFound("seg", "Pixel Data", repack(aligned));  // most are too long
  restore();
  ExpectFound("seg", "is not the mask", repack([=](const std::vector<Uint8>& bytes) {
                std::vector<Uint8> cut = aligned(bytes);  // of the right length, as dcmseg's are
                cut.resize(bytes.size());
                return cut;
              }));
  restore();
  ExpectFound("seg", "is not the mask", repack(MostSignificantFirst));
}

INSTANTIATE_TEST_SUITE_P(Remainders, PackingFaults,
                         ::testing::Values(std::pair{101, 101}, std::pair{102, 103},
                                           std::pair{101, 103}, std::pair{102, 102},
                                           std::pair{101, 105}, std::pair{102, 101},
                                           std::pair{103, 105}));

}  // namespace
}  // namespace axial::results
