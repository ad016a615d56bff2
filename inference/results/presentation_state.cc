#include "inference/results/presentation_state.h"

#include <dcmtk/dcmdata/dctk.h>
#include <fmt/core.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <filesystem>
#include <functional>
#include <map>

#include "core/base/log.h"
#include "inference/results/cie_lab.h"
#include "inference/results/contours.h"
#include "inference/results/picture_objects.h"
#include "inference/results/result_file.h"

namespace axial::results {
namespace {

using Frames = std::vector<const FrameDisplay*>;

/// Referenced Image Sequence: each Instance once, with those of its frames that are meant when they
/// are not all (PS3.3 table 10-3).
void PutImages(const SourceSeries& source, const Frames& frames, AttributeWriter& writer) {
  struct Instance {
    const SourceFrame& first;
    std::size_t frames;
    std::vector<int> numbers;
  };
  std::vector<Instance> instances;
  std::map<std::string, std::size_t> known;
  for (const FrameDisplay* display : frames) {
    const SourceFrame& frame = source.frames[static_cast<std::size_t>(display->slice)];
    const auto [place, added] = known.emplace(frame.sop_instance_uid.str(), instances.size());
    if (added) instances.push_back({frame, static_cast<std::size_t>(display->instance_frames), {}});
    instances[place->second].numbers.push_back(frame.frame_number);
  }
  for (Instance& instance : instances) {
    AttributeWriter image = writer.AddItem(DCM_ReferencedImageSequence);
    image.Put(DCM_ReferencedSOPClassUID, instance.first.sop_class_uid.str());
    image.Put(DCM_ReferencedSOPInstanceUID, instance.first.sop_instance_uid.str());
    if (!instance.first.multi_frame || instance.numbers.size() == instance.frames) continue;
    std::sort(instance.numbers.begin(), instance.numbers.end());
    image.Put(DCM_ReferencedFrameNumber, fmt::format("{}", fmt::join(instance.numbers, "\\")));
  }
}

/// The frames by what `key` says of them; those of which it says "" are in no group.
std::map<std::string, Frames> GroupBy(const SourceDisplay& display,
                                      const std::function<std::string(const FrameDisplay&)>& key) {
  std::map<std::string, Frames> groups;
  for (const FrameDisplay& frame : display.frames)
    if (std::string name = key(frame); !name.empty()) groups[std::move(name)].push_back(&frame);
  return groups;
}

void PutTable(DcmItem& table, const DcmTagKey& sequence, AttributeWriter& writer, Status& status) {
  AttributeWriter item = writer.AddItem(sequence);
  for (const DcmTagKey& tag : {DCM_LUTDescriptor, DCM_LUTData, DCM_ModalityLUTType})
    if (table.tagExists(tag) && table.findAndInsertCopyOfElement(tag, &item.item()).bad())
      status = Error(ErrorCode::kInternal, "presentation state: a table cannot be copied");
}

/// PS3.3 C.11.1: of all images; C.11.6, C.11.8.
void PutGreys(const ResultRun& run, const SourceDisplay& display, AttributeWriter& writer,
              Status& status) {
  const SourceSeries& source = run.findings.source;
  const FrameDisplay& first = display.frames.front();
  if (first.modality_table != nullptr) {
    PutTable(*first.modality_table, DCM_ModalityLUTSequence, writer, status);
  } else if (!first.slope.empty()) {
    writer.Put(DCM_RescaleIntercept, first.intercept);
    writer.Put(DCM_RescaleSlope, first.slope);
    const char* usual = source.modality == "CT" ? "HU" : "US";  // US: unspecified
    writer.Put(DCM_RescaleType, first.rescale_type.empty() ? usual : first.rescale_type);
  }
  for (const auto& [key, frames] : GroupBy(display, VoiKey)) {
    AttributeWriter voi = writer.AddItem(DCM_SoftcopyVOILUTSequence);
    if (frames.size() < display.frames.size()) PutImages(source, frames, voi);
    const FrameDisplay& frame = *frames.front();
    if (frame.voi_table != nullptr) {
      PutTable(*frame.voi_table, DCM_VOILUTSequence, voi, status);
      continue;
    }
    voi.Put(DCM_WindowCenter, frame.centre);
    voi.Put(DCM_WindowWidth, frame.width);
    if (!frame.explanation.empty()) voi.Put(DCM_WindowCenterWidthExplanation, frame.explanation);
    if (!frame.function.empty()) voi.Put(DCM_VOILUTFunction, frame.function);
  }
  writer.Put(DCM_PresentationLUTShape, first.inverted ? "INVERSE" : "IDENTITY");
}

/// PS3.3 C.10.4: the whole of each image.
void PutDisplayedAreas(const ResultRun& run, const SourceDisplay& display,
                       AttributeWriter& writer) {
  const SourceSeries& source = run.findings.source;
  const auto shape = [](const FrameDisplay& frame) {
    return frame.pixel_spacing + "|" + frame.aspect_ratio;
  };
  for (const auto& [key, frames] : GroupBy(display, shape)) {
    AttributeWriter area = writer.AddItem(DCM_DisplayedAreaSelectionSequence);
    if (frames.size() < display.frames.size()) PutImages(source, frames, area);
    area.PutSint32Array(DCM_DisplayedAreaTopLeftHandCorner, {1, 1});
    area.PutSint32Array(DCM_DisplayedAreaBottomRightHandCorner, {source.columns, source.rows});
    area.Put(DCM_PresentationSizeMode, "SCALE TO FIT");
    if (const FrameDisplay& frame = *frames.front(); !frame.pixel_spacing.empty())
      area.Put(DCM_PresentationPixelSpacing, frame.pixel_spacing);
    else
      area.Put(DCM_PresentationPixelAspectRatio, frame.aspect_ratio);
  }
}

void PutLayers(const ResultRun& run, const std::string& banner, AttributeWriter& writer) {
  int order = 0;
  const auto add = [&](const std::string& name, const std::string& description,
                       const std::array<std::uint8_t, 3>& rgb) {
    AttributeWriter layer = writer.AddItem(DCM_GraphicLayerSequence);
    layer.Put(DCM_GraphicLayer, name);
    layer.Put(DCM_GraphicLayerOrder, fmt::format("{}", ++order));
    layer.PutUint16(DCM_GraphicLayerRecommendedDisplayGrayscaleValue, 0xFFFF);
    layer.Put(DCM_GraphicLayerDescription, description);
    layer.PutUint16Array(DCM_GraphicLayerRecommendedDisplayCIELabValue, CieLab(rgb));
  };
  for (const SegmentFinding& segment : run.findings.segments)
    add(LayerOf(segment.segment_number),
        run.text.Own(segment.spec.name, 64, segment.spec.type.meaning), segment.spec.colour);
  if (!banner.empty()) add(kNoticeLayer, "Notice", {255, 200, 50});
}

/// In the upper left corner of every image, wherever it is zoomed to.
void PutNotice(const ResultRun& run, const std::string& banner, AttributeWriter& writer) {
  if (banner.empty()) return;
  AttributeWriter annotation = writer.AddItem(DCM_GraphicAnnotationSequence);
  annotation.Put(DCM_GraphicLayer, kNoticeLayer);
  AttributeWriter text = annotation.AddItem(DCM_TextObjectSequence);
  text.Put(DCM_BoundingBoxAnnotationUnits, "DISPLAY");
  text.Put(DCM_UnformattedTextValue, run.text.Own(banner, 64, "AI result, not for diagnosis"));
  text.PutFloat32Array(DCM_BoundingBoxTopLeftHandCorner, {0.02F, 0.02F});
  text.PutFloat32Array(DCM_BoundingBoxBottomRightHandCorner, {0.98F, 0.07F});
  text.Put(DCM_BoundingBoxTextHorizontalJustification, "LEFT");
}

/// PS3.3 C.10.5.1.2: the origin is the outer corner of the first pixel, as with ContourPoint.
void PutOutline(const Contour& contour, AttributeWriter& annotation) {
  std::vector<float> data;
  for (const ContourPoint& point : contour.points) {
    data.push_back(static_cast<float>(point.column));
    data.push_back(static_cast<float>(point.row));
  }
  data.insert(data.end(), {data[0], data[1]});
  AttributeWriter graphic = annotation.AddItem(DCM_GraphicObjectSequence);
  graphic.Put(DCM_GraphicAnnotationUnits, "PIXEL");
  graphic.PutUint16(DCM_GraphicDimensions, 2);
  graphic.PutUint16(DCM_NumberOfGraphicPoints, static_cast<std::uint16_t>(data.size() / 2));
  graphic.PutFloat32Array(DCM_GraphicData, data);
  graphic.Put(DCM_GraphicType, "POLYLINE");
  graphic.Put(DCM_GraphicFilled, "N");
}

/// Name and outlines of one segment on one image. Gives how many outlines were left out.
std::size_t PutAnnotation(const ResultRun& run, const SegmentFrame& place,
                          const FrameDisplay& frame, AttributeWriter& writer) {
  const SegmentFinding& segment =
      run.findings.segments[static_cast<std::size_t>(place.segment_number - 1)];
  const Contours traced = SegmentContours(run.findings, segment, place.slice);
  AttributeWriter annotation = writer.AddItem(DCM_GraphicAnnotationSequence);
  PutImages(run.findings.source, {&frame}, annotation);
  annotation.Put(DCM_GraphicLayer, LayerOf(place.segment_number));
  const std::vector<ContourPoint>& largest = traced.contours.front().points;
  const auto top = std::min_element(largest.begin(), largest.end(),
                                    [](const auto& a, const auto& b) { return a.row < b.row; });
  AttributeWriter text = annotation.AddItem(DCM_TextObjectSequence);
  text.Put(DCM_AnchorPointAnnotationUnits, "PIXEL");
  text.Put(DCM_UnformattedTextValue,
           run.text.Own(segment.spec.name, 64, segment.spec.type.meaning));
  text.PutFloat32Array(DCM_AnchorPoint,
                       {static_cast<float>(top->column), static_cast<float>(top->row)});
  text.Put(DCM_AnchorPointVisibility, "N");
  for (const Contour& contour : traced.contours) PutOutline(contour, annotation);
  return traced.left_out;
}

std::size_t PutAnnotations(const ResultRun& run, const SourceDisplay& display,
                           AttributeWriter& writer) {
  std::map<int, const FrameDisplay*> by_slice;
  for (const FrameDisplay& frame : display.frames) by_slice[frame.slice] = &frame;
  std::size_t left_out = 0;
  for (const SegmentFrame& place : run.frames)
    if (const auto frame = by_slice.find(place.slice); frame != by_slice.end() && place.voxels > 0)
      left_out += PutAnnotation(run, place, *frame->second, writer);
  return left_out;
}

void LogLeftOut(const SourceDisplay& display) {
  if (display.colour > 0)
    Log(LogLevel::kInfo, "presentation_state_without_colour_images", {{"images", display.colour}});
  if (display.different > 0)
    Log(LogLevel::kWarning, "presentation_state_without_images",
        {{"images", display.different},
         {"reason", "one state cannot say their polarity or Modality LUT beside the others'"}});
}

/// Whether a segment lies on one of the frames.
bool HasOutlines(const ResultRun& run, const SourceDisplay& display) {
  return std::any_of(run.frames.begin(), run.frames.end(), [&](const SegmentFrame& place) {
    return std::any_of(display.frames.begin(), display.frames.end(),
                       [&](const FrameDisplay& frame) { return frame.slice == place.slice; });
  });
}

}  // namespace

std::string LayerOf(int segment_number) { return fmt::format("SEGMENT_{}", segment_number); }

Result<SourceDisplay> DisplayOf(const ResultRun& run) {
  AXIAL_ASSIGN_OR_RETURN(SourceDisplay display, ReadSourceDisplay(run));
  AXIAL_RETURN_IF_ERROR(CompleteWindows(run, display));
  return display;
}

std::optional<std::string> PresentationStateVariant(const ResultRun& run,
                                                    const config::ResultProfile& profile) {
  if (!profile.also.contains(config::ExtraResult::kPresentationState) || run.frames.empty())
    return std::nullopt;
  const Result<SourceDisplay> display = ReadSourceDisplay(run);
  if (display.ok() && !HasOutlines(run, *display)) {
    LogLeftOut(*display);
    return std::nullopt;
  }
  return "outlines|" + profile.banner;  // writing tells what went wrong
}

Result<protocol::Artifact> WritePresentationState(const ResultRun& run,
                                                  const ObjectRequest& request) {
  AXIAL_ASSIGN_OR_RETURN(const SourceDisplay display, DisplayOf(run));
  LogLeftOut(display);
  const ResultIdentity identity{kPresentationStateClass, "PR", request.series_number,
                                RunUid(run, "presentation_state-series|" + request.variant)};
  DcmDataset dataset;
  AXIAL_RETURN_IF_ERROR(WriteCommonModules(run, identity, dataset));
  Status status;
  AttributeWriter writer(dataset, run.text, status);
  PutSeriesTitle(run, "outlines", writer);
  PutBodyPart(run, writer);
  AttributeWriter series = writer.AddItem(DCM_ReferencedSeriesSequence);
  series.Put(DCM_SeriesInstanceUID, run.findings.source.series_instance_uid.str());
  Frames all;
  for (const FrameDisplay& frame : display.frames) all.push_back(&frame);
  PutImages(run.findings.source, all, series);
  PutGreys(run, display, writer, status);
  PutDisplayedAreas(run, display, writer);
  PutLayers(run, request.profile.banner, writer);
  PutNotice(run, request.profile.banner, writer);
  const std::size_t left_out = PutAnnotations(run, display, writer);
  writer.Put(DCM_ContentLabel, "AI_OUTLINES");
  writer.Put(DCM_ContentDescription,
             left_out == 0 ? std::string("Outlines by AI; not reviewed")
                           : fmt::format("Outlines by AI; {} small ones left out", left_out));
  writer.Put(DCM_ContentCreatorName, "Axial^AI");
  AXIAL_RETURN_IF_ERROR(status);
  AXIAL_ASSIGN_OR_RETURN(const std::string digest, DigestOf(dataset));
  AXIAL_ASSIGN_OR_RETURN(const Uid instance,
                         WriteTimesAndInstanceUid(run, kPresentationStateKind, digest, dataset));
  writer.Put(DCM_PresentationCreationDate, TextOf(dataset, DCM_ContentDate));
  writer.Put(DCM_PresentationCreationTime, TextOf(dataset, DCM_ContentTime));
  AXIAL_RETURN_IF_ERROR(status);
  AXIAL_RETURN_IF_ERROR(SaveDataset(dataset, request.path));
  return protocol::Artifact{std::filesystem::path(request.path).filename().string(),
                            kPresentationStateKind, kPresentationStateClass,
                            identity.series_instance_uid.str(), instance.str()};
}

}  // namespace axial::results
