#include "inference/results/check_segment_values.h"

#include <dcmtk/dcmdata/dcfcache.h>
#include <dcmtk/dcmdata/dcpixseq.h>
#include <dcmtk/dcmdata/dcpxitem.h>
#include <dcmtk/dcmdata/dcrledrg.h>
#include <dcmtk/dcmdata/dctk.h>

#include <algorithm>
#include <mutex>

#include "inference/results/segmentation_check.h"

namespace axial::results {
namespace {

/// Reads frame after frame as numbers.
class StoredFrames {
 public:
  StoredFrames(DcmDataset& dataset, const SegmentationForm& form, std::size_t frame_pixels)
      : dataset_(dataset), form_(form), frame_pixels_(frame_pixels) {}

  Status Open(std::size_t frames) {
    DcmElement* element = nullptr;
    if (dataset_.findAndGetElement(DCM_PixelData, element).good())
      pixels_ = dynamic_cast<DcmPixelData*>(element);
    if (pixels_ == nullptr) return WrongSegmentation("Pixel Data: missing");
    return form_.rle ? OpenFragments(frames) : CheckLength(frames);
  }

  Status Read(std::size_t frame, std::vector<std::uint16_t>& numbers) {
    const std::size_t bytes = FrameBytes();
    buffer_.resize(bytes + bytes % 2);
    const bool read = form_.rle ? ReadFragment(frame) : ReadNative(frame);
    if (!read) return WrongSegmentation("Pixel Data: frame {} cannot be read", frame + 1);
    numbers.resize(frame_pixels_);
    for (std::size_t i = 0; i < frame_pixels_; ++i)
      numbers[i] = form_.wide ? static_cast<std::uint16_t>(buffer_[2 * i] | buffer_[2 * i + 1] << 8)
                              : buffer_[i];
    return {};
  }

 private:
  [[nodiscard]] std::size_t FrameBytes() const { return frame_pixels_ * (form_.wide ? 2 : 1); }

  Status CheckLength(std::size_t frames) {
    const std::uint64_t bytes = std::uint64_t{frames} * FrameBytes();
    if (pixels_->getLengthField() == bytes + bytes % 2) return {};
    return WrongSegmentation("Pixel Data: {} bytes instead of {}", pixels_->getLengthField(),
                             bytes + bytes % 2);
  }

  Status OpenFragments(std::size_t frames) {
    static std::once_flag once;
    std::call_once(once, [] { DcmRLEDecoderRegistration::registerCodecs(); });
    if (pixels_->getEncapsulatedRepresentation(EXS_RLELossless, nullptr, fragments_).bad())
      return WrongSegmentation("Pixel Data: not RLE Lossless");
    if (fragments_->card() != frames + 1)
      return WrongSegmentation("Pixel Data: {} fragments for {} frames", fragments_->card() - 1,
                               frames);
    return {};
  }

  bool ReadNative(std::size_t frame) {
    return pixels_
        ->getPartialValue(buffer_.data(), static_cast<Uint32>(frame * FrameBytes()),
                          static_cast<Uint32>(FrameBytes()), &cache_)
        .good();
  }

  bool ReadFragment(std::size_t frame) {
    Uint32 fragment = static_cast<Uint32>(frame + 1);
    OFString colour;
    if (pixels_
            ->getUncompressedFrame(&dataset_, static_cast<Uint32>(frame), fragment, buffer_.data(),
                                   static_cast<Uint32>(buffer_.size()), colour, &cache_)
            .bad())
      return false;
    DcmPixelItem* item = nullptr;  // what has been looked at need not stay in memory
    if (fragments_->getItem(item, static_cast<unsigned long>(frame + 1)).good()) item->compact();
    return true;
  }

  DcmDataset& dataset_;
  const SegmentationForm& form_;
  const std::size_t frame_pixels_;
  DcmPixelData* pixels_ = nullptr;
  DcmPixelSequence* fragments_ = nullptr;
  DcmFileCache cache_;
  std::vector<std::uint8_t> buffer_;
};

/// What the findings say about one pixel of one frame, looked up voxel by voxel.
class ExpectedFrames {
 public:
  ExpectedFrames(const Findings& findings, const SegmentationForm& form, std::size_t frame_pixels)
      : findings_(findings), form_(form), frame_pixels_(frame_pixels) {}

