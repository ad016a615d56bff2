#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "core/base/result.h"
#include "tests/support/phantom/phantom_image.h"
#include "tests/support/phantom/phantom_options.h"

namespace axial::phantom {

/// One DICOM file of a phantom study.
struct PhantomInstance {
  std::filesystem::path path;
  std::string sop_instance_uid;
  int slice = 0;  ///< Index into the truth and the image.
  int instance_number = 0;
};

/// A phantom study on disk with all that is known about it.
struct PhantomStudy {
  std::string study_uid;
  std::string series_uid;
  std::string sop_class_uid;
  std::vector<PhantomInstance> instances;  ///< In order of `slice`.
  std::filesystem::path truth_json;
  std::filesystem::path truth_raw;  ///< uint8 [slice][row][column]; empty for DX.
  std::vector<LabelTruth> truth;    ///< Volumes in mm3, means of the stored (quantised) values.
  VoxelImage image;                 ///< Values as a reader gets them back (HU for CT), and labels.
};

/// Writes one study of one series into `directory` (made if absent): PhantomInstance files named by
/// a shuffled number, `truth.json`, and `truth.raw` with the slice order named in the json.
/// The files hold every Attribute their IOD asks for (CT, MR, Digital X-Ray - For Presentation).
/// The same options give the same bytes. Errors: InvalidInput (options), Unavailable (disk).
[[nodiscard]] Result<PhantomStudy> WritePhantomStudy(const PhantomOptions& options,
                                                     const std::filesystem::path& directory);

/// Writes the image without DICOM into `directory`: `image.raw` (int16 little endian, HU for CT),
/// `truth.raw` (uint8), `truth.json` (shape, spacing, labels). Errors: Unavailable (disk).
[[nodiscard]] Status WriteRawPhantom(const PhantomOptions& options,
                                     const std::filesystem::path& directory);

}  // namespace axial::phantom
