#pragma once

#include <cstdint>
#include <string>

#include "tests/support/phantom/projection.h"

namespace axial::phantom {

enum class PhantomKind { kCt, kMr, kDx };
enum class Plane { kAxial, kSagittal, kCoronal, kOblique };

/// What to make. Zero or empty means: the kind's default, or, with `randomise`, drawn by the seed.
struct PhantomOptions {
  PhantomKind kind = PhantomKind::kCt;
  std::uint64_t seed = 1;
  bool randomise = false;  ///< Body, disease, scanner and geometry drawn widely.

  int rows = 0;                     ///< Default 256.
  int columns = 0;                  ///< Default 256.
  int slices = 0;                   ///< Default 80 (CT), 40 (MR); DX has one image.
  float pixel_spacing_mm = 0.0F;    ///< Default: 360 mm over the larger side (MR: 240 mm).
  float slice_spacing_mm = 0.0F;    ///< Default: at most 3 mm, the lungs covered.
  float slice_thickness_mm = 0.0F;  ///< Default: the slice spacing.
  Plane plane = Plane::kAxial;
  float tilt_deg = 0.0F;  ///< CT gantry tilt: slices lean, the table still moves along z.
  float noise = -1.0F;    ///< Standard deviation; negative: default.

  // How the voxels are stored. `slope` and `intercept` apply to CT.
  bool is_signed = false;
  double slope = 1.0;
  double intercept = -1024.0;
  /// explicit-le, implicit-le, explicit-be, deflated, rle, jpeg-lossless or jpeg-ls.
  std::string transfer_syntax = "explicit-le";

  ChestView view = ChestView::kPosteroAnterior;  ///< DX.
  bool monochrome1 = false;                      ///< DX.

  // Composite context. Texts are bytes in `charset`.
  std::string charset = "ISO_IR 192";
  std::string patient_name = "Phantom^Axial";
  std::string patient_id;                ///< Default: AXIAL-PHANTOM-<seed>.
  std::string study_uid;                 ///< Default: from the seed.
  std::string series_description;        ///< Default: CHEST LUNG <thickness> (CT) and the like.
  bool shuffle_instance_numbers = true;  ///< Instance Numbers (and files) in no spatial order.
  int threads = 2;
};

}  // namespace axial::phantom
