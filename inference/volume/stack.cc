#include "inference/volume/stack.h"

#include <algorithm>
#include <cmath>
#include <map>

#include "inference/volume/vector3.h"

namespace axial {
namespace {

constexpr double kCosineTolerance = 1e-3;   ///< per component, as viewers compare (OHIF)
constexpr double kSpacingTolerance = 1e-3;  ///< relative
constexpr double kSamePositionMm = 1e-3;

template <typename... Args>
Error Refuse(StackRefusal refusal, fmt::format_string<Args...> format, Args&&... args) {
  return Error(ErrorCode::kInvalidInput,
               fmt::format("not one regular stack ({}): ", StackRefusalName(refusal)) +
                   fmt::format(format, std::forward<Args>(args)...));
}

bool Near(const Vector3& a, const Vector3& b) {
  for (std::size_t i = 0; i < 3; ++i)
    if (std::abs(a[i] - b[i]) > kCosineTolerance) return false;
  return true;
}

bool SameOrientation(const FrameHeader& a, const FrameHeader& b) {
  if (a.orientation.has_value() != b.orientation.has_value()) return false;
  return !a.orientation || (Near(a.orientation->row, b.orientation->row) &&
                            Near(a.orientation->column, b.orientation->column));
}

bool HasType(const FrameHeader& frame, std::string_view value) {
  return fmt::format("\\{}\\", frame.frame_type).find(fmt::format("\\{}\\", value)) !=
         std::string::npos;
}

/// Keeps the frames for which `keep` is true; a sentence about the others, if any.
template <typename Keep>
void Retain(std::vector<FrameHeader>& frames, Keep keep, const char* what,
            std::vector<std::string>& left_out) {
  const std::size_t before = frames.size();
  std::erase_if(frames, [&](const FrameHeader& frame) { return !keep(frame); });
  if (frames.size() < before)
    left_out.push_back(
        fmt::format("{} of {} frames left out: {}", before - frames.size(), before, what));
}

/// The orientation most frames have, when it is a clear majority; otherwise all frames stay.
void LeaveOutOtherOrientations(std::vector<FrameHeader>& frames,
                               std::vector<std::string>& left_out) {
  std::size_t best = 0;
  std::size_t best_count = 0;
  for (std::size_t i = 0; i < frames.size() && best_count * 2 < frames.size(); ++i) {
    const auto same = [&](const FrameHeader& f) { return SameOrientation(f, frames[i]); };
    const auto count = static_cast<std::size_t>(std::count_if(frames.begin(), frames.end(), same));
    if (count > best_count) {
      best = i;
      best_count = count;
    }
  }
  if (best_count * 5 < frames.size() * 4 || best_count < 3) return;
  const FrameHeader reference = frames[best];
  Retain(
      frames, [&](const FrameHeader& f) { return SameOrientation(f, reference); },
      "other orientation than the main stack", left_out);
}

Status CheckAlike(const std::vector<FrameHeader>& frames) {
  const FrameHeader& first = frames.front();
  for (const FrameHeader& frame : frames) {
    if (HasType(frame, "MOSAIC") || HasType(frame, "VFRAME"))
      return Refuse(StackRefusal::kMosaic, "slices are tiled into one image");
    if (!frame.photometric_interpretation.starts_with("MONOCHROME"))
      return Refuse(StackRefusal::kColour, "{} pixels", frame.photometric_interpretation);
    if (frame.rows != first.rows || frame.columns != first.columns)
      return Refuse(StackRefusal::kDifferingSize, "{} x {} and {} x {} rows and columns",
                    first.rows, first.columns, frame.rows, frame.columns);
    if (frame.frame_of_reference_uid != first.frame_of_reference_uid)
      return Refuse(StackRefusal::kDifferingFrameOfReference, "more than one Frame of Reference");
    if (!frame.position)
      return Refuse(StackRefusal::kMissingPosition,
                    "a frame has no Image Position (Patient) of its own");
    if (!frame.orientation)
      return Refuse(StackRefusal::kMissingOrientation,
                    "Image Orientation (Patient) is missing or not two perpendicular unit vectors");
    if (!frame.spacing_mm)
      return Refuse(StackRefusal::kMissingSpacing, "Pixel Spacing is missing or not positive");
    if (!SameOrientation(frame, first))
      return Refuse(StackRefusal::kMixedOrientation, "planes of more than one orientation");
    for (std::size_t axis = 0; axis < 2; ++axis)
      if (std::abs((*frame.spacing_mm)[axis] / (*first.spacing_mm)[axis] - 1) > kSpacingTolerance)
        return Refuse(StackRefusal::kDifferingSpacing, "Pixel Spacing {} mm and {} mm",
                      (*first.spacing_mm)[axis], (*frame.spacing_mm)[axis]);
  }
  return {};
}

Status CheckDistinct(const std::vector<FrameHeader>& frames) {
  std::size_t duplicates = 0;
  for (std::size_t i = 1; i < frames.size(); ++i)
    if (frames[i].source.position_mm - frames[i - 1].source.position_mm < kSamePositionMm)
      ++duplicates;
  if (duplicates == 0) return {};
  return Refuse(StackRefusal::kDuplicatePosition,
                "{} frames at {} positions: several volumes (time points, echoes, phases) in one "
                "Series are not supported",
                frames.size(), frames.size() - duplicates);
}

/// Every frame must lie where the straight line from the first to the last puts it.
Status CheckRegular(const std::vector<FrameHeader>& frames, const Vector3& step,
                    const Vector3& normal, double tolerance) {
  const double gap_mm = Dot(step, normal);
  double worst_mm = 0;
  std::size_t worst = 0;
  for (std::size_t i = 0; i < frames.size(); ++i) {
    const Vector3 expected = *frames.front().position + static_cast<double>(i) * step;
    const double off_mm = Length(*frames[i].position - expected);
    if (off_mm > worst_mm) {
      worst_mm = off_mm;
      worst = i;
    }
  }
  if (worst_mm <= std::max(tolerance * gap_mm, 0.01)) return {};
  double smallest_mm = 1e30;
  double largest_mm = 0;
  for (std::size_t i = 1; i < frames.size(); ++i) {
    const double gap = frames[i].source.position_mm - frames[i - 1].source.position_mm;
    smallest_mm = std::min(smallest_mm, gap);
    largest_mm = std::max(largest_mm, gap);
  }
  return Refuse(StackRefusal::kIrregularGap,
                "distances between neighbouring slices run from {:.3f} to {:.3f} mm; slice {} of "
                "{} is {:.3f} mm off a regular grid",
                smallest_mm, largest_mm, worst + 1, frames.size(), worst_mm);
}

}  // namespace

std::string_view StackRefusalName(StackRefusal refusal) {
  switch (refusal) {
    case StackRefusal::kMixedOrientation:
      return "mixed_orientation";
    case StackRefusal::kDuplicatePosition:
      return "duplicate_position";
    case StackRefusal::kIrregularGap:
      return "irregular_gap";
    case StackRefusal::kDifferingSize:
      return "differing_size";
    case StackRefusal::kDifferingSpacing:
      return "differing_spacing";
    case StackRefusal::kDifferingFrameOfReference:
      return "differing_frame_of_reference";
    case StackRefusal::kMissingPosition:
      return "missing_position";
    case StackRefusal::kMissingOrientation:
      return "missing_orientation";
    case StackRefusal::kMissingSpacing:
      return "missing_spacing";
    case StackRefusal::kColour:
      return "colour";
    case StackRefusal::kMosaic:
      return "mosaic";
  }
  return "unknown";
}

std::vector<std::string> LeaveOutOtherSopClasses(std::vector<FrameHeader>& frames) {
  std::vector<std::string> left_out;
  std::map<Uid, std::size_t> counts;
  for (const FrameHeader& frame : frames) ++counts[frame.source.sop_class_uid];
  const auto best =
      std::max_element(counts.begin(), counts.end(),
                       [](const auto& a, const auto& b) { return a.second < b.second; });
  const Uid main_class = best->first;
  Retain(
      frames, [&](const FrameHeader& f) { return f.source.sop_class_uid == main_class; },
      "other SOP Class than most of the Series", left_out);
  return left_out;
}

std::vector<std::string> LeaveOutForeignFrames(std::vector<FrameHeader>& frames) {
  std::vector<std::string> left_out = LeaveOutOtherSopClasses(frames);
  const auto is_localizer = [](const FrameHeader& f) { return HasType(f, "LOCALIZER"); };
  if (!std::all_of(frames.begin(), frames.end(), is_localizer))
    Retain(frames, [&](const FrameHeader& f) { return !is_localizer(f); }, "localizer", left_out);
  LeaveOutOtherOrientations(frames, left_out);
  return left_out;
}

Result<Geometry> BuildStack(std::vector<FrameHeader>& frames, double position_tolerance) {
  AXIAL_RETURN_IF_ERROR(CheckAlike(frames));
  const PlaneOrientation& plane = *frames.front().orientation;
  const Vector3 normal = Unit(Cross(plane.row, plane.column));
  for (FrameHeader& frame : frames) frame.source.position_mm = Dot(*frame.position, normal);
  std::stable_sort(frames.begin(), frames.end(), [](const FrameHeader& a, const FrameHeader& b) {
    return a.source.position_mm < b.source.position_mm;
  });
  AXIAL_RETURN_IF_ERROR(CheckDistinct(frames));
  const FrameHeader& first = frames.front();
  Geometry geometry;
  geometry.size = {static_cast<int>(frames.size()), first.rows, first.columns};
  geometry.origin = *first.position;
  geometry.row_step = (*first.spacing_mm)[0] * first.orientation->column;
  geometry.column_step = (*first.spacing_mm)[1] * first.orientation->row;
  if (frames.size() == 1) {
    geometry.slice_step = (first.slice_distance_mm > 0 ? first.slice_distance_mm : 1.0) * normal;
    return geometry;
  }
  geometry.slice_step =
      (1.0 / static_cast<double>(frames.size() - 1)) * (*frames.back().position - *first.position);
  AXIAL_RETURN_IF_ERROR(CheckRegular(frames, geometry.slice_step, normal, position_tolerance));
  return geometry;
}

}  // namespace axial
