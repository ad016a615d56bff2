#include "inference/results/legend.h"

#include <fmt/core.h>

#include <algorithm>
#include <set>

#include "core/base/log.h"
#include "inference/results/failure_words.h"
#include "inference/results/picture_text.h"
#include "inference/results/slice_drawing.h"

namespace axial::results {
namespace {

constexpr double kSize = 13;
constexpr double kGap = 8;
constexpr Colour kAlarm{1, 0.45, 0.4};
constexpr Colour kFaint{0.72, 0.74, 0.78};

/// Segments, those on the slice first.
std::vector<const SegmentFinding*> SegmentsFor(const ResultRun& run, int slice) {
  std::set<int> here;
  for (const SegmentFrame& frame : run.frames)
    if (frame.slice == slice) here.insert(frame.segment_number);
  std::vector<const SegmentFinding*> segments;
  for (const bool on_slice : {true, false})
    for (const SegmentFinding& segment : run.findings.segments)
      if (here.contains(segment.segment_number) == on_slice) segments.push_back(&segment);
  return segments;
}

class Column {
 public:
  Column(const Box& box, Canvas& canvas) : box_(box), canvas_(canvas) {}

  void Skip(double height) { box_.y += height, box_.height -= height; }
  /// False when it does not fit: then nothing is written.
  bool Write(const std::string& text, const TextStyle& style, double indent = 0) {
    if (text.empty()) return true;
    const double height = canvas_.HeightOf(box_.width - indent, text, style);
    if (height > box_.height) return false;
    canvas_.Write({box_.x + indent, box_.y}, box_.width - indent, text, style);
    Skip(height);
    return true;
  }
  [[nodiscard]] const Box& rest() const { return box_; }
  Canvas& canvas() { return canvas_; }

 private:
  Box box_;
  Canvas& canvas_;
};

bool WriteSegment(const SegmentFinding& segment, Column& column) {
  constexpr double kIndent = 20;
  const Box rest = column.rest();
  if (rest.height < 4 * kSize) return false;
  column.canvas().Fill({rest.x, rest.y + 2, 12, 12}, ColourOf(segment));
  column.canvas().Outline({rest.x, rest.y + 2, 12, 12}, 1, kFaint);
  column.Write(segment.spec.name, {.size = kSize, .bold = true, .max_lines = 1}, kIndent);
  if (!segment.measurements.empty())
    column.Write(MeasurementText(segment.measurements.front()),
                 {.size = kSize - 1, .colour = kFaint, .max_lines = 1}, kIndent);
  column.Skip(4);
  return true;
}

}  // namespace

double WriteBanner(const std::string& banner, const Box& box, double size, Canvas& canvas) {
  if (banner.empty()) return 0;
  const TextStyle style{.size = size,
                        .bold = true,
                        .colour = kBlack,
                        .align = TextStyle::Align::kCentre,
                        .max_lines = 4};
  const double inset = size / 2;
  const double height = canvas.HeightOf(box.width - 2 * inset, banner, style) + 2 * inset;
  canvas.Fill({box.x, box.y, box.width, height}, {1, 0.78, 0.2});
  canvas.Write({box.x + inset, box.y + inset}, box.width - 2 * inset, banner, style);
  return height;
}

double WriteMissingGlyphs(const Point& at, double width, double size, const Colour& colour,
                          Canvas& canvas) {
  if (canvas.missing_glyphs() == 0) return 0;
  Log(LogLevel::kWarning, "characters_without_font",
      {{"characters", canvas.missing_glyphs()}, {"remedy", "install a font that has them"}});
  return canvas.Write(
      at, width,
      fmt::format("{} characters cannot be shown: no font has them.", canvas.missing_glyphs()),
      {.size = size, .colour = colour});
}

void WriteLegend(const ResultRun& run, const std::string& banner, int slice, const Box& box,
                 Canvas& canvas) {
  Column column(box, canvas);
  if (const double height = WriteBanner(banner, box, kSize + 1, canvas); height > 0)
    column.Skip(height + kGap);
  column.Write(AlgorithmTitle(run.card), {.size = kSize + 2, .bold = true, .max_lines = 2});
  column.Write(run.card.algorithm.manufacturer,
               {.size = kSize - 1, .colour = kFaint, .max_lines = 1});
  if (Notice(run.card) != banner)
    column.Write(Notice(run.card), {.size = kSize - 1, .colour = kFaint, .max_lines = 3});
  column.Skip(kGap);
  for (const ClassificationFinding& answer : run.findings.classifications)
    if (answer.frame_index < 0 || answer.frame_index == slice)
      column.Write(AnswerText(answer), {.size = kSize, .max_lines = 3});
  // Before the segments, which may be too many: that something is missing must not be left out.
  for (const std::string& text : NotFoundTexts(run)) {
    column.Write(text, {.size = kSize, .colour = {1, 0.85, 0.5}, .max_lines = 8});
    column.Skip(4);
  }
  column.Skip(kGap);
  const std::vector<const SegmentFinding*> segments = SegmentsFor(run, slice);
  for (std::size_t i = 0; i < segments.size(); ++i) {
    if (WriteSegment(*segments[i], column)) continue;
    column.Write(fmt::format("and {} more", segments.size() - i),
                 {.size = kSize, .colour = kFaint});
    break;
  }
  WriteMissingGlyphs({column.rest().x, column.rest().y}, box.width, kSize - 1, kFaint, canvas);
}

void WriteFailurePanel(const ResultRun& run, const std::string& banner, const Box& box,
                       Canvas& canvas) {
  Column column(box, canvas);
  if (const double height = WriteBanner(banner, box, kSize + 1, canvas); height > 0)
    column.Skip(height + 2 * kGap);
  column.Write(FailureTitle(run),
               {.size = 2 * kSize, .bold = true, .colour = kAlarm, .max_lines = 3});
  column.Write(run.card.algorithm.manufacturer, {.size = kSize, .colour = kFaint, .max_lines = 1});
  column.Skip(2 * kGap);
  column.Write(FailureStatement(run), {.size = kSize + 5, .bold = true, .max_lines = 5});
  column.Skip(2 * kGap);
  column.Write(FailureReason(run), {.size = kSize + 3, .max_lines = 7});
  WriteMissingGlyphs({column.rest().x, column.rest().y}, box.width, kSize - 1, kFaint, canvas);
}

}  // namespace axial::results