  [[nodiscard]] bool Matches(const SegmentFrame& frame, const std::vector<std::uint16_t>& numbers) {
    const std::size_t first = static_cast<std::size_t>(frame.slice) * frame_pixels_;
    if (form_.type == SegmentationForm::Type::kLabelmap) return MatchesLabels(first, numbers);
    return form_.probabilities ? MatchesProbability(frame, numbers)
                               : MatchesMask(frame, first, numbers);
  }

 private:
  /// A number is a segment that has the voxel; 0: no layer has it.
  bool MatchesLabels(std::size_t first, const std::vector<std::uint16_t>& numbers) {
    for (std::size_t i = 0; i < numbers.size(); ++i) {
      const std::uint16_t number = numbers[i];
      if (number > findings_.segments.size()) return false;
      for (std::size_t layer = 0; layer < findings_.layers.size(); ++layer) {
        const std::uint8_t label = findings_.layers[layer].labels[first + i];
        const bool here =
            number > 0 && static_cast<std::size_t>(findings_.segments[number - 1u].layer) == layer;
        if (label != (here ? findings_.segments[number - 1u].value : 0)) return false;
      }
    }
    return true;
  }

  bool MatchesMask(const SegmentFrame& frame, std::size_t first,
                   const std::vector<std::uint16_t>& numbers) {
    const std::vector<std::uint8_t>& labels =
        findings_.layers[static_cast<std::size_t>(frame.layer)].labels;
    for (std::size_t i = 0; i < numbers.size(); ++i)
      if (numbers[i] != (labels[first + i] == frame.value ? kMaximumFractionalValue : 0))
        return false;
    return true;
  }

  bool MatchesProbability(const SegmentFrame& frame, const std::vector<std::uint16_t>& numbers) {
    const std::vector<std::uint8_t>& slice =
        findings_.probabilities[static_cast<std::size_t>(frame.segment_number - 1)]
            .slices[static_cast<std::size_t>(frame.slice)];
    if (slice.empty())
      return std::all_of(numbers.begin(), numbers.end(), [](auto number) { return number == 0; });
    return std::equal(numbers.begin(), numbers.end(), slice.begin(), slice.end());
  }

  const Findings& findings_;
  const SegmentationForm& form_;
  const std::size_t frame_pixels_;
};

/// Sums over all frames: of a segment's voxels or, for probabilities, of its values.
using Sums = std::vector<std::int64_t>;

/// Returns whether the frame has anything.
bool Count(const SegmentationForm& form, const SegmentFrame& frame,
           const std::vector<std::uint16_t>& numbers, Sums& sums) {
  std::int64_t something = 0;
  for (const std::uint16_t number : numbers) {
    if (number == 0) continue;
    ++something;
    if (form.type == SegmentationForm::Type::kLabelmap)
      ++sums[number - 1u];
    else
      sums[static_cast<std::size_t>(frame.segment_number - 1)] += form.probabilities ? number : 1;
  }
  return something > 0;
}

Status CheckSums(const Findings& findings, const SegmentationForm& form, const Sums& sums) {
  for (std::size_t s = 0; s < sums.size(); ++s) {
    std::int64_t expected = findings.segments[s].voxels;
    if (form.probabilities) {
      expected = 0;
      for (const std::vector<std::uint8_t>& slice : findings.probabilities[s].slices)
        for (const std::uint8_t value : slice) expected += value;
    }
    if (sums[s] != expected) return WrongSegmentation("Pixel Data: segment {} lacks voxels", s + 1);
  }
  return {};
}

}  // namespace

Status CheckSegmentValues(const Findings& findings, const SegmentationForm& form,
                          const std::vector<SegmentFrame>& frames, DcmDataset& dataset) {
  const std::size_t frame_pixels = static_cast<std::size_t>(findings.source.rows) *
                                   static_cast<std::size_t>(findings.source.columns);
  StoredFrames stored(dataset, form, frame_pixels);
  AXIAL_RETURN_IF_ERROR(stored.Open(frames.size()));
  ExpectedFrames expected(findings, form, frame_pixels);
  Sums sums(findings.segments.size(), 0);
  std::vector<std::uint16_t> numbers;
  for (std::size_t f = 0; f < frames.size(); ++f) {
    AXIAL_RETURN_IF_ERROR(stored.Read(f, numbers));
    if (!expected.Matches(frames[f], numbers))
      return WrongSegmentation("Pixel Data: frame {} is not the mask of the findings", f + 1);
    if (!Count(form, frames[f], numbers, sums) && !form.keep_empty_frames)
      return WrongSegmentation("Pixel Data: frame {} is empty", f + 1);
  }
  return CheckSums(findings, form, sums);
}

}  // namespace axial::results
