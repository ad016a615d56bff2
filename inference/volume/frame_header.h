#pragma once

#include <array>
#include <optional>
#include <string>
#include <vector>

#include "core/base/result.h"
#include "core/dicom/patient_identity.h"
#include "inference/volume/geometry.h"
#include "inference/volume/source_series.h"

namespace axial {

/// Direction cosines of the row, then of the column (PS3.3 C.7.6.2.1.1).
struct PlaneOrientation {
  Vector3 row{};
  Vector3 column{};
};

/// What is known of one frame before its pixels are decoded.
struct FrameHeader {
  SourceFrame source;  ///< position_mm not yet set
  std::optional<Vector3> position;
  std::optional<PlaneOrientation> orientation;
  std::optional<std::array<double, 2>> spacing_mm;  ///< between rows, between columns
  double slice_distance_mm = 0;  ///< Spacing Between Slices, else Slice Thickness, else 0
  int rows = 0;
  int columns = 0;
  std::string frame_type;  ///< Image Type (or Frame Type), values separated by backslash
  std::string photometric_interpretation;
  std::string frame_of_reference_uid;
};

/// One file's frames and what the Series is called.
struct InstanceFrames {
  Uid study_instance_uid;
  Uid series_instance_uid;
  std::string modality;
  bool lossy = false;
  std::vector<FrameHeader> frames;
  std::string units = {};     ///< SourceSeries::units
  std::string suv_type = {};  ///< SourceSeries::suv_type
  PatientIdentity patient = {};
};

/// Reads the header of one Instance: ReadInstanceHeader first, then single-frame attributes or the
/// functional groups (PS3.3 C.7.6.16) per frame.
/// Errors: InvalidInput (not an image, missing identification), Unsupported, Exhausted (more than
/// max_frames). Thread-safe.
[[nodiscard]] Result<InstanceFrames> ReadInstanceFrames(const std::string& file,
                                                        std::size_t max_frames);

/// The file's last path component: enough to find it, and never a folder named after a patient.
[[nodiscard]] std::string FileLabel(const std::string& file);

}  // namespace axial
