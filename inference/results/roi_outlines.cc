#include "inference/results/roi_outlines.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>
#include <span>
#include <utility>

#include "inference/results/attribute_writer.h"
#include "inference/volume/vector3.h"

namespace axial::results {
namespace {

/// Digits after the point, so that rounding moves a point by less than 1/1000 of a pixel.
int DecimalsFor(const FramePlane& plane) {
  constexpr int kFewest = 4;
  constexpr int kMost = 9;
  const double pixel_mm = std::min(Length(plane.column_step), Length(plane.row_step));
  return std::clamp(static_cast<int>(std::ceil(3 - std::log10(pixel_mm))), kFewest, kMost);
}

class OutlinePlan {
 public:
  explicit OutlinePlan(const ResultRun& run) : run_(run) {}

  Result<RoiOutlines> Make() {
    const std::vector<LabelMap>& layers = run_.findings.layers;
    std::vector<std::vector<Boxes>> boxes(layers.size());
    for (std::size_t p = 0; p < run_.frames.size(); ++p) {
      const SegmentFrame& place = run_.frames[p];
      const auto layer = static_cast<std::size_t>(place.layer);
      if (boxes[layer].empty()) boxes[layer] = BoxesOfSlices(layers[layer]);
      AXIAL_RETURN_IF_ERROR(
          AddPlace(p, boxes[layer][static_cast<std::size_t>(place.slice)][place.value]));
      if (outlines_.size() > 2 * kMaxContours || points_ > 2 * kMaxContourPoints)
        LeaveOutSmallest();
    }
    LeaveOutSmallest();
    return RoiOutlines{std::move(outlines_), pixels_left_out_};
  }

 private:
  using Boxes = std::array<PixelBox, 256>;

  static std::span<const std::uint8_t> SliceOf(const LabelMap& map, std::size_t slice) {
    const std::size_t pixels = static_cast<std::size_t>(map.geometry.size.rows) *
                               static_cast<std::size_t>(map.geometry.size.columns);
    return std::span(map.labels).subspan(slice * pixels, pixels);
  }

  static std::vector<Boxes> BoxesOfSlices(const LabelMap& map) {
    std::vector<Boxes> boxes;
    for (std::size_t slice = 0; slice < static_cast<std::size_t>(map.geometry.size.slices); ++slice)
      boxes.push_back(
          BoxesOf(SliceOf(map, slice), map.geometry.size.rows, map.geometry.size.columns));
    return boxes;
  }

  Status AddPlace(std::size_t p, const PixelBox& box) {
    const SegmentFrame& place = run_.frames[p];
    const SourceSeries& source = run_.findings.source;
    const auto slice = static_cast<std::size_t>(place.slice);
    AXIAL_ASSIGN_OR_RETURN(const FramePlane plane, PlaneOf(source.frames[slice]));
    const LabelMap& map = run_.findings.layers[static_cast<std::size_t>(place.layer)];
    const std::vector<std::uint8_t> labels = Crop(SliceOf(map, slice), source.columns, box);
    for (PlanarOutline& outline :
         PlanarOutlines(labels, box.rows, box.columns, place.value,
                        PointsThatFit(plane, source.rows, source.columns))) {
      for (ContourPoint& point : outline.points) {
        point.column += box.column;
        point.row += box.row;
      }
      points_ += outline.points.size();
      outlines_.push_back({p, std::move(outline)});
    }
    return {};
  }

  /// Until the rest is within the limits; but no region loses its largest outline.
  void LeaveOutSmallest() {
    if (outlines_.size() <= kMaxContours && points_ <= kMaxContourPoints) return;
    std::vector<std::size_t> order(outlines_.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
      return outlines_[a].outline.pixels > outlines_[b].outline.pixels;
    });
    std::vector<bool> stays(outlines_.size(), false);
    std::vector<bool> drawn(run_.findings.segments.size() + 1, false);
    std::size_t count = 0;
    std::size_t points = 0;
    for (const std::size_t i : order) {
      const auto segment = static_cast<std::size_t>(run_.frames[outlines_[i].place].segment_number);
      const std::size_t more = outlines_[i].outline.points.size();
      if (drawn[segment] && (count >= kMaxContours || points + more > kMaxContourPoints)) {
        pixels_left_out_ += outlines_[i].outline.pixels;
        continue;
      }
      drawn[segment] = stays[i] = true;
      ++count;
      points += more;
    }
    std::vector<PlacedOutline> left;
    for (std::size_t i = 0; i < outlines_.size(); ++i)
      if (stays[i]) left.push_back(std::move(outlines_[i]));
    outlines_ = std::move(left);
    points_ = points;
  }

  const ResultRun& run_;
  std::vector<PlacedOutline> outlines_;
  std::size_t points_ = 0;
  std::int64_t pixels_left_out_ = 0;
};

}  // namespace

std::string ContourData(const FramePlane& plane, const std::vector<ContourPoint>& points) {
  const double unit = std::pow(10.0, DecimalsFor(plane));
  std::string data;
  for (const ContourPoint& point : points)
    for (const double mm : plane.PointAt(point)) {
      if (!data.empty()) data += '\\';
      data += FormatDecimal(std::round(mm * unit) / unit + 0.0);
    }
  return data;
}

std::size_t PointsThatFit(const FramePlane& plane, int rows, int columns) {
  constexpr std::size_t kMaxContourBytes = 65'534;
  constexpr std::size_t kMaxCharacters = 16;
  double farthest_mm = 1;
  for (const double column : {0.0, static_cast<double>(columns)})
    for (const double row : {0.0, static_cast<double>(rows)})
      for (const double mm : plane.PointAt({column, row}))
        farthest_mm = std::max(farthest_mm, std::abs(mm));
  const auto digits = static_cast<std::size_t>(std::log10(farthest_mm)) + 1;
  const std::size_t characters =
      std::min(kMaxCharacters,
               std::string("-.").size() + digits + static_cast<std::size_t>(DecimalsFor(plane)));
  return kMaxContourBytes / (3 * (characters + 1));
}

Result<RoiOutlines> PlanRoiOutlines(const ResultRun& run) { return OutlinePlan(run).Make(); }

}  // namespace axial::results
