#include "inference/results/check_segment_bits.h"

#include <dcmtk/dcmdata/dcfcache.h>
#include <dcmtk/dcmdata/dctk.h>
#include <fmt/core.h>

#include <array>
#include <cstring>

#include "inference/results/segmentation_check.h"

namespace axial::results {
namespace {

struct ByteTables {
  std::array<std::uint64_t, 256> mask{};  ///< 0xFF where the pixel is set; first pixel lowest
  std::array<std::uint8_t, 256> ones{};
};

ByteTables MakeTables() {
  ByteTables tables;
  for (unsigned byte = 0; byte < 256; ++byte) {
    for (unsigned bit = 0; bit < 8; ++bit) {
      if ((byte >> bit & 1u) == 0) continue;
      tables.mask[byte] |= std::uint64_t{0xFF} << (8 * bit);
      ++tables.ones[byte];
    }
  }
  return tables;
}

bool HasZeroByte(std::uint64_t value) {
  return ((value - 0x0101010101010101) & ~value & 0x8080808080808080) != 0;
}

bool BitAt(const std::uint8_t* bytes, std::uint64_t bit) {
  return (bytes[bit >> 3] >> (bit & 7) & 1) != 0;
}

/// True when the bits from `first_bit` on are 1 exactly where the labels are `label`; adds the ones
/// to `ones`.
bool FrameMatches(const std::uint8_t* bytes, std::uint64_t first_bit, const std::uint8_t* labels,
                  std::size_t pixels, std::uint8_t label, std::int64_t& ones) {
  static const ByteTables kTables = MakeTables();
  const std::uint64_t pattern = std::uint64_t{label} * 0x0101010101010101;
  std::size_t i = 0;
  for (; (first_bit + i) % 8 != 0 && i < pixels; ++i) {
    const bool set = BitAt(bytes, first_bit + i);
    if (set != (labels[i] == label)) return false;
    ones += set;
  }
  const std::uint8_t* byte = bytes + (first_bit + i) / 8;
  for (; i + 8 <= pixels; i += 8, ++byte) {
    std::uint64_t eight = 0;
    std::memcpy(&eight, labels + i, 8);
    const std::uint64_t different = eight ^ pattern;
    const std::uint64_t set = kTables.mask[*byte];
    // Where a pixel is set the label is there, and nowhere else.
    if ((different & set) != 0 || HasZeroByte(different | set)) return false;
    ones += kTables.ones[*byte];
  }
  for (; i < pixels; ++i) {
    const bool set = BitAt(bytes, first_bit + i);
    if (set != (labels[i] == label)) return false;
    ones += set;
  }
  return true;
}

Error Wrong(const std::string& what) { return WrongSegmentation("Pixel Data: {}", what); }

}  // namespace

Status CheckSegmentBits(const Findings& findings, const SegmentationForm& form,
                        const std::vector<SegmentFrame>& frames, DcmDataset& dataset) {
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
    std::int64_t& found = ones[static_cast<std::size_t>(frame.segment_number - 1)];
    const std::int64_t before = found;
    if (!FrameMatches(bytes.data(), first_bit % 8, labels, frame_pixels, frame.value, found))
      return Wrong(fmt::format("segment {} on source frame {} is not the mask of the findings",
                               frame.segment_number, frame.slice + 1));
    if (found == before && !form.keep_empty_frames)
      return Wrong(fmt::format("the frame of segment {} on source frame {} is empty",
                               frame.segment_number, frame.slice + 1));
    first_bit += frame_pixels;
  }
  for (const SegmentFinding& segment : findings.segments)
    if (ones[static_cast<std::size_t>(segment.segment_number - 1)] != segment.voxels)
      return Wrong(fmt::format("segment {} lacks voxels", segment.segment_number));
  return {};
}

}  // namespace axial::results
