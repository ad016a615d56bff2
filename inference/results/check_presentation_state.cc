#include <dcmtk/dcmdata/dctk.h>
#include <fmt/core.h>

#include <algorithm>
#include <map>
#include <set>
#include <sstream>

#include "inference/results/cie_lab.h"
#include "inference/results/contours.h"
#include "inference/results/picture_objects.h"
#include "inference/results/pixels_inside.h"
#include "inference/results/presentation_state.h"
#include "inference/results/written_object.h"

namespace axial::results {
namespace {

constexpr const char* kObject = "presentation state";

template <typename... Args>
Error Wrong(fmt::format_string<Args...> format, Args&&... args) {
  return {ErrorCode::kCorrupt,
          "presentation state: " + fmt::format(format, std::forward<Args>(args)...)};
}

std::vector<DcmItem*> Items(DcmItem& item, const DcmTagKey& sequence) {
  std::vector<DcmItem*> items;
  for (unsigned long i = 0; i < ItemCount(item, sequence); ++i)
    items.push_back(ItemOf(item, sequence, static_cast<long>(i)));
  return items;
}

/// Reads one written state beside what it should say.
class StateCheck {
 public:
  StateCheck(const ResultRun& run, const SourceDisplay& display, const std::string& banner,
             DcmDataset& dataset)
      : run_(run), display_(display), banner_(banner), dataset_(dataset) {
    for (const FrameDisplay& frame : display.frames) {
      const SourceFrame& source = run.findings.source.frames[Index(frame)];
      by_slice_[frame.slice] = &frame;
      slices_of_[source.sop_instance_uid.str()][source.multi_frame ? source.frame_number : 0] =
          frame.slice;
    }
  }

  Status CheckAll() {
    AXIAL_RETURN_IF_ERROR(CheckRelationship());
    AXIAL_RETURN_IF_ERROR(CheckGreys());
    AXIAL_RETURN_IF_ERROR(CheckAreas());
    AXIAL_RETURN_IF_ERROR(CheckLayers());
    return CheckAnnotations();
  }

 private:
  static std::size_t Index(const FrameDisplay& frame) {
    return static_cast<std::size_t>(frame.slice);
  }

  /// The slices that a Referenced Image Sequence names; all of the state's when there is none.
  Result<std::set<int>> SlicesIn(DcmItem& item) {
    std::set<int> slices;
    for (DcmItem* image : Items(item, DCM_ReferencedImageSequence)) {
      const auto instance = slices_of_.find(TextOf(*image, DCM_ReferencedSOPInstanceUID));
      if (instance == slices_of_.end()) return Wrong("an image that is not in the source");
      const int any = instance->second.begin()->second;
      AXIAL_RETURN_IF_ERROR(ExpectValue(
          *image, DCM_ReferencedSOPClassUID,
          run_.findings.source.frames[static_cast<std::size_t>(any)].sop_class_uid.str(), kObject));
      std::istringstream numbers(TextOf(*image, DCM_ReferencedFrameNumber));
      std::string number;
      if (numbers.peek() == EOF)
        for (const auto& [frame, slice] : instance->second) slices.insert(slice);
      while (std::getline(numbers, number, '\\')) {
        const auto frame = instance->second.find(std::atoi(number.c_str()));
        if (number == "0" || frame == instance->second.end())
          return Wrong("frame {} is not in the source", number);
        slices.insert(frame->second);
      }
    }
    if (slices.empty())
      for (const FrameDisplay& frame : display_.frames) slices.insert(frame.slice);
    return slices;
  }

  Status CheckRelationship() {
    if (ItemCount(dataset_, DCM_ReferencedSeriesSequence) != 1) return Wrong("not of one Series");
    DcmItem& series = *ItemOf(dataset_, DCM_ReferencedSeriesSequence);
    AXIAL_RETURN_IF_ERROR(ExpectValue(series, DCM_SeriesInstanceUID,
                                      run_.findings.source.series_instance_uid.str(), kObject));
    if (ItemCount(series, DCM_ReferencedImageSequence) != slices_of_.size())
      return Wrong("{} images instead of {}", ItemCount(series, DCM_ReferencedImageSequence),
                   slices_of_.size());
    AXIAL_ASSIGN_OR_RETURN(const std::set<int> slices, SlicesIn(series));
    if (slices.size() != display_.frames.size()) return Wrong("not all frames of the source");
    return {};
  }

