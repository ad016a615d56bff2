#include "inference/results/check_report_groups.h"

#include <dcmtk/dcmdata/dctk.h>
#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <map>
#include <set>

#include "inference/results/report_groups.h"
#include "inference/results/report_outline.h"
#include "inference/results/report_regions.h"
#include "inference/results/written_object.h"

namespace axial::results {
namespace {

template <typename... Args>
Error Wrong(fmt::format_string<Args...> format, Args&&... args) {
  return Error(ErrorCode::kCorrupt, "report: " + fmt::format(format, std::forward<Args>(args)...));
}

Status Expect(DcmItem& item, const DcmTagKey& tag, const std::string& expected) {
  return ExpectValue(item, tag, expected, "report");
}

std::string TemplateOf(DcmItem& group) {
  DcmItem* content_template = ItemOf(group, DCM_ContentTemplateSequence);
  return content_template == nullptr ? "" : TextOf(*content_template, DCM_TemplateIdentifier);
}

std::string CodeOf(DcmItem& item) {
  DcmItem* code = ItemOf(item, DCM_ConceptCodeSequence);
  if (code == nullptr) return "";
  return TextOf(*code, code->tagExists(DCM_CodeValue) ? DCM_CodeValue : DCM_LongCodeValue);
}

std::vector<DcmItem*> NumbersIn(DcmItem& group) {
  std::vector<DcmItem*> numbers = ChildrenOf(group, "");
  std::erase_if(numbers, [](DcmItem* item) { return TextOf(*item, DCM_ValueType) != "NUM"; });
  return numbers;
}

/// TID 4019 below `item`: exactly the algorithm in Contributing Equipment.
Status CheckAlgorithm(DcmItem& item, DcmItem& equipment) {
  AXIAL_ASSIGN_OR_RETURN(DcmItem * name, OnlyChild(item, "111001"));
  AXIAL_ASSIGN_OR_RETURN(DcmItem * version, OnlyChild(item, "111003"));
  AXIAL_RETURN_IF_ERROR(Expect(*name, DCM_TextValue, TextOf(equipment, DCM_ManufacturerModelName)));
  return Expect(*version, DCM_TextValue, TextOf(equipment, DCM_SoftwareVersions));
}

/// What every group has: identifiers, alone within its template, and the algorithm, as have its
/// measurements.
Status CheckGroup(DcmItem& group, DcmItem& equipment, std::set<std::string>& tracking_uids) {
  AXIAL_ASSIGN_OR_RETURN(DcmItem * identifier, OnlyChild(group, "112039"));
  AXIAL_ASSIGN_OR_RETURN(DcmItem * uid, OnlyChild(group, "112040"));
  if (TextOf(*identifier, DCM_TextValue).empty() || TextOf(*uid, DCM_UID).empty())
    return Wrong("Tracking Identifier or UID has no value");
  if (!tracking_uids.insert(TemplateOf(group) + " " + TextOf(*uid, DCM_UID)).second)
    return Wrong("two groups have Tracking UID {}", TextOf(*uid, DCM_UID));
  AXIAL_RETURN_IF_ERROR(CheckAlgorithm(group, equipment));
  for (DcmItem* number : NumbersIn(group))
    AXIAL_RETURN_IF_ERROR(CheckAlgorithm(*number, equipment));
  return {};
}

/// The observer is the algorithm's device (TID 1004).
Status CheckObserver(DcmItem& dataset, DcmItem& equipment) {
  const std::pair<const char*, DcmTagKey> texts[] = {{"121013", DCM_ManufacturerModelName},
                                                     {"121014", DCM_Manufacturer},
                                                     {"121015", DCM_ManufacturerModelName}};
  for (const auto& [code, tag] : texts) {
    AXIAL_ASSIGN_OR_RETURN(DcmItem * item, OnlyChild(dataset, code));
    AXIAL_RETURN_IF_ERROR(Expect(*item, DCM_TextValue, TextOf(equipment, tag)));
  }
  AXIAL_ASSIGN_OR_RETURN(DcmItem * uid, OnlyChild(dataset, "121012"));
  return Expect(*uid, DCM_UID, TextOf(equipment, DCM_DeviceUID));
}

Status CheckMeasurements(const SegmentFinding& segment, DcmItem& group) {
  std::multiset<std::string> expected;
  for (const Measurement& measurement : segment.measurements)
    expected.insert(measurement.quantity.value + "=" + FormatMeasuredValue(measurement.value) +
                    " " + measurement.unit.value);
  std::multiset<std::string> found;
  for (DcmItem* number : NumbersIn(group)) {
    AXIAL_ASSIGN_OR_RETURN(std::string text, NumberOf(*number));
    found.insert(std::move(text));
  }
  if (found != expected)
    return Wrong("measurements of segment {} are not those found", segment.segment_number);
  return {};
}

/// "code" or "code|side or part" of the group's Finding Sites.
std::vector<std::string> SitesIn(DcmItem& group) {
  std::vector<std::string> sites;
  for (DcmItem* item : ChildrenOf(group, "363698007")) {
    sites.push_back(CodeOf(*item));
    for (DcmItem* modifier : ChildrenOf(*item, ""))
      sites.back().append("|").append(CodeOf(*modifier));
  }
  return sites;
}

std::vector<std::string> SitesOf(const config::SegmentSpec& spec) {
  const std::optional<CodedConcept> site = FindingSiteOf(spec);
  if (!site) return {};
  return {spec.modifier ? fmt::format("{}|{}", site->value, spec.modifier->value) : site->value};
}

Status CheckFinding(const SegmentFinding& segment, DcmItem& group) {
  AXIAL_ASSIGN_OR_RETURN(DcmItem * finding, OnlyChild(group, "121071"));
  AXIAL_ASSIGN_OR_RETURN(DcmItem * category, OnlyChild(group, "276214006"));
  if (CodeOf(*finding) != segment.spec.type.value ||
      CodeOf(*category) != segment.spec.category.value)
    return Wrong("segment {} has another finding", segment.segment_number);
  if (SitesIn(group) != SitesOf(segment.spec))
    return Wrong("segment {} has another finding site or side", segment.segment_number);
  return {};
}

Status CheckReference(const SegmentFinding& segment, const protocol::Artifact& segmentation,
                      DcmItem& group) {
  const std::vector<DcmItem*> segments = ChildrenOf(group, "121191");
  DcmItem* reference =
      segments.size() == 1 ? ItemOf(*segments.front(), DCM_ReferencedSOPSequence) : nullptr;
  if (reference == nullptr)
    return Wrong("segment {} without Referenced Segment", segment.segment_number);
  AXIAL_RETURN_IF_ERROR(
      Expect(*reference, DCM_ReferencedSOPInstanceUID, segmentation.sop_instance_uid));
  AXIAL_RETURN_IF_ERROR(Expect(*reference, DCM_ReferencedSOPClassUID, segmentation.sop_class_uid));
  return Expect(*reference, DCM_ReferencedSegmentNumber, fmt::format("{}", segment.segment_number));
}

/// By segment number: slices on which the segment has voxels and how many, from the label maps
/// themselves.
using SegmentSlices = std::map<int, std::map<int, std::int64_t>>;

SegmentSlices CountVoxels(const Findings& findings) {
  SegmentSlices slices;
  for (std::size_t i = 0; i < findings.layers.size(); ++i) {
    const LabelMap& layer = findings.layers[i];
    const GridSize& size = layer.geometry.size;
    const std::size_t pixels =
        static_cast<std::size_t>(size.rows) * static_cast<std::size_t>(size.columns);
    for (int slice = 0; slice < size.slices; ++slice) {
      std::array<std::int64_t, 256> voxels{};
      const std::uint8_t* frame = layer.labels.data() + static_cast<std::size_t>(slice) * pixels;
      for (std::size_t pixel = 0; pixel < pixels; ++pixel) ++voxels[frame[pixel]];
      for (const SegmentFinding& segment : findings.segments)
        if (segment.layer == static_cast<int>(i) && voxels[segment.value] > 0)
          slices[segment.segment_number][slice] = voxels[segment.value];
    }
  }
  return slices;
}

/// Gives the slices on which a segment is outlined.
Status CheckOutlinesOf(const ResultRun& run, const SegmentFinding& segment, DcmItem& group,
                       std::set<int>& drawn) {
  for (DcmItem* item : ChildrenOf(group, "111030")) {
    AXIAL_ASSIGN_OR_RETURN(const ReportOutline outline, ReadOutline(run.findings.source, *item));
    if (CountInside(run.findings, segment, outline).of_segment == 0)
      return Wrong("an outline of segment {} is not around it", segment.segment_number);
    drawn.insert(outline.slice);
  }
  return {};
}

Status CheckSegmentGroup(const ResultRun& run, const SegmentFinding& segment,
                         const std::optional<protocol::Artifact>& segmentation,
                         const std::map<int, std::int64_t>& slices, bool complete, DcmItem& group) {
  AXIAL_ASSIGN_OR_RETURN(DcmItem * uid, OnlyChild(group, "112040"));
  AXIAL_RETURN_IF_ERROR(Expect(*uid, DCM_UID, segment.tracking_uid.str()));
  AXIAL_RETURN_IF_ERROR(CheckFinding(segment, group));
  AXIAL_RETURN_IF_ERROR(CheckMeasurements(segment, group));
  if (segmentation) return CheckReference(segment, *segmentation, group);
  std::set<int> drawn;
  AXIAL_RETURN_IF_ERROR(CheckOutlinesOf(run, segment, group, drawn));
  for (const auto& [slice, pixels] : slices)
    if (complete && !drawn.contains(slice))
      return Wrong("segment {} is not outlined on image {}", segment.segment_number, slice + 1);
  return {};
}

/// The outline must hold as many pixels of the segment as its area says. One whose hole has another
/// part of the segment in it holds more.
bool Fits(const Findings& findings, const SegmentFinding& segment, const ReportOutline& outline,
          const std::optional<double>& area_mm2) {
  const PixelsInside inside = CountInside(findings, segment, outline);
  if (inside.of_segment == 0) return false;
  if (!area_mm2) return true;
  const double pixels = *area_mm2 / PixelAreaMm2(findings.source.frames[outline.frame()]);
  const auto counted = static_cast<double>(inside.of_segment);
  const double rounding = 1e-4 * counted;
  if (inside.all == inside.of_segment) return std::abs(pixels - counted) <= rounding;
  return pixels > 0 && pixels <= counted + rounding;
}

/// What planar regions are about.
struct Regions {
  std::set<std::pair<int, int>> places;  ///< segment number and slice
  std::set<int> of_whole;                ///< numbers of segments of which one has the Tracking UID
};

/// TID 1410: adds what it is about. Where segments of one kind are interlaced and no area tells
/// them apart, that may be several of them.
Status CheckPlanarGroup(const ResultRun& run, DcmItem& group, Regions& regions) {
  const Findings& findings = run.findings;
  AXIAL_ASSIGN_OR_RETURN(DcmItem * item, OnlyChild(group, "111030"));
  AXIAL_ASSIGN_OR_RETURN(const ReportOutline outline, ReadOutline(findings.source, *item));
  std::optional<double> area_mm2;
  for (DcmItem* number : ChildrenOf(group, "42798000")) {
    DcmItem* value = ItemOf(*number, DCM_MeasuredValueSequence);
    Float64 area = 0;
    if (value == nullptr || value->findAndGetFloat64(DCM_NumericValue, area).bad())
      return Wrong("an area without value");
    area_mm2 = area;
    AXIAL_ASSIGN_OR_RETURN(DcmItem * from, OnlyChild(*number, "111030"));
    AXIAL_ASSIGN_OR_RETURN(const ReportOutline source, ReadOutline(findings.source, *from));
    if (source.points != outline.points || source.slice != outline.slice)
      return Wrong("an area of another outline than its region's");
  }
  AXIAL_ASSIGN_OR_RETURN(DcmItem * uid, OnlyChild(group, "112040"));
  bool fits = false;
  int of_another = 0;
  for (const SegmentFinding& segment : findings.segments) {
    const bool of_whole = TextOf(*uid, DCM_UID) == segment.tracking_uid.str();
    if (CheckFinding(segment, group).ok() && Fits(findings, segment, outline, area_mm2)) {
      regions.places.emplace(segment.segment_number, outline.slice);
      if (of_whole) regions.of_whole.insert(segment.segment_number);
      fits = true;
    } else if (of_whole) {
      of_another = segment.segment_number;
    }
  }
  if (!fits) return Wrong("the region on image {} is not one of a segment", outline.slice + 1);
  if (of_another > 0)
    return Wrong("a region has the Tracking UID of segment {}, but is not one of it", of_another);
  return {};
}

/// Single images: every segment on every image that has it. A stack: each segment once, where most
/// of it is. One region has the segment's own Tracking UID. `complete`: the report does not say
/// that some are missing; also then, no segment of single images may be missing.
Status CheckPlanarRegions(const ResultRun& run, const std::vector<DcmItem*>& groups,
                          const SegmentSlices& voxels, bool complete) {
  Regions found;
  for (DcmItem* group : groups) AXIAL_RETURN_IF_ERROR(CheckPlanarGroup(run, *group, found));
  const bool single_images = AreSingleImages(run);
  if (!complete && !single_images) return {};
  for (const SegmentFinding& segment : run.findings.segments) {
    const std::map<int, std::int64_t>& slices = voxels.at(segment.segment_number);
    std::int64_t most = 0;
    for (const auto& [slice, pixels] : slices) most = std::max(most, pixels);
    bool largest = false;
    for (const auto& [slice, pixels] : slices) {
      const bool drawn = found.places.contains({segment.segment_number, slice});
      if (complete && single_images && !drawn)
        return Wrong("segment {} has no region on image {}", segment.segment_number, slice + 1);
      largest = largest || (drawn && pixels == most);
    }
    if (!single_images && !largest)
      return Wrong("the largest section of segment {} is missing", segment.segment_number);
    if (!found.of_whole.contains(segment.segment_number))
      return Wrong("no region has the Tracking UID of segment {}", segment.segment_number);
  }
  return {};
}

Status CheckAnswer(const ResultRun& run, const ClassificationFinding& answer, DcmItem& group) {
  const SourceSeries& source = run.findings.source;
  AXIAL_ASSIGN_OR_RETURN(DcmItem * value, OnlyChild(group, answer.concept_name.value));
  if (CodeOf(*value) != answer.value.value)
    return Wrong("answer {} is another one", answer.concept_name.value);
  AXIAL_ASSIGN_OR_RETURN(DcmItem * certainty, OnlyChild(group, "111012"));
  AXIAL_ASSIGN_OR_RETURN(const std::string number, NumberOf(*certainty));
  if (number != "111012=" + FormatMeasuredValue(100 * answer.probability) + " %")
    return Wrong("the certainty of answer {} is another one", answer.concept_name.value);
  AXIAL_ASSIGN_OR_RETURN(DcmItem * region, OnlyChild(*certainty, "111030"));
  AXIAL_ASSIGN_OR_RETURN(const ReportOutline outline, ReadOutline(source, *region));
  if (outline.frame() != FrameToShow(source, answer))
    return Wrong("answer {} is shown on another image", answer.concept_name.value);
  AXIAL_ASSIGN_OR_RETURN(DcmItem * comment, OnlyChild(group, "121106"));
  if (TextOf(*comment, DCM_TextValue)
          .find(run.text.Own(answer.value.meaning, 64, answer.value.value)) == std::string::npos)
    return Wrong("the comment on answer {} is another one", answer.concept_name.value);
  if (answer.frame_index < 0 && source.frames.size() > 1) return {};
  const SourceFrame& frame =
      source.frames[answer.frame_index < 0 ? 0 : static_cast<std::size_t>(answer.frame_index)];
  AXIAL_ASSIGN_OR_RETURN(DcmItem * image, OnlyChild(group, "260753009"));
  DcmItem* reference = ItemOf(*image, DCM_ReferencedSOPSequence);
  if (reference == nullptr) return Wrong("an answer without its image");
  AXIAL_RETURN_IF_ERROR(
      Expect(*reference, DCM_ReferencedSOPInstanceUID, frame.sop_instance_uid.str()));
  return Expect(*reference, DCM_ReferencedFrameNumber,
                frame.multi_frame ? fmt::format("{}", frame.frame_number) : "");
}

}  // namespace

Status CheckReportGroups(const ResultRun& run, const ObjectRequest& request,
                         const ReportContentTree& tree, DcmItem& dataset) {
  DcmItem* equipment = ItemOf(dataset, DCM_ContributingEquipmentSequence);
  if (equipment == nullptr) return Wrong("ContributingEquipmentSequence has no item");
  AXIAL_RETURN_IF_ERROR(CheckObserver(dataset, *equipment));
  std::map<std::string, std::vector<DcmItem*>> by_template;
  std::set<std::string> tracking_uids;
  for (DcmItem* group : tree.groups) {
    AXIAL_RETURN_IF_ERROR(CheckGroup(*group, *equipment, tracking_uids));
    by_template[TemplateOf(*group)].push_back(group);
  }
  for (DcmItem* outline : tree.outlines)
    AXIAL_RETURN_IF_ERROR(ReadOutline(run.findings.source, *outline));
  const Findings& findings = run.findings;
  const std::vector<DcmItem*>& segments = by_template["1411"];
  const bool expected = request.segmentation.has_value() || !AreSingleImages(run);
  if (segments.size() != (expected ? findings.segments.size() : 0))
    return Wrong("{} segment groups instead of {}", segments.size(),
                 expected ? findings.segments.size() : 0);
  const bool complete = !tree.says_skipped;
  const SegmentSlices voxels = CountVoxels(findings);
  for (std::size_t i = 0; i < segments.size(); ++i)
    AXIAL_RETURN_IF_ERROR(CheckSegmentGroup(run, findings.segments[i], request.segmentation,
                                            voxels.at(findings.segments[i].segment_number),
                                            complete, *segments[i]));
  AXIAL_RETURN_IF_ERROR(CheckPlanarRegions(run, by_template["1410"], voxels, complete));
  const std::vector<DcmItem*>& answers = by_template["1501"];
  if (answers.size() != findings.classifications.size())
    return Wrong("{} answers instead of {}", answers.size(), findings.classifications.size());
  for (std::size_t i = 0; i < answers.size(); ++i)
    AXIAL_RETURN_IF_ERROR(CheckAnswer(run, findings.classifications[i], *answers[i]));
  if (segments.size() + by_template["1410"].size() + answers.size() != tree.groups.size())
    return Wrong("a measurement group of no known template");
  return {};
}

}  // namespace axial::results
