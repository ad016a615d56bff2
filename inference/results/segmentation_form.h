#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "config/result_profile.h"
#include "inference/findings/findings.h"
#include "inference/results/segment_frames.h"

namespace axial::results {

/// How one Segmentation stores its segments (PS3.3 C.8.20.2, Segmentation Type).
struct SegmentationForm {
  enum class Type { kBinary, kLabelmap, kFractional };

  Type type = Type::kBinary;
  bool keep_empty_frames = false;
  bool rle = false;            ///< RLE Lossless (PS3.5 annex G); never for BINARY
  bool probabilities = false;  ///< FRACTIONAL: as the model gave them; otherwise 0 and 255
  bool wide = false;           ///< LABELMAP: 16 bits per pixel, for more than 255 segments

  [[nodiscard]] int BitsAllocated() const {
    if (type == Type::kBinary) return 1;
    return wide ? 16 : 8;
  }
  [[nodiscard]] const char* SopClass() const;
  [[nodiscard]] const char* SegmentationType() const;  ///< "BINARY", "LABELMAP", "FRACTIONAL"
  [[nodiscard]] const char* TransferSyntax() const;    ///< UID
  /// NO, YES or, for probabilities of several segments, UNDEFINED.
  [[nodiscard]] const char* Overlap(bool segments_overlap, std::size_t segments) const;
  /// "labelmap-rle": equal names are equal objects.
  [[nodiscard]] std::string Name() const;
};

/// Maximum Fractional Value: what stands for certainty.
inline constexpr int kMaximumFractionalValue = 255;

/// What a profile's Segmentation looks like, and why that is not what the profile asks for.
struct ChosenForm {
  SegmentationForm form;
  std::string reason;  ///< "" when it is
};

/// The form that `profile` (which wants a Segmentation) gets: what it asks for, where the findings
/// allow it. A LABELMAP has one label per pixel, so that overlapping segments become BINARY; so
/// does what would need more than 4 GiB of uncompressed Pixel Data. A model without probabilities
/// gives a FRACTIONAL of 0 and 255.
[[nodiscard]] ChosenForm ChooseForm(const Findings& findings, const config::ResultProfile& profile);

/// The frames of a form in the order of storing: by segment and position, a LABELMAP's by position.
/// `planned`: of PlanSegmentFrames, not empty.
[[nodiscard]] std::vector<SegmentFrame> FramesOf(const SegmentationForm& form,
                                                 const Findings& findings,
                                                 const std::vector<SegmentFrame>& planned);

}  // namespace axial::results
