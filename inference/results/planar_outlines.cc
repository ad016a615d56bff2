#include "inference/results/planar_outlines.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <unordered_map>
#include <utility>

#include "core/base/result.h"
#include "inference/results/follow_borders.h"
#include "inference/results/simplify_outline.h"

namespace axial::results {
namespace {

/// Below sqrt(1/8) no pixel centre changes sides (ContourOptions::tolerance_px).
constexpr double kTolerancePx = 0.35;

/// Joins the holes of a frame's borders to the outlines around them.
class HoleJoiner {
 public:
  explicit HoleJoiner(const std::vector<Border>& borders)
      : borders_(borders), chains_(borders.size()) {
    for (std::size_t i = 0; i < borders.size(); ++i) {
      if (!borders[i].hole) continue;
      joints_[Key(borders[i].channel_begin)] = {i, true};
      joints_[Key(borders[i].channel_end)] = {i, false};
      chains_[i].joined = chains_[borders[i].channel_to].joined = true;
    }
    for (std::size_t i = 0; i < borders.size(); ++i)
      if (chains_[i].joined) MakeChain(i);
  }

  /// The outer border with the way around everything that is joined to it, simplified.
  [[nodiscard]] std::vector<ContourPoint> OutlineOf(std::size_t outer) const {
    if (!chains_[outer].joined) {
      std::vector<ContourPoint> points = borders_[outer].points;
      SimplifyOutline(points, kTolerancePx, std::numeric_limits<std::size_t>::max());
      return points;
    }
    std::vector<ContourPoint> points;
    std::vector<std::size_t> fixed = {0};
    const auto stop_at = [&](const ContourPoint& point) {
      if (!points.empty()) fixed.push_back(points.size());
      points.push_back(point);
    };
    std::vector<Walk> walks = {{outer, 0, chains_[outer].nodes.size()}};
    while (!walks.empty()) {
      Walk& walk = walks.back();
      if (walk.left == 0) {  // around
        const Border& border = borders_[walk.border];
        if (border.hole) {
          stop_at(border.channel_begin);
          stop_at(border.channel_end);
        }
        walks.pop_back();
        continue;
      }
      const std::vector<Node>& nodes = chains_[walk.border].nodes;
      const Node& node = nodes[walk.next];
      walk.next = (walk.next + 1) % nodes.size();
      --walk.left;
      if (node.joint.hole == kNone) {
        points.push_back(node.point);
        continue;
      }
      stop_at(node.point);
      if (!node.joint.begin)
        walks.push_back({node.joint.hole, chains_[node.joint.hole].begin,
                         chains_[node.joint.hole].nodes.size()});
    }
    return SimplifyBetween(points, fixed, kTolerancePx);
  }

 private:
  static constexpr std::size_t kNone = std::numeric_limits<std::size_t>::max();

  /// One end of a hole's channel.
  struct Joint {
    std::size_t hole = kNone;
    bool begin = false;  ///< at the hole itself
  };
  struct Node {
    ContourPoint point;
    Joint joint = {};
  };
  /// A border with the ends of channels among its points.
  struct Chain {
    bool joined = false;
    std::vector<Node> nodes = {};
    std::size_t begin = 0;  ///< a hole: where its own channel begins
  };
  struct Walk {
    std::size_t border;
    std::size_t next;
    std::size_t left;
  };

  static std::int64_t Key(const ContourPoint& point) {
    return (static_cast<std::int64_t>(point.row) << 32) + static_cast<std::int64_t>(point.column);
  }

  /// Channels end at middles of vertical edges, where a column is a whole number.
  void AddIfJoint(Chain& chain, const ContourPoint& point, bool always) const {
    Node node{point};
    if (point.column == std::floor(point.column))
      if (const auto found = joints_.find(Key(point)); found != joints_.end())
        node.joint = found->second;
    if (node.joint.begin) chain.begin = chain.nodes.size();
    if (always || node.joint.hole != kNone) chain.nodes.push_back(node);
  }

  void MakeChain(std::size_t border) {
    const std::vector<ContourPoint>& points = borders_[border].points;
    for (std::size_t i = 0; i < points.size(); ++i) {
      AddIfJoint(chains_[border], points[i], true);
      const ContourPoint& next = points[(i + 1) % points.size()];
      if (next.column != points[i].column) continue;
      const double step = next.row > points[i].row ? 1 : -1;
      for (double row = points[i].row + step; row != next.row; row += step)
        AddIfJoint(chains_[border], {next.column, row}, false);
    }
  }

