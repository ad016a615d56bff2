#include "inference/results/follow_borders.h"

#include <array>
#include <cstdlib>
#include <limits>
#include <utility>

namespace axial::results {
namespace {

/// Along the border with the segment on the right; the order is clockwise on the screen.
enum Direction { kEast, kSouth, kWest, kNorth };

struct Step {
  int column;
  int row;
};
constexpr std::array<Step, 4> kSteps = {{{1, 0}, {0, 1}, {-1, 0}, {0, -1}}};

constexpr Direction Right(Direction d) { return static_cast<Direction>((d + 1) % 4); }
constexpr Direction Left(Direction d) { return static_cast<Direction>((d + 3) % 4); }

class BorderFollower {
 public:
  BorderFollower(std::span<const std::uint8_t> labels, int rows, int columns, std::uint8_t value)
      : labels_(labels),
        rows_(rows),
        columns_(columns),
        value_(value),
        seen_(labels.size()),
        border_at_left_(labels.size()) {}

  /// Each border has an edge that runs east, the upper edge of a pixel: those are looked for in
  /// raster order.
  std::vector<Border> FollowAll() {
    for (int row = 0; row < rows_; ++row)
      for (int column = 0; column < columns_; ++column)
        if (Inside(column, row) && !Inside(column, row - 1) && !seen_[Index(column, row)])
          Follow(column, row);
    for (std::size_t i = 0; i < borders_.size(); ++i)
      if (borders_[i].hole) FindChannel(i);
    for (std::size_t i = 0; i < borders_.size(); ++i) borders_[i].outer = OuterOf(i);
    return std::move(borders_);
  }

 private:
  struct Pixel {
    int column = std::numeric_limits<int>::max();
    int row = 0;
  };

  [[nodiscard]] std::size_t Index(int column, int row) const {
    return static_cast<std::size_t>(row) * static_cast<std::size_t>(columns_) +
           static_cast<std::size_t>(column);
  }
  [[nodiscard]] bool Inside(int column, int row) const {
    return column >= 0 && row >= 0 && column < columns_ && row < rows_ &&
           labels_[Index(column, row)] == value_;
  }

  /// From the upper edge of this pixel around to it.
  void Follow(const int first_column, const int first_row) {
    Border border;
    Pixel west_of_hole;
    std::int64_t pixels = 0;    // negative for a hole
    int column = first_column;  // of the pixel on the right
    int row = first_row;
    Direction along = kEast;
    Direction before = kEast;
    do {
      if (along == kEast) seen_[Index(column, row)] = true;
      if (along == kSouth) {
        pixels += column + 1;  // the strip to the left of the edge, one row high
        if (column < west_of_hole.column) west_of_hole = {column, row};
      }
      if (along == kNorth) {
        pixels -= column;
        border_at_left_[Index(column, row)] = static_cast<std::uint32_t>(borders_.size());
      }
      // From the pixel's centre the edge lies to the left of the way.
      const Step out = kSteps[Left(along)];
      const ContourPoint middle{column + 0.5 + 0.5 * out.column, row + 0.5 + 0.5 * out.row};
      const Direction next = Turn(along, column, row);
      if (border.points.empty() || next != along || before != along)
        border.points.push_back(middle);
      before = along;
      along = next;
    } while (!(along == kEast && column == first_column && row == first_row));
    border.hole = pixels < 0;
    border.enclosed = std::abs(pixels);
    borders_.push_back(std::move(border));
    west_.push_back(west_of_hole);
  }

  /// The direction after this edge; moves on to the pixel on the right of it.
  [[nodiscard]] Direction Turn(Direction along, int& column, int& row) const {
    const Step ahead = kSteps[along];
    const Step out = kSteps[Left(along)];
    if (!Inside(column + ahead.column, row + ahead.row)) return Right(along);
    column += ahead.column;
    row += ahead.row;
    if (!Inside(column + out.column, row + out.row)) return along;
    column += out.column;
    row += out.row;
    return Left(along);
  }

  void FindChannel(std::size_t hole) {
    const auto [column, row] = west_[hole];
    int last = column;
    while (Inside(last - 1, row)) --last;
    borders_[hole].channel_begin = {column + 1.0, row + 0.5};
    borders_[hole].channel_end = {static_cast<double>(last), row + 0.5};
    borders_[hole].channel_to = border_at_left_[Index(last, row)];
  }

  /// A hole's channel ends at a border that reaches further west: in the end the outer one.
  [[nodiscard]] std::size_t OuterOf(std::size_t border) const {
    while (borders_[border].hole) border = borders_[border].channel_to;
    return border;
  }

  std::span<const std::uint8_t> labels_;
  int rows_;
  int columns_;
  std::uint8_t value_;
  std::vector<bool> seen_;  ///< by pixel: its upper edge belongs to a border already followed
  std::vector<std::uint32_t> border_at_left_;  ///< by pixel: border that its left edge belongs to
  std::vector<Border> borders_;
  std::vector<Pixel> west_;  ///< by border: the pixel west of its westernmost edge, of a hole
};

}  // namespace

std::vector<Border> FollowBorders(std::span<const std::uint8_t> labels, int rows, int columns,
                                  std::uint8_t value) {
  return BorderFollower(labels, rows, columns, value).FollowAll();
}

}  // namespace axial::results
