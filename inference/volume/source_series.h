#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/base/result.h"
#include "core/dicom/uid.h"
#include "inference/volume/geometry.h"

namespace axial {

/// One frame of the source Series, as the results refer to it. The text of the geometry is kept as
/// the source wrote it, because results must repeat it byte for byte.
struct SourceFrame {
  std::string file;
  Uid sop_class_uid;
  Uid sop_instance_uid;
  int frame_number = 1;      ///< from 1; 1 for a single-frame Instance
  bool multi_frame = false;  ///< the Instance has Number of Frames > 1: references name the frame
  std::string image_position_patient;     ///< "x\\y\\z" or "" (CR, DX, MG)
  std::string image_orientation_patient;  ///< six values or ""
  std::string pixel_spacing;  ///< "row\\column" or "" (Imager Pixel Spacing does not count)
  std::string slice_thickness;
  double position_mm = 0;  ///< along the normal
};

/// The frames one model run looks at, in stack order (increasing position along the normal) for a
/// volume, in file order for images. One Series only.
struct SourceSeries {
  Uid study_instance_uid;
  Uid series_instance_uid;
  std::string modality;
  std::string frame_of_reference_uid;  ///< "" when absent
  int rows = 0;
  int columns = 0;
  std::vector<SourceFrame> frames;  ///< never empty
  bool lossy = false;               ///< any frame has Lossy Image Compression "01"
  /// PET Series Module (PS3.3 C.8.9.1), the same in every Instance: "" when absent or when
  /// Instances disagree, which then say nothing of the voxels.
  std::string units = {};     ///< Units (0054,1001): BQML, GML...
  std::string suv_type = {};  ///< SUV Type (0054,1006): BW, LBM...

  /// Representative Instance for the composite context (patient, study, equipment).
  [[nodiscard]] const SourceFrame& representative() const { return frames.front(); }
};

}  // namespace axial
