#pragma once

#include <cstdint>
#include <vector>

#include "inference/findings/findings.h"
#include "inference/results/segment_frames.h"
#include "inference/results/segmentation_form.h"

namespace axial::results {

/// Makes the uncompressed pixels of a Segmentation, frame by frame. Borrows the findings.
class FramePixels {
 public:
  FramePixels(const Findings& findings, const SegmentationForm& form);

  /// Appends one frame of a form that is not BINARY: [row][column], a LABELMAP's segment numbers
  /// (two bytes each, little endian, when it is wide) or a FRACTIONAL's 0..255.
  void Append(const SegmentFrame& frame, std::vector<std::uint8_t>& bytes) const;

  /// The labels of one layer on a frame's slice.
  [[nodiscard]] const std::uint8_t* Labels(int layer, int slice) const;
  [[nodiscard]] std::size_t frame_pixels() const { return frame_pixels_; }

 private:
  void AppendFractional(const SegmentFrame& frame, std::vector<std::uint8_t>& bytes) const;
  template <typename Number>
  void AppendNumbers(int slice, std::vector<std::uint8_t>& bytes) const;

  const Findings* findings_;
  SegmentationForm form_;
  std::size_t frame_pixels_;
  /// [layer][value] -> segment number.
  std::vector<std::vector<std::uint16_t>> numbers_;
};

}  // namespace axial::results
