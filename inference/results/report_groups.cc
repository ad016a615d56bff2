#include "inference/results/report_groups.h"

#include <fmt/core.h>

#include <set>

#include "inference/results/report_outline.h"
#include "inference/results/report_tree.h"

namespace axial::results {
namespace {

using As = ReportTree::As;

const CodedConcept kImagingMeasurements = {"126010", "DCM", "Imaging Measurements"};
const CodedConcept kTrackingIdentifier = {"112039", "DCM", "Tracking Identifier"};
const CodedConcept kTrackingUid = {"112040", "DCM", "Tracking Unique Identifier"};
const CodedConcept kFindingCategory = {"276214006", "SCT", "Finding category"};
const CodedConcept kFinding = {"121071", "DCM", "Finding"};
const CodedConcept kFindingSite = {"363698007", "SCT", "Finding Site"};
const CodedConcept kLaterality = {"272741003", "SCT", "Laterality"};
const CodedConcept kTopographicalModifier = {"106233006", "SCT", "Topographical modifier"};
const CodedConcept kAlgorithmName = {"111001", "DCM", "Algorithm Name"};
const CodedConcept kAlgorithmVersion = {"111003", "DCM", "Algorithm Version"};
const CodedConcept kReferencedSegment = {"121191", "DCM", "Referenced Segment"};
const CodedConcept kSourceSeries = {"121232", "DCM", "Source series for segmentation"};
const CodedConcept kImageRegion = {"111030", "DCM", "Image Region"};
const CodedConcept kDerivation = {"121401", "DCM", "Derivation"};
const CodedConcept kArea = {"42798000", "SCT", "Area"};
const CodedConcept kSquareMillimetre = {"mm2", "UCUM", "square millimeter"};
const CodedConcept kSource = {"260753009", "SCT", "Source"};
const CodedConcept kCertainty = {"111012", "DCM", "Certainty of Finding"};
const CodedConcept kComment = {"121106", "DCM", "Comment"};
const CodedConcept kPercent = {"%", "UCUM", "Percent"};

void AddAlgorithm(const ResultRun& run, ReportTree& tree) {
  tree.AddText(As::kModifier, kAlgorithmName, AlgorithmName(run));
  tree.AddText(As::kModifier, kAlgorithmVersion, AlgorithmVersion(run));
}

void AddFindingSite(const config::SegmentSpec& spec, ReportTree& tree) {
  const std::optional<CodedConcept> site = FindingSiteOf(spec);
  if (!site) return;
  tree.OpenCode(As::kModifier, kFindingSite, *site);
  static const std::set<std::string> kLateralities = {"7771000", "24028007", "51440002",
                                                      "66459002"};
  if (spec.modifier)
    tree.AddCode(
        As::kModifier,
        kLateralities.contains(spec.modifier->value) ? kLaterality : kTopographicalModifier,
        *spec.modifier);
  tree.Up();
}

/// The rows that every group begins with.
void AddIdentity(const ResultRun& run, const std::string& tracking_id, const Uid& tracking_uid,
                 ReportTree& tree) {
  tree.AddText(As::kContext, kTrackingIdentifier, tracking_id);
  tree.AddUid(As::kContext, kTrackingUid, tracking_uid.str());
  AddAlgorithm(run, tree);
}

void AddFinding(const config::SegmentSpec& spec, ReportTree& tree) {
  tree.AddCode(As::kContains, kFindingCategory, spec.category);
  tree.AddCode(As::kContains, kFinding, spec.type);
}

const SourceFrame& FrameOf(const ResultRun& run, const ReportRegion& region) {
  return run.findings.source.frames[static_cast<std::size_t>(region.slice)];
}

void AddMeasurement(const ResultRun& run, const Measurement& measurement, ReportTree& tree) {
  tree.OpenNumber(As::kContains, measurement.quantity, measurement.value, measurement.unit);
  if (measurement.derivation) tree.AddCode(As::kModifier, kDerivation, *measurement.derivation);
  AddAlgorithm(run, tree);
  tree.Up();
}

void AddSegmentGroup(const ResultRun& run, const SegmentFinding& segment,
                     const std::optional<protocol::Artifact>& segmentation,
                     const ReportRegions& regions, ReportTree& tree) {
  tree.OpenGroup("1411");
  AddIdentity(run, segment.tracking_id, segment.tracking_uid, tree);
  AddFinding(segment.spec, tree);
  if (segmentation) {
    tree.AddSegment(As::kContains, kReferencedSegment, segmentation->sop_instance_uid,
                    segment.segment_number);
    tree.AddUid(As::kContains, kSourceSeries, run.findings.source.series_instance_uid.str());
  }
  for (const ReportRegion& region : regions.volumetric) {
    if (region.segment != &segment) continue;
    tree.OpenOutline(As::kContains, kImageRegion, region.points, FrameOf(run, region));
    tree.Up();
  }
  AddFindingSite(segment.spec, tree);
  for (const Measurement& measurement : segment.measurements)
    AddMeasurement(run, measurement, tree);
  tree.Up();
}

/// "Lungs Left lung, region 2", "... image 3, region 1", "... largest section".
std::string RegionName(const ResultRun& run, const ReportRegion& region) {
  if (!AreSingleImages(run)) return region.segment->tracking_id + ", largest section";
  std::string name = region.segment->tracking_id;
  if (run.findings.source.frames.size() > 1) name += fmt::format(", image {}", region.slice + 1);
  return name + fmt::format(", region {}", region.number);
}

void AddPlanarGroup(const ResultRun& run, const ReportRegion& region, ReportTree& tree) {
  const SourceFrame& frame = FrameOf(run, region);
  tree.OpenGroup("1410");
  AddIdentity(run, RegionName(run, region),
              region.of_whole
                  ? region.segment->tracking_uid
                  : MakeDeterministicUid(fmt::format(
                        "{}|{}#{}|{}", region.segment->tracking_uid.str(),
                        frame.sop_instance_uid.str(), frame.frame_number, region.number)),
              tree);
  AddFinding(region.segment->spec, tree);
  tree.OpenOutline(As::kContains, kImageRegion, region.points, frame);
  tree.Up();
  AddFindingSite(region.segment->spec, tree);
  if (const double pixel_mm2 = PixelAreaMm2(frame); pixel_mm2 > 0) {
    tree.OpenNumber(As::kContains, kArea, static_cast<double>(region.pixels) * pixel_mm2,
                    kSquareMillimetre);
    AddAlgorithm(run, tree);
    // OHIF draws a measurement only by an outline of its own.
    tree.OpenOutline(As::kInferredFrom, kImageRegion, region.points, frame);
    tree.Up();
    tree.Up();
  }
  tree.Up();
}

void AddAnswerGroup(const ResultRun& run, const ClassificationFinding& answer, ReportTree& tree) {
  const SourceSeries& source = run.findings.source;
  const bool one_image = answer.frame_index >= 0 || source.frames.size() == 1;
  const SourceFrame& frame = source.frames[FrameToShow(source, answer)];
  std::string name = answer.concept_name.meaning;
  std::string uid = fmt::format("series|{}", answer.concept_name.value);
  if (one_image) {
    if (source.frames.size() > 1) name += fmt::format(", image {}", answer.frame_index + 1);
    uid = fmt::format("image|{}|{}|{}", frame.sop_instance_uid.str(), frame.frame_number,
                      answer.concept_name.value);
  }
  tree.OpenGroup("1501");
  AddIdentity(run, name, RunUid(run, uid), tree);
  tree.OpenNumber(As::kContains, kCertainty, 100 * answer.probability, kPercent);
  AddAlgorithm(run, tree);
  // OHIF opens no report with a measurement that is nowhere, and shows of an answer the comment.
  tree.OpenOutline(As::kInferredFrom, kImageRegion, WholeImage(source), frame);
  tree.Up();
  tree.Up();
  if (one_image) tree.AddImage(As::kContains, kSource, frame);
  tree.AddCode(As::kContains, answer.concept_name, answer.value);
  tree.AddText(As::kContains, kComment,
               fmt::format("{}: {}{}", answer.concept_name.meaning, answer.value.meaning,
                           one_image ? "" : " (of the whole series)"));
  tree.Up();
}

}  // namespace

std::optional<CodedConcept> FindingSiteOf(const config::SegmentSpec& spec) {
  if (spec.anatomic_region) return spec.anatomic_region;
  if (spec.IsStructure()) return spec.type;
  return std::nullopt;
}

Status AddMeasurementGroups(const ResultRun& run,
                            const std::optional<protocol::Artifact>& segmentation,
                            const ReportRegions& regions, DSRDocumentTree& document_tree) {
  Status status;
  ReportTree tree(run, document_tree, status);
  tree.Goto(kImagingMeasurements);
  if (segmentation || !AreSingleImages(run))
    for (const SegmentFinding& segment : run.findings.segments)
      AddSegmentGroup(run, segment, segmentation, regions, tree);
  for (const ReportRegion& region : regions.planar) AddPlanarGroup(run, region, tree);
  for (const ClassificationFinding& answer : run.findings.classifications)
    AddAnswerGroup(run, answer, tree);
  return status;
}

}  // namespace axial::results