  const std::vector<Border>& borders_;
  std::unordered_map<std::int64_t, Joint> joints_;
  std::vector<Chain> chains_;
};

/// A part of the frame that is outlined by itself: 1 is inside.
struct Piece {
  std::vector<std::uint8_t> mask;
  PixelBox box;
};

/// The pixels that are connected with the one at `first`, over edges.
Piece ConnectedPiece(const Piece& piece, std::size_t first) {
  Piece connected{std::vector<std::uint8_t>(piece.mask.size()), piece.box};
  const auto columns = static_cast<std::size_t>(piece.box.columns);
  std::vector<std::size_t> open = {first};
  connected.mask[first] = 1;
  const auto visit = [&](std::size_t pixel) {
    if (piece.mask[pixel] == 0 || connected.mask[pixel] != 0) return;
    connected.mask[pixel] = 1;
    open.push_back(pixel);
  };
  while (!open.empty()) {
    const std::size_t pixel = open.back();
    open.pop_back();
    if (pixel % columns > 0) visit(pixel - 1);
    if (pixel % columns + 1 < columns) visit(pixel + 1);
    if (pixel >= columns) visit(pixel - columns);
    if (pixel + columns < piece.mask.size()) visit(pixel + columns);
  }
  return connected;
}

/// Adds the halves of what a piece holds, cut across its longer side.
void Halve(const Piece& piece, std::vector<Piece>& pieces) {
  const PixelBox used = BoxesOf(piece.mask, piece.box.rows, piece.box.columns)[1];
  PixelBox first = used;
  PixelBox second = used;
  if (used.rows >= used.columns) {
    first.rows = used.rows / 2;
    second.row += first.rows;
    second.rows -= first.rows;
  } else {
    first.columns = used.columns / 2;
    second.column += first.columns;
    second.columns -= first.columns;
  }
  for (PixelBox half : {second, first}) {  // the first is taken from the end first
    std::vector<std::uint8_t> mask = Crop(piece.mask, piece.box.columns, half);
    half.row += piece.box.row;
    half.column += piece.box.column;
    pieces.push_back({std::move(mask), half});
  }
}

/// Where an outline begins, above its first pixel in raster order: the position of that pixel.
std::size_t PixelBelow(const ContourPoint& first, int columns) {
  return static_cast<std::size_t>(first.row) * static_cast<std::size_t>(columns) +
         static_cast<std::size_t>(first.column);
}

/// The frame's pixels with `value`.
Piece PieceWith(std::span<const std::uint8_t> labels, int rows, int columns, std::uint8_t value) {
  Piece piece{{labels.begin(), labels.end()}, {0, 0, rows, columns}};
  for (std::uint8_t& label : piece.mask) label = label == value ? 1 : 0;
  return piece;
}

/// PlanarOutlines of what `whole` holds.
std::vector<PlanarOutline> OutlinesOf(Piece whole, std::size_t max_points) {
  constexpr std::size_t kFewestPoints = 8;  // of one pixel 4, and of two at most 6
  AXIAL_INVARIANT(max_points >= kFewestPoints);
  std::vector<Piece> pieces;
  pieces.push_back(std::move(whole));
  std::vector<PlanarOutline> outlines;
  while (!pieces.empty()) {
    const Piece piece = std::move(pieces.back());
    pieces.pop_back();
    const std::vector<Border> borders =
        FollowBorders(piece.mask, piece.box.rows, piece.box.columns, 1);
    const HoleJoiner joiner(borders);
    std::vector<std::int64_t> pixels(borders.size(), 0);
    for (const Border& border : borders)
      pixels[border.outer] += border.hole ? -border.enclosed : border.enclosed;
    for (std::size_t i = 0; i < borders.size(); ++i) {
      if (borders[i].hole) continue;
      std::vector<ContourPoint> points = joiner.OutlineOf(i);
      if (points.size() > max_points) {
        Halve(ConnectedPiece(piece, PixelBelow(borders[i].points.front(), piece.box.columns)),
              pieces);
        continue;
      }
      for (ContourPoint& point : points) {
        point.column += piece.box.column;
        point.row += piece.box.row;
      }
      outlines.push_back({std::move(points), pixels[i]});
    }
  }
  std::stable_sort(
      outlines.begin(), outlines.end(),
      [](const PlanarOutline& a, const PlanarOutline& b) { return a.pixels > b.pixels; });
  return outlines;
}

}  // namespace

std::array<PixelBox, 256> BoxesOf(std::span<const std::uint8_t> labels, int rows, int columns) {
  std::array<PixelBox, 256> boxes{};
  const std::uint8_t* label = labels.data();
  for (int row = 0; row < rows; ++row)
    for (int column = 0; column < columns; ++column, ++label) {
      PixelBox& box = boxes[*label];
      if (box.rows == 0) {
        box = {row, column, 1, 1};
        continue;
      }
      box.rows = row - box.row + 1;
      const int end = std::max(box.column + box.columns, column + 1);
      box.column = std::min(box.column, column);
      box.columns = end - box.column;
    }
  return boxes;
}

std::vector<std::uint8_t> Crop(std::span<const std::uint8_t> labels, int columns,
                               const PixelBox& box) {
  std::vector<std::uint8_t> cropped;
  cropped.reserve(static_cast<std::size_t>(box.rows) * static_cast<std::size_t>(box.columns));
  for (int row = box.row; row < box.row + box.rows; ++row) {
    const auto line =
        labels.subspan(static_cast<std::size_t>(row) * static_cast<std::size_t>(columns) +
                           static_cast<std::size_t>(box.column),
                       static_cast<std::size_t>(box.columns));
    cropped.insert(cropped.end(), line.begin(), line.end());
  }
  return cropped;
}

std::vector<PlanarOutline> PlanarOutlines(std::span<const std::uint8_t> labels, int rows,
                                          int columns, std::uint8_t value, std::size_t max_points) {
  return OutlinesOf(PieceWith(labels, rows, columns, value), max_points);
}

std::vector<PlanarOutline> OutlinesOfPart(std::span<const std::uint8_t> labels, int rows,
                                          int columns, const ContourPoint& first,
                                          std::size_t max_points) {
  const std::size_t seed = PixelBelow(first, columns);
  AXIAL_INVARIANT(seed < labels.size() && labels[seed] != 0);
  const Piece frame = PieceWith(labels, rows, columns, labels[seed]);
  return OutlinesOf(ConnectedPiece(frame, seed), max_points);
}

}  // namespace axial::results
