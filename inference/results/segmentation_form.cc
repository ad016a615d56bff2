#include "inference/results/segmentation_form.h"

#include <fmt/core.h>

#include <set>

#include "inference/results/result_file.h"
#include "inference/results/result_run.h"

namespace axial::results {
namespace {

using Type = SegmentationForm::Type;

constexpr std::size_t kByteSegments = 255;  // that one byte can number

std::uint64_t Multiply(std::initializer_list<std::uint64_t> factors) {
  std::uint64_t product = 1;
  for (const std::uint64_t factor : factors) product *= factor;
  return product;
}

/// Upper bound of the uncompressed pixels.
std::uint64_t LargestPixelBytes(const SegmentationForm& form, const Findings& findings) {
  const SourceSeries& source = findings.source;
  const std::uint64_t per_slice = form.type == Type::kLabelmap ? 1 : findings.segments.size();
  return Multiply({static_cast<std::uint64_t>(source.rows),
                   static_cast<std::uint64_t>(source.columns), source.frames.size(), per_slice,
                   static_cast<std::uint64_t>(form.BitsAllocated() / 8)});
}

/// At least one frame of them; a threshold may lie below what one step of 255 can tell from 0.
bool HasProbabilities(const Findings& findings) {
  for (const ProbabilityMap& map : findings.probabilities)
    for (const std::vector<std::uint8_t>& slice : map.slices)
      if (!slice.empty()) return true;
  return false;
}

std::vector<SegmentFrame> LabelmapFrames(const Findings& findings,
                                         const std::vector<SegmentFrame>& planned, bool all) {
  std::set<int> slices;
  for (const SegmentFrame& frame : planned) slices.insert(frame.slice);
  std::vector<SegmentFrame> frames;
  for (int slice = 0; slice < static_cast<int>(findings.source.frames.size()); ++slice)
    if (all || slices.contains(slice)) frames.push_back({.slice = slice});
  return frames;
}

}  // namespace

const char* SegmentationForm::SopClass() const {
  return type == Type::kLabelmap ? kLabelMapSegmentationClass : kSegmentationClass;
}

const char* SegmentationForm::SegmentationType() const {
  switch (type) {
    case Type::kBinary:
      return "BINARY";
    case Type::kLabelmap:
      return "LABELMAP";
    case Type::kFractional:
      return "FRACTIONAL";
  }
  FailInvariant("segmentation type", __FILE__, __LINE__);
}

const char* SegmentationForm::TransferSyntax() const {
  return rle ? "1.2.840.10008.1.2.5" : "1.2.840.10008.1.2.1";
}

const char* SegmentationForm::Overlap(bool segments_overlap, std::size_t segments) const {
  if (probabilities && segments > 1) return "UNDEFINED";
  return segments_overlap ? "YES" : "NO";
}

std::string SegmentationForm::Name() const {
  const auto position = static_cast<std::size_t>(type);
  return fmt::format("{}{}{}{}", config::kSegmentationNames[position],
                     probabilities ? "-probability" : "", keep_empty_frames ? "-all" : "",
                     rle ? "-rle" : "");
}

ChosenForm ChooseForm(const Findings& findings, const config::ResultProfile& profile) {
  using Wish = config::ResultProfile::Segmentation;
  const SegmentationForm binary{.keep_empty_frames = profile.keep_empty_frames};
  SegmentationForm form = binary;
  if (profile.segmentation == Wish::kBinary) return {form, ""};
  form.rle = profile.rle;
  if (profile.segmentation == Wish::kLabelmap) {
    form.type = Type::kLabelmap;
    form.wide = findings.segments.size() > kByteSegments;
    if (SegmentsOverlap(findings)) return {binary, "segments overlap, a LABELMAP cannot hold them"};
  } else {
    form.type = Type::kFractional;
    form.probabilities = HasProbabilities(findings);
  }
  if (!form.rle && LargestPixelBytes(form, findings) > kMaxPixelBytes)
    return {binary, fmt::format("a {} may need more than 4 GiB", form.SegmentationType())};
  return {form, ""};
}

std::vector<SegmentFrame> FramesOf(const SegmentationForm& form, const Findings& findings,
                                   const std::vector<SegmentFrame>& planned) {
  if (form.type == Type::kLabelmap)
    return LabelmapFrames(findings, planned, form.keep_empty_frames);
  if (!form.probabilities && !form.keep_empty_frames) return planned;
  std::vector<SegmentFrame> frames;
  auto next = planned.begin();  // in the same order
  for (std::size_t s = 0; s < findings.segments.size(); ++s) {
    const SegmentFinding& segment = findings.segments[s];
    for (std::size_t slice = 0; slice < findings.source.frames.size(); ++slice) {
      SegmentFrame frame{segment.segment_number, segment.layer, segment.value,
                         static_cast<int>(slice)};
      if (next != planned.end() && next->segment_number == frame.segment_number &&
          next->slice == frame.slice)
        frame = *next++;
      if (form.keep_empty_frames || !findings.probabilities[s].slices[slice].empty())
        frames.push_back(frame);
    }
  }
  return frames;
}

}  // namespace axial::results