  Status CheckGreys() {
    const FrameDisplay& first = display_.frames.front();
    AXIAL_RETURN_IF_ERROR(ExpectValue(dataset_, DCM_PresentationLUTShape,
                                      first.inverted ? "INVERSE" : "IDENTITY", kObject));
    AXIAL_RETURN_IF_ERROR(ExpectValue(dataset_, DCM_RescaleSlope, first.slope, kObject));
    AXIAL_RETURN_IF_ERROR(ExpectValue(dataset_, DCM_RescaleIntercept, first.intercept, kObject));
    if (ItemCount(dataset_, DCM_ModalityLUTSequence) != (first.modality_table == nullptr ? 0 : 1))
      return Wrong("its Modality LUT is not the source's");
    std::map<int, int> windows;
    for (DcmItem* voi : Items(dataset_, DCM_SoftcopyVOILUTSequence)) {
      AXIAL_ASSIGN_OR_RETURN(const std::set<int> slices, SlicesIn(*voi));
      for (const int slice : slices) {
        const FrameDisplay& frame = *by_slice_.at(slice);
        ++windows[slice];
        AXIAL_RETURN_IF_ERROR(ExpectValue(*voi, DCM_WindowCenter, frame.centre, kObject));
        AXIAL_RETURN_IF_ERROR(ExpectValue(*voi, DCM_WindowWidth, frame.width, kObject));
        AXIAL_RETURN_IF_ERROR(ExpectValue(*voi, DCM_VOILUTFunction, frame.function, kObject));
        if (ItemCount(*voi, DCM_VOILUTSequence) != (frame.voi_table == nullptr ? 0 : 1))
          return Wrong("a VOI LUT is not the image's");
      }
    }
    for (const FrameDisplay& frame : display_.frames)
      if (windows[frame.slice] != (VoiKey(frame).empty() ? 0 : 1))
        return Wrong("an image has {} windows", windows[frame.slice]);
    return {};
  }

  Status CheckAreas() {
    std::map<int, int> areas;
    for (DcmItem* area : Items(dataset_, DCM_DisplayedAreaSelectionSequence)) {
      AXIAL_ASSIGN_OR_RETURN(const std::set<int> slices, SlicesIn(*area));
      AXIAL_RETURN_IF_ERROR(
          ExpectValue(*area, DCM_DisplayedAreaTopLeftHandCorner, "1\\1", kObject));
      AXIAL_RETURN_IF_ERROR(ExpectValue(
          *area, DCM_DisplayedAreaBottomRightHandCorner,
          fmt::format("{}\\{}", run_.findings.source.columns, run_.findings.source.rows), kObject));
      for (const int slice : slices) {
        const FrameDisplay& frame = *by_slice_.at(slice);
        ++areas[slice];
        const bool spaced = !frame.pixel_spacing.empty();
        AXIAL_RETURN_IF_ERROR(
            ExpectValue(*area, DCM_PresentationPixelSpacing, frame.pixel_spacing, kObject));
        AXIAL_RETURN_IF_ERROR(ExpectValue(*area, DCM_PresentationPixelAspectRatio,
                                          spaced ? "" : frame.aspect_ratio, kObject));
      }
    }
    for (const FrameDisplay& frame : display_.frames)
      if (areas[frame.slice] != 1) return Wrong("an image has {} areas", areas[frame.slice]);
    return {};
  }

  Status CheckLayers() {
    const std::vector<DcmItem*> layers = Items(dataset_, DCM_GraphicLayerSequence);
    const std::vector<SegmentFinding>& segments = run_.findings.segments;
    if (layers.size() != segments.size() + (banner_.empty() ? 0 : 1))
      return Wrong("{} layers for {} segments", layers.size(), segments.size());
    for (std::size_t i = 0; i < segments.size(); ++i) {
      AXIAL_RETURN_IF_ERROR(
          ExpectValue(*layers[i], DCM_GraphicLayer, LayerOf(segments[i].segment_number), kObject));
      const Uint16* lab = nullptr;
      unsigned long count = 0;
      layers[i]->findAndGetUint16Array(DCM_GraphicLayerRecommendedDisplayCIELabValue, lab, &count);
      if (lab == nullptr ||
          std::vector<std::uint16_t>(lab, lab + count) != CieLab(segments[i].spec.colour))
        return Wrong("segment {} has another colour", i + 1);
    }
    return {};
  }

  /// Each segment on each of its images once, and the notice.
  Status CheckAnnotations() {
    std::set<std::pair<int, int>> missing;  // segment and slice
    for (const SegmentFrame& place : run_.frames)
      if (by_slice_.contains(place.slice) && place.voxels > 0)
        missing.insert({place.segment_number, place.slice});
    bool notice = banner_.empty();
    for (DcmItem* annotation : Items(dataset_, DCM_GraphicAnnotationSequence)) {
      const std::string layer = TextOf(*annotation, DCM_GraphicLayer);
      if (layer == kNoticeLayer && ItemCount(*annotation, DCM_ReferencedImageSequence) == 0) {
        notice = true;
        continue;
      }
      AXIAL_ASSIGN_OR_RETURN(const std::set<int> slices, SlicesIn(*annotation));
      const auto place =
          std::find_if(missing.begin(), missing.end(), [&](const auto& segment_and_slice) {
            return LayerOf(segment_and_slice.first) == layer &&
                   segment_and_slice.second == *slices.begin();
          });
      if (slices.size() != 1 || place == missing.end())
        return Wrong("an annotation of {} that nothing asks for", layer);
      AXIAL_RETURN_IF_ERROR(
          CheckAnnotation(run_.findings.segments[static_cast<std::size_t>(place->first - 1)],
                          place->second, *annotation));
      missing.erase(place);
    }
    if (!missing.empty()) return Wrong("{} segments on images are not drawn", missing.size());
    if (!notice) return Wrong("the notice is missing");
    return {};
  }

