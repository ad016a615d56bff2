#include "inference/results/key_object_selection.h"

#include <dcmtk/dcmdata/dctk.h>
#include <fmt/core.h>

#include <algorithm>
#include <filesystem>
#include <set>
#include <vector>

#include "inference/results/key_slices.h"
#include "inference/results/picture_objects.h"
#include "inference/results/picture_text.h"
#include "inference/results/report_reading.h"
#include "inference/results/result_file.h"
#include "inference/results/written_object.h"

namespace axial::results {
namespace {

constexpr const char* kKind = "key_objects";
constexpr const char* kObject = "key objects";
constexpr const char* kClass = "1.2.840.10008.5.1.4.1.1.88.59";  // Key Object Selection Storage
constexpr std::size_t kMaxNames = 20;

const CodedConcept kOfInterest = {"113000", "DCM", "Of Interest"};
const CodedConcept kDescription = {"113012", "DCM", "Key Object Description"};

std::vector<SourceFrame> KeyFrames(const ResultRun& run) {
  std::vector<SourceFrame> frames;
  for (const int slice : SlicesToShow(run, config::ResultProfile::Slices::kKey))
    frames.push_back(run.findings.source.frames[static_cast<std::size_t>(slice)]);
  return frames;
}

/// A content item below the root (PS3.3 C.17.3).
AttributeWriter AddContent(const char* relationship, const char* type, const CodedConcept& name,
                           AttributeWriter& writer) {
  AttributeWriter item = writer.AddItem(DCM_ContentSequence);
  item.Put(DCM_RelationshipType, relationship);
  item.Put(DCM_ValueType, type);
  item.AddCode(DCM_ConceptNameCodeSequence, name);
  return item;
}

/// PS3.16 TID 1002 and 1004: the algorithm, as in the report.
void PutObserver(const ResultRun& run, AttributeWriter& writer) {
  constexpr const char* kContext = "HAS OBS CONTEXT";
  AddContent(kContext, "CODE", {"121005", "DCM", "Observer Type"}, writer)
      .AddCode(DCM_ConceptCodeSequence, {"121007", "DCM", "Device"});
  AddContent(kContext, "UIDREF", {"121012", "DCM", "Device Observer UID"}, writer)
      .Put(DCM_UID, AlgorithmDeviceUid(run).str());
  const std::pair<CodedConcept, std::string> texts[] = {
      {{"121013", "DCM", "Device Observer Name"}, AlgorithmName(run)},
      {{"121014", "DCM", "Device Observer Manufacturer"}, AlgorithmManufacturer(run)},
      {{"121015", "DCM", "Device Observer Model Name"}, AlgorithmName(run)}};
  for (const auto& [name, text] : texts)
    if (!text.empty()) AddContent(kContext, "TEXT", name, writer).Put(DCM_TextValue, text);
}

/// Why these images, for people.
std::string Description(const ResultRun& run, std::size_t images) {
  std::vector<std::string> reasons;
  for (const SegmentFinding& segment : run.findings.segments)
    reasons.push_back(run.text.Own(segment.spec.name, 64, segment.spec.type.meaning));
  for (const ClassificationFinding& answer : run.findings.classifications)
    if (answer.frame_index >= 0)
      reasons.push_back(run.text.Own(
          fmt::format("{}, image {}", AnswerText(answer), answer.frame_index + 1), 200));
  std::string listed;
  for (std::size_t i = 0; i < std::min(reasons.size(), kMaxNames); ++i)
    listed += (i == 0 ? "" : "; ") + reasons[i];
  if (reasons.size() > kMaxNames)
    listed += fmt::format("; and {} more", reasons.size() - kMaxNames);
  return run.text.OwnLong(
      fmt::format("{} of {} images, chosen by {} without a human reader: {}.{}{}", images,
                  run.findings.source.frames.size(), AlgorithmTitle(run.card), listed,
                  Notice(run.card).empty() ? "" : " ", Notice(run.card)),
      8192);
}

/// PS3.3 C.17.6.2: each Instance that the tree refers to, once.
void PutEvidence(const ResultRun& run, const std::vector<SourceFrame>& frames,
                 AttributeWriter& writer) {
  AttributeWriter study = writer.AddItem(DCM_CurrentRequestedProcedureEvidenceSequence);
  AttributeWriter series = study.AddItem(DCM_ReferencedSeriesSequence);
  std::set<std::string> named;
  for (const SourceFrame& frame : frames) {
    if (!named.insert(frame.sop_instance_uid.str()).second) continue;
    AttributeWriter reference = series.AddItem(DCM_ReferencedSOPSequence);
    reference.Put(DCM_ReferencedSOPClassUID, frame.sop_class_uid.str());
    reference.Put(DCM_ReferencedSOPInstanceUID, frame.sop_instance_uid.str());
  }
  series.Put(DCM_SeriesInstanceUID, run.findings.source.series_instance_uid.str());
  study.Put(DCM_StudyInstanceUID, run.findings.source.study_instance_uid.str());
}

void PutTree(const ResultRun& run, const std::vector<SourceFrame>& frames,
             AttributeWriter& writer) {
  writer.Put(DCM_ValueType, "CONTAINER");
  writer.AddCode(DCM_ConceptNameCodeSequence, kOfInterest);
  writer.Put(DCM_ContinuityOfContent, "SEPARATE");
  AttributeWriter content_template = writer.AddItem(DCM_ContentTemplateSequence);
  content_template.Put(DCM_MappingResource, "DCMR");
  content_template.Put(DCM_TemplateIdentifier, "2010");
  AddContent("HAS CONCEPT MOD", "CODE",
             {"121049", "DCM", "Language of Content Item and Descendants"}, writer)
      .AddCode(DCM_ConceptCodeSequence, {"eng", "RFC5646", "English"});
  PutObserver(run, writer);
  AddContent("CONTAINS", "TEXT", kDescription, writer)
      .Put(DCM_TextValue, Description(run, frames.size()));
  for (const SourceFrame& frame : frames) {
    AttributeWriter image = writer.AddItem(DCM_ContentSequence);
    image.Put(DCM_RelationshipType, "CONTAINS");
    image.Put(DCM_ValueType, "IMAGE");
    AttributeWriter reference = image.AddItem(DCM_ReferencedSOPSequence);
    PutFrameReference(frame, reference);
  }
}

Status CheckTree(const std::vector<SourceFrame>& frames, DcmItem& dataset) {
  if (ConceptOf(dataset) != kOfInterest.value)
    return MakeError(ErrorCode::kCorrupt, "{}: the title is not \"Of Interest\"", kObject);
  AXIAL_ASSIGN_OR_RETURN(DcmItem * uid, OnlyChild(dataset, "121012"));
  DcmItem* equipment = ItemOf(dataset, DCM_ContributingEquipmentSequence);
  AXIAL_RETURN_IF_ERROR(ExpectValue(*uid, DCM_UID, TextOf(*equipment, DCM_DeviceUID), kObject));
  AXIAL_ASSIGN_OR_RETURN(DcmItem * description, OnlyChild(dataset, kDescription.value));
  if (TextOf(*description, DCM_TextValue).empty())
    return MakeError(ErrorCode::kCorrupt, "{}: no description", kObject);
  std::size_t images = 0;
  for (DcmItem* item : ChildrenOf(dataset, "")) {
    if (TextOf(*item, DCM_ValueType) != "IMAGE") continue;
    if (images == frames.size())
      return MakeError(ErrorCode::kCorrupt, "{}: more than {} images", kObject, frames.size());
    AXIAL_RETURN_IF_ERROR(
        CheckSourceImage(frames[images++], DCM_ReferencedSOPSequence, *item, kObject));
  }
  if (images != frames.size())
    return MakeError(ErrorCode::kCorrupt, "{}: {} images instead of {}", kObject, images,
                     frames.size());
  return {};
}

Status CheckEvidence(const ResultRun& run, const std::vector<SourceFrame>& frames,
                     DcmItem& dataset) {
  const SourceSeries& source = run.findings.source;
  std::set<std::string> expected;
  for (const SourceFrame& frame : frames)
    expected.insert(fmt::format("{} {} {} {}", source.study_instance_uid.str(),
                                source.series_instance_uid.str(), frame.sop_class_uid.str(),
                                frame.sop_instance_uid.str()));
  if (InstancesIn(dataset, DCM_CurrentRequestedProcedureEvidenceSequence) != expected)
    return MakeError(ErrorCode::kCorrupt, "{}: the evidence is not the selected images", kObject);
  return {};
}

}  // namespace

std::optional<std::string> KeyObjectsVariant(const ResultRun& run,
                                             const config::ResultProfile& profile) {
  if (!profile.also.contains(config::ExtraResult::kKeyObjects)) return std::nullopt;
  const auto& answers = run.findings.classifications;
  const bool about_image = std::any_of(answers.begin(), answers.end(),
                                       [](const auto& answer) { return answer.frame_index >= 0; });
  if (run.frames.empty() && !about_image) return std::nullopt;
  return "of interest";
}

Result<protocol::Artifact> WriteKeyObjects(const ResultRun& run, const ObjectRequest& request) {
  const ResultIdentity identity{kClass, "KO", request.series_number,
                                RunUid(run, "key_objects-series|" + request.variant)};
  DcmDataset dataset;
  AXIAL_RETURN_IF_ERROR(WriteCommonModules(run, identity, dataset));
  Status status;
  AttributeWriter writer(dataset, run.text, status);
  PutSeriesTitle(run, "key images", writer);
  const std::vector<SourceFrame> frames = KeyFrames(run);
  PutEvidence(run, frames, writer);
  PutTree(run, frames, writer);
  AXIAL_RETURN_IF_ERROR(status);
  if (dataset.insertEmptyElement(DCM_ReferencedPerformedProcedureStepSequence).bad())
    return Error(ErrorCode::kInternal, "key objects: an empty sequence cannot be written");
  AXIAL_ASSIGN_OR_RETURN(const std::string digest, DigestOf(dataset));
  AXIAL_ASSIGN_OR_RETURN(const Uid instance, WriteTimesAndInstanceUid(run, kKind, digest, dataset));
  AXIAL_RETURN_IF_ERROR(SaveDataset(dataset, request.path));
  return protocol::Artifact{std::filesystem::path(request.path).filename().string(), kKind, kClass,
                            identity.series_instance_uid.str(), instance.str()};
}

Status CheckKeyObjects(const ResultRun& run, const ObjectRequest& request) {
  AXIAL_ASSIGN_OR_RETURN(const std::unique_ptr<DcmFileFormat> file,
                         ReadWrittenObject(request.path, kObject));
  DcmDataset& dataset = *file->getDataset();
  AXIAL_RETURN_IF_ERROR(ExpectValue(dataset, DCM_SOPClassUID, kClass, kObject));
  AXIAL_RETURN_IF_ERROR(ExpectValue(dataset, DCM_Modality, "KO", kObject));
  AXIAL_RETURN_IF_ERROR(CheckPictureObject(run, dataset, kObject));
  const std::vector<SourceFrame> frames = KeyFrames(run);
  AXIAL_RETURN_IF_ERROR(CheckEvidence(run, frames, dataset));
  if (const Status tree = CheckTree(frames, dataset); !tree.ok())
    return tree.error().WithContext("{}", kObject);
  DcmDataset document(dataset);
  AXIAL_RETURN_IF_ERROR(CheckIsDocument(run, document, kObject));
  return CheckContentUid(run, kKind, dataset, kObject);
}

}  // namespace axial::results
