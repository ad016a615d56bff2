#include "inference/results/slice_drawing.h"

#include <dcmtk/dcmdata/dctk.h>
#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "inference/results/contours.h"
#include "inference/results/written_object.h"
#include "inference/volume/pixel_file.h"

namespace axial::results {
namespace {

/// The letter of the way that a direction mostly goes (PS3.3 C.7.6.1.1.1), and a second one when it
/// goes nearly as much another way.
std::string LettersOf(const std::array<double, 3>& direction) {
  constexpr std::array<const char*, 3> kPositive = {"L", "P", "H"};
  constexpr std::array<const char*, 3> kNegative = {"R", "A", "F"};
  std::array<std::size_t, 3> axes = {0, 1, 2};
  std::sort(axes.begin(), axes.end(), [&](std::size_t a, std::size_t b) {
    return std::abs(direction[a]) > std::abs(direction[b]);
  });
  std::string letters;
  for (const std::size_t axis : axes)
    if (std::abs(direction[axis]) > 0.35 && letters.size() < 2)
      letters += direction[axis] > 0 ? kPositive[axis] : kNegative[axis];
  return letters;
}

std::string OppositeOf(const std::string& letters) {
  static const std::string kLetters = "LRPAHF";
  std::string opposite;
  for (const char c : letters) {
    const std::size_t at = kLetters.find(c);
    if (at == std::string::npos) return "";  // quadrupeds have other words
    opposite += kLetters[at ^ 1U];
  }
  return opposite;
}

/// Where the right and the lower side of a frame lie.
struct Sides {
  std::string right;
  std::string bottom;
};

Sides SidesOf(const ResultRun& run, const SourceFrame& frame) {
  const std::vector<double> v = NumbersOf(frame.image_orientation_patient);
  if (v.size() == 6) return {LettersOf({v[0], v[1], v[2]}), LettersOf({v[3], v[4], v[5]})};
  // The representative Instance's own words; another Instance may lie otherwise.
  if (frame.sop_instance_uid != run.findings.source.representative().sop_instance_uid) return {};
  const std::string text = TextOf(run.source, DCM_PatientOrientation);
  const std::size_t separator = text.find('\\');
  if (separator == std::string::npos) return {};
  return {text.substr(0, separator), text.substr(separator + 1)};
}

void WriteOverPicture(const Point& at, double width, const std::string& text, double size,
                      TextStyle::Align align, Canvas& canvas) {
  if (text.empty()) return;
  TextStyle style{.size = size, .bold = true, .colour = kBlack, .align = align, .max_lines = 1};
  for (const double shift : {-1.0, 1.0}) {  // legible on white, too
    canvas.Write({at.x + shift, at.y}, width, text, style);
    canvas.Write({at.x, at.y + shift}, width, text, style);
  }
  style.colour = {1, 1, 0.75};
  canvas.Write(at, width, text, style);
}

void WriteSides(const Sides& sides, const Box& box, double size, Canvas& canvas) {
  using Align = TextStyle::Align;
  const double middle = box.y + box.height / 2 - size / 2;
  const double inset = size / 2;
  const double width = box.width - 2 * inset;
  WriteOverPicture({box.x + inset, middle}, width, sides.right, size, Align::kRight, canvas);
  WriteOverPicture({box.x + inset, middle}, width, OppositeOf(sides.right), size, Align::kLeft,
                   canvas);
  WriteOverPicture({box.x, box.y + box.height - 1.8 * size}, box.width, sides.bottom, size,
                   Align::kCentre, canvas);
  WriteOverPicture({box.x, box.y + inset}, box.width, OppositeOf(sides.bottom), size,
                   Align::kCentre, canvas);
}

void DrawOutlines(const ResultRun& run, int slice, const Picture& picture, const Box& box,
                  double line_width, Canvas& canvas) {
  const double scale_x = box.width / picture.columns;
  const double scale_y = box.height / picture.rows;
  std::vector<Point> points;
  for (const SegmentFrame& frame : run.frames) {
    if (frame.slice != slice || frame.voxels == 0) continue;
    const SegmentFinding& segment =
        run.findings.segments[static_cast<std::size_t>(frame.segment_number - 1)];
    for (const Contour& contour : SegmentContours(run.findings, segment, slice).contours) {
      points.clear();
      for (const ContourPoint& p : contour.points)
        points.push_back({box.x + p.column * scale_x, box.y + p.row * scale_y});
      canvas.Close(points, line_width, ColourOf(segment));
    }
  }
}

}  // namespace

Result<Picture> SourcePicture(const ResultRun& run, int slice) {
  const SourceFrame& frame = run.findings.source.frames[static_cast<std::size_t>(slice)];
  AXIAL_ASSIGN_OR_RETURN(PixelFile file, PixelFile::Open(frame.file));
  return file.ReadPicture(frame.frame_number - 1);
}

double ShapeOf(const Picture& picture) {
  return picture.columns / (picture.rows * picture.pixel_aspect);
}

void DrawSlice(const ResultRun& run, int slice, const Picture& picture, const Box& area,
               double line_width, Canvas& canvas) {
  const double height = std::min(area.height, area.width / ShapeOf(picture));
  const double width = height * ShapeOf(picture);
  const Box box{area.x + (area.width - width) / 2, area.y + (area.height - height) / 2, width,
                height};
  canvas.Fill(area, kBlack);
  canvas.Draw(picture, box);
  canvas.Clip(box);
  DrawOutlines(run, slice, picture, box, line_width, canvas);
  canvas.Unclip();
  const double size = std::clamp(std::max(area.height, area.width) / 36, 6.0, 24.0);
  const std::size_t count = run.findings.source.frames.size();
  WriteSides(SidesOf(run, run.findings.source.frames[static_cast<std::size_t>(slice)]), box, size,
             canvas);
  WriteOverPicture({area.x + size / 2, area.y + size / 2}, area.width,
                   fmt::format("{} of {}", slice + 1, count), size, TextStyle::Align::kLeft,
                   canvas);
}

Colour ColourOf(const SegmentFinding& segment) {
  const auto& rgb = segment.spec.colour;
  return {rgb[0] / 255.0, rgb[1] / 255.0, rgb[2] / 255.0};
}

}  // namespace axial::results
