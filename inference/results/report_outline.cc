#include "inference/results/report_outline.h"

#include <dcmtk/dcmdata/dctk.h>

#include <charconv>

#include "inference/results/pixels_inside.h"
#include "inference/results/result_run.h"
#include "inference/results/written_object.h"

namespace axial::results {
namespace {

Error Wrong(const std::string& what) { return {ErrorCode::kCorrupt, "report: outline: " + what}; }

/// The frame that the outline's one child names.
Result<int> SliceOf(const SourceSeries& source, DcmItem& item) {
  DcmItem* image =
      ItemCount(item, DCM_ContentSequence) == 1 ? ItemOf(item, DCM_ContentSequence) : nullptr;
  DcmItem* reference = image == nullptr ? nullptr : ItemOf(*image, DCM_ReferencedSOPSequence);
  if (reference == nullptr || TextOf(*image, DCM_RelationshipType) != "SELECTED FROM")
    return Wrong("not on one image");
  const std::string instance = TextOf(*reference, DCM_ReferencedSOPInstanceUID);
  const std::string number = TextOf(*reference, DCM_ReferencedFrameNumber);
  for (std::size_t i = 0; i < source.frames.size(); ++i) {
    const SourceFrame& frame = source.frames[i];
    const std::string expected = frame.multi_frame ? fmt::format("{}", frame.frame_number) : "";
    if (instance == frame.sop_instance_uid.str() && number == expected) return static_cast<int>(i);
  }
  return Wrong("on an image that is not in the source");
}

}  // namespace

Result<ReportOutline> ReadOutline(const SourceSeries& source, DcmItem& item) {
  if (TextOf(item, DCM_GraphicType) != "POLYLINE") return Wrong("not a POLYLINE");
  const Float32* values = nullptr;
  unsigned long count = 0;
  if (item.findAndGetFloat32Array(DCM_GraphicData, values, &count).bad() || values == nullptr ||
      count % 2 != 0 || count < 8)
    return Wrong("fewer than three points");
  ReportOutline outline;
  for (unsigned long i = 0; i < count; i += 2) {
    const ContourPoint point{values[i], values[i + 1]};
    if (!(point.column >= 0 && point.row >= 0 && point.column <= source.columns &&
          point.row <= source.rows))
      return Wrong("a point beyond the image");
    outline.points.push_back(point);
  }
  if (!(outline.points.front() == outline.points.back())) return Wrong("not closed");
  AXIAL_ASSIGN_OR_RETURN(outline.slice, SliceOf(source, item));
  return outline;
}

PixelsInside CountInside(const Findings& findings, const SegmentFinding& segment,
                         const ReportOutline& outline) {
  const LabelMap& layer = findings.layers[static_cast<std::size_t>(segment.layer)];
  const int columns = layer.geometry.size.columns;
  const std::uint8_t* frame =
      layer.labels.data() + outline.frame() * static_cast<std::size_t>(layer.geometry.size.rows) *
                                static_cast<std::size_t>(columns);
  PixelsInside inside;
  VisitPixelsInside(outline.points, columns, [&](int row, int column) {
    ++inside.all;
    if (frame[static_cast<std::size_t>(row) * static_cast<std::size_t>(columns) +
              static_cast<std::size_t>(column)] == segment.value)
      ++inside.of_segment;
  });
  return inside;
}

std::vector<ContourPoint> WholeImage(const SourceSeries& source) {
  const auto right = static_cast<double>(source.columns);
  const auto bottom = static_cast<double>(source.rows);
  return {{0, 0}, {right, 0}, {right, bottom}, {0, bottom}};
}

std::size_t FrameToShow(const SourceSeries& source, const ClassificationFinding& answer) {
  if (answer.frame_index >= 0) return static_cast<std::size_t>(answer.frame_index);
  return source.frames.size() / 2;
}

double PixelAreaMm2(const SourceFrame& frame) {
  const std::string& spacing = frame.pixel_spacing;
  const std::size_t split = spacing.find('\\');
  if (split == std::string::npos) return 0;
  const auto number = [](std::string text) {
    text.erase(0, text.find_first_not_of(" +"));
    double value = 0;
    std::from_chars(text.data(), text.data() + text.size(), value);
    return value;
  };
  return number(spacing.substr(0, split)) * number(spacing.substr(split + 1));
}

}  // namespace axial::results
