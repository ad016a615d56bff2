#include "inference/results/frame_pixels.h"

#include <bit>
#include <cstring>

namespace axial::results {

static_assert(std::endian::native == std::endian::little, "numbers are written as they lie");

FramePixels::FramePixels(const Findings& findings, const SegmentationForm& form)
    : findings_(&findings),
      form_(form),
      frame_pixels_(static_cast<std::size_t>(findings.source.rows) *
                    static_cast<std::size_t>(findings.source.columns)),
      numbers_(findings.layers.size(), std::vector<std::uint16_t>(256, 0)) {
  for (const SegmentFinding& segment : findings.segments)
    numbers_[static_cast<std::size_t>(segment.layer)][segment.value] =
        static_cast<std::uint16_t>(segment.segment_number);
}

const std::uint8_t* FramePixels::Labels(int layer, int slice) const {
  return findings_->layers[static_cast<std::size_t>(layer)].labels.data() +
         static_cast<std::size_t>(slice) * frame_pixels_;
}

void FramePixels::Append(const SegmentFrame& frame, std::vector<std::uint8_t>& bytes) const {
  if (form_.type == SegmentationForm::Type::kFractional)
    AppendFractional(frame, bytes);
  else if (form_.wide)
    AppendNumbers<std::uint16_t>(frame.slice, bytes);
  else
    AppendNumbers<std::uint8_t>(frame.slice, bytes);
}

void FramePixels::AppendFractional(const SegmentFrame& frame,
                                   std::vector<std::uint8_t>& bytes) const {
  const std::size_t start = bytes.size();
  if (form_.probabilities) {
    const ProbabilityMap& map =
        findings_->probabilities[static_cast<std::size_t>(frame.segment_number - 1)];
    const std::vector<std::uint8_t>& slice = map.slices[static_cast<std::size_t>(frame.slice)];
    bytes.insert(bytes.end(), slice.begin(), slice.end());
    bytes.resize(start + frame_pixels_, 0);  // an empty slice
    return;
  }
  bytes.resize(start + frame_pixels_);
  const std::uint8_t* labels = Labels(frame.layer, frame.slice);
  for (std::size_t i = 0; i < frame_pixels_; ++i)
    bytes[start + i] = labels[i] == frame.value ? kMaximumFractionalValue : 0;
}

template <typename Number>
void FramePixels::AppendNumbers(int slice, std::vector<std::uint8_t>& bytes) const {
  std::vector<Number> pixels(frame_pixels_, 0);
  for (std::size_t layer = 0; layer < numbers_.size(); ++layer) {
    const std::uint8_t* labels = Labels(static_cast<int>(layer), slice);
    const std::vector<std::uint16_t>& numbers = numbers_[layer];
    // Segments of a LABELMAP share no voxel: at most one layer says something.
    for (std::size_t i = 0; i < frame_pixels_; ++i)
      pixels[i] = static_cast<Number>(pixels[i] | numbers[labels[i]]);
  }
  const auto* raw = reinterpret_cast<const std::uint8_t*>(pixels.data());
  bytes.insert(bytes.end(), raw, raw + pixels.size() * sizeof(Number));
}

}  // namespace axial::results
