#include "inference/results/check_segment_bits.h"

#include <dcmtk/dcmdata/dcfcache.h>
#include <dcmtk/dcmdata/dctk.h>
#include <fmt/core.h>

#include <array>
#include <bit>
#include <cstring>
#include <map>

#include "inference/results/segmentation_check.h"

namespace axial::results {
namespace {

/// 0xFF where a byte's pixel is set; first pixel lowest.
std::array<std::uint64_t, 256> MakeMasks() {
  std::array<std::uint64_t, 256> masks{};
  for (unsigned byte = 0; byte < 256; ++byte)
    for (unsigned bit = 0; bit < 8; ++bit)
      if ((byte >> bit & 1u) != 0) masks[byte] |= std::uint64_t{0xFF} << (8 * bit);
  return masks;
}

bool BitAt(const std::uint8_t* bytes, std::uint64_t bit) {
  return (bytes[bit >> 3] >> (bit & 7) & 1) != 0;
}

constexpr std::int64_t kOutside = -1;

/// How many of the bits from `first_bit` on are 1; kOutside when one of them is where the label is
/// another one than `label`.
std::int64_t OnesInside(const std::uint8_t* bytes, std::uint64_t first_bit,
                        const std::uint8_t* labels, std::size_t pixels, std::uint8_t label) {
  static const std::array<std::uint64_t, 256> kMasks = MakeMasks();
  const std::uint64_t pattern = std::uint64_t{label} * 0x0101010101010101;
  std::int64_t ones = 0;
  bool inside = true;
  const auto look_at_bit = [&](std::size_t i) {
    if (!BitAt(bytes, first_bit + i)) return;
    ++ones;
    inside = inside && labels[i] == label;
  };
  std::size_t i = 0;
  for (; (first_bit + i) % 8 != 0 && i < pixels; ++i) look_at_bit(i);
  const std::uint8_t* byte = bytes + (first_bit + i) / 8;
  while (i + 8 <= pixels) {
    std::uint64_t word = 0;
    if (i + 64 <= pixels) std::memcpy(&word, byte, 8);
    if (i + 64 <= pixels && word == 0) {  // most of most frames
      i += 64;
      byte += 8;
      continue;
    }
    std::uint64_t eight = 0;
    std::memcpy(&eight, labels + i, 8);
    inside = inside && ((eight ^ pattern) & kMasks[*byte]) == 0;
    ones += std::popcount(*byte);
    i += 8;
    ++byte;
  }
  for (; i < pixels; ++i) look_at_bit(i);
  return inside ? ones : kOutside;
}

/// How many voxels the label maps have, by segment and slice.
using ExpectedVoxels = std::map<std::pair<int, int>, std::int64_t>;

Error Wrong(const std::string& what) { return WrongSegmentation("Pixel Data: {}", what); }

}  // namespace

Status CheckSegmentBits(const ResultRun& run, const SegmentationForm& form,
                        const std::vector<SegmentFrame>& frames, DcmDataset& dataset) {
  const Findings& findings = run.findings;
  ExpectedVoxels expected;
  for (const SegmentFrame& frame : run.frames)
    expected[{frame.segment_number, frame.slice}] = frame.voxels;
  DcmElement* pixels = nullptr;
  if (dataset.findAndGetElement(DCM_PixelData, pixels).bad()) return Wrong("missing");
  const std::size_t frame_pixels = static_cast<std::size_t>(findings.source.rows) *
                                   static_cast<std::size_t>(findings.source.columns);
  const std::uint64_t length = (std::uint64_t{frames.size()} * frame_pixels + 15) / 16 * 2;
  if (pixels->getLengthField() != length)
    return Wrong(fmt::format("{} bytes instead of {}", pixels->getLengthField(), length));
  std::vector<std::uint8_t> bytes(frame_pixels / 8 + 4);
  std::vector<std::int64_t> ones(findings.segments.size(), 0);
  DcmFileCache cache;
  std::uint64_t first_bit = 0;
  for (const SegmentFrame& frame : frames) {
    const std::uint64_t offset = first_bit / 8;
    const std::uint64_t end = (first_bit + frame_pixels + 7) / 8;
    if (pixels
            ->getPartialValue(bytes.data(), static_cast<Uint32>(offset),
                              static_cast<Uint32>(end - offset), &cache)
            .bad())
      return Wrong("cannot be read");
    const std::uint8_t* labels =
        findings.layers[static_cast<std::size_t>(frame.layer)].labels.data() +
        static_cast<std::size_t>(frame.slice) * frame_pixels;
    // All ones lie inside, and there are as many as voxels: that is the mask.
    const auto voxels = expected.find({frame.segment_number, frame.slice});
    const std::int64_t found =
        OnesInside(bytes.data(), first_bit % 8, labels, frame_pixels, frame.value);
    if (found != (voxels == expected.end() ? 0 : voxels->second))
      return Wrong(fmt::format("segment {} on source frame {} is not the mask of the findings",
                               frame.segment_number, frame.slice + 1));
    if (found == 0 && !form.keep_empty_frames)
      return Wrong(fmt::format("the frame of segment {} on source frame {} is empty",
                               frame.segment_number, frame.slice + 1));
    ones[static_cast<std::size_t>(frame.segment_number - 1)] += found;
    first_bit += frame_pixels;
  }
  for (const SegmentFinding& segment : findings.segments)
    if (ones[static_cast<std::size_t>(segment.segment_number - 1)] != segment.voxels)
      return Wrong(fmt::format("segment {} lacks voxels", segment.segment_number));
  return {};
}

}  // namespace axial::results