  Status CheckAnnotation(const SegmentFinding& segment, int slice, DcmItem& annotation) {
    DcmItem* text = ItemOf(annotation, DCM_TextObjectSequence);
    if (text == nullptr) return Wrong("an outline without its segment's name");
    AXIAL_RETURN_IF_ERROR(
        ExpectValue(*text, DCM_UnformattedTextValue,
                    run_.text.Own(segment.spec.name, 64, segment.spec.type.meaning), kObject));
    const SourceSeries& source = run_.findings.source;
    std::vector<std::uint8_t> drawn(static_cast<std::size_t>(source.rows) *
                                    static_cast<std::size_t>(source.columns));
    const std::vector<DcmItem*> graphics = Items(annotation, DCM_GraphicObjectSequence);
    for (DcmItem* graphic : graphics) AXIAL_RETURN_IF_ERROR(Draw(*graphic, drawn));
    const Contours traced = SegmentContours(run_.findings, segment, slice);
    if (traced.contours.size() != graphics.size()) return Wrong("outlines are missing");
    const bool exact =
        traced.left_out == 0 &&
        std::all_of(traced.contours.begin(), traced.contours.end(), [](const Contour& contour) {
          return contour.tolerance_px <= ContourOptions().tolerance_px;
        });
    if (!exact) return {};  // by intent; the content's digest is still compared
    const std::uint8_t* labels =
        run_.findings.layers[static_cast<std::size_t>(segment.layer)].labels.data() +
        static_cast<std::size_t>(slice) * drawn.size();
    for (std::size_t i = 0; i < drawn.size(); ++i)
      if ((drawn[i] != 0) != (labels[i] == segment.value))
        return Wrong("the outlines of segment {} do not enclose it", segment.segment_number);
    return {};
  }

  /// Turns over what is inside.
  Status Draw(DcmItem& graphic, std::vector<std::uint8_t>& drawn) {
    AXIAL_RETURN_IF_ERROR(ExpectValue(graphic, DCM_GraphicAnnotationUnits, "PIXEL", kObject));
    AXIAL_RETURN_IF_ERROR(ExpectValue(graphic, DCM_GraphicType, "POLYLINE", kObject));
    const Float32* values = nullptr;
    unsigned long count = 0;
    Uint16 points = 0;
    graphic.findAndGetUint16(DCM_NumberOfGraphicPoints, points);
    if (graphic.findAndGetFloat32Array(DCM_GraphicData, values, &count).bad() ||
        values == nullptr || count < 8 || count != 2UL * points)
      return Wrong("Graphic Data are not {} points", points);
    const SourceSeries& source = run_.findings.source;
    std::vector<ContourPoint> outline;
    for (unsigned long i = 0; i < count; i += 2) {
      outline.push_back({values[i], values[i + 1]});
      if (!(outline.back().column >= 0 && outline.back().column <= source.columns &&
            outline.back().row >= 0 && outline.back().row <= source.rows))
        return Wrong("an outline leaves the image");
    }
    if (!(outline.front() == outline.back())) return Wrong("an outline is not closed");
    const auto columns = static_cast<std::size_t>(source.columns);
    VisitPixelsInside(outline, source.columns, [&](int row, int column) {
      drawn[static_cast<std::size_t>(row) * columns + static_cast<std::size_t>(column)] ^= 1U;
    });
    return {};
  }

  const ResultRun& run_;
  const SourceDisplay& display_;
  const std::string& banner_;
  DcmDataset& dataset_;
  std::map<int, const FrameDisplay*> by_slice_;
  std::map<std::string, std::map<int, int>> slices_of_;  ///< by Instance and frame number
};

}  // namespace

Status CheckPresentationState(const ResultRun& run, const ObjectRequest& request) {
  AXIAL_ASSIGN_OR_RETURN(const std::unique_ptr<DcmFileFormat> file,
                         ReadWrittenObject(request.path, kObject));
  DcmDataset& dataset = *file->getDataset();
  const std::pair<DcmTagKey, std::string> expected[] = {
      {DCM_SOPClassUID, kPresentationStateClass},
      {DCM_Modality, "PR"},
      {DCM_PresentationCreationDate, TextOf(dataset, DCM_ContentDate)},
      {DCM_PresentationCreationTime, TextOf(dataset, DCM_ContentTime)},
  };
  for (const auto& [tag, value] : expected)
    AXIAL_RETURN_IF_ERROR(ExpectValue(dataset, tag, value, kObject));
  AXIAL_RETURN_IF_ERROR(CheckPictureObject(run, dataset, kObject));
  AXIAL_ASSIGN_OR_RETURN(const SourceDisplay display, DisplayOf(run));
  AXIAL_RETURN_IF_ERROR(StateCheck(run, display, request.profile.banner, dataset).CheckAll());
  dataset.findAndDeleteElement(DCM_PresentationCreationDate);
  dataset.findAndDeleteElement(DCM_PresentationCreationTime);
  return CheckContentUid(run, kPresentationStateKind, dataset, kObject);
}

}  // namespace axial::results
