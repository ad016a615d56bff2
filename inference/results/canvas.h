#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.h"
#include "inference/volume/picture.h"

namespace axial::results {

/// sRGB and opacity, 0..1.
struct Colour {
  double red = 0;
  double green = 0;
  double blue = 0;
  double opacity = 1;
};

inline constexpr Colour kBlack{0, 0, 0};
inline constexpr Colour kWhite{1, 1, 1};

/// A place on a canvas: pixels of an image, or points (1/72 inch) of a page; y downwards.
struct Box {
  double x = 0;
  double y = 0;
  double width = 0;
  double height = 0;
};

struct Point {
  double x = 0;
  double y = 0;
};

struct TextStyle {
  enum class Align { kLeft, kCentre, kRight };

  double size = 12;  ///< of the letters, pixels or points
  bool bold = false;
  Colour colour = kWhite;
  Align align = Align::kLeft;
  int max_lines = 100;  ///< what does not fit ends with an ellipsis
};

/// What a page's file says about itself.
struct PageInfo {
  std::string title;
  std::string created;  ///< ISO 8601, "2026-01-31T12:00:00"
};

/// A drawing surface for pictures and text in any script: shaped, from right to left where the
/// script goes so, with the fonts of the system (Cairo and Pango). Failures of single steps are
/// kept and told by the Take functions. Not thread-safe; different canvases are independent.
class Canvas {
 public:
  /// An RGB image filled with black. Errors: NotFound (no font is installed), Exhausted.
  [[nodiscard]] static Result<Canvas> ForImage(int width, int height);
  /// A white page of PDF. Errors: as ForImage.
  [[nodiscard]] static Result<Canvas> ForPage(double width, double height, const PageInfo& info);

  Canvas(Canvas&&) noexcept;
  Canvas& operator=(Canvas&&) noexcept;
  ~Canvas();

  void Fill(const Box& box, const Colour& colour);
  void Outline(const Box& box, double line_width, const Colour& colour);
  /// One closed line.
  void Close(std::span<const Point> points, double line_width, const Colour& colour);
  /// The picture stretched over `box`, smoothly.
  void Draw(const Picture& picture, const Box& box);
  /// Nothing outside `box` is drawn until Unclip.
  void Clip(const Box& box);
  void Unclip();

  /// Writes UTF-8 (what is not becomes U+FFFD; at most the first 2,000 bytes) into a column of
  /// `width`, breaking lines. Returns the height it took.
  double Write(const Point& top_left, double width, std::string_view utf8, const TextStyle& style);
  /// The height Write would take.
  [[nodiscard]] double HeightOf(double width, std::string_view utf8, const TextStyle& style);
  /// The width of the longest line when no line is broken.
  [[nodiscard]] double WidthOf(std::string_view utf8, const TextStyle& style);

  /// How many characters were drawn as a box with their code, because no font has them.
  [[nodiscard]] int missing_glyphs() const;

  /// [row][column][3] of an image canvas. Errors: Internal (a step failed), Exhausted.
  [[nodiscard]] Result<std::vector<std::uint8_t>> TakeImage();
  /// The file of a page canvas. Errors: as TakeImage.
  [[nodiscard]] Result<std::string> TakePage();

 private:
  struct State;
  explicit Canvas(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace axial::results
