#include "inference/results/result_run.h"

#include <dcmtk/dcmdata/dcostrmb.h>
#include <dcmtk/dcmdata/dctk.h>
#include <fmt/chrono.h>
#include <fmt/core.h>

#include <algorithm>
#include <chrono>
#include <ctime>
#include <memory>
#include <set>

#include "inference/results/composite_context.h"

namespace axial::results {
namespace {

// Goes up whenever the same findings are encoded differently, so that a new form is a new object.
constexpr const char* kWriterVersion = "4";

const CodedConcept kProcessingEquipment = {"109102", "DCM", "Processing Equipment"};

void WriteEquipmentModule(const ResultRun& run, AttributeWriter& writer) {
  writer.Put(DCM_Manufacturer, AlgorithmManufacturer(run));
  writer.Put(DCM_ManufacturerModelName, AlgorithmName(run));
  // The weights are what distinguishes two devices of one model and version.
  writer.Put(DCM_DeviceSerialNumber, Sha256Hex(AlgorithmDeviceUid(run).str()).substr(0, 16));
  writer.Put(DCM_SoftwareVersions, AlgorithmVersion(run));
}

/// IHE AIR 6.5.3.1: one item for the algorithm; one more for Axial, which encoded its answer.
void WriteContributingEquipment(const ResultRun& run, AttributeWriter& writer) {
  AttributeWriter model = writer.AddItem(DCM_ContributingEquipmentSequence);
  model.Put(DCM_Manufacturer, AlgorithmManufacturer(run));
  model.Put(DCM_ManufacturerModelName, AlgorithmName(run));
  model.Put(DCM_SoftwareVersions, AlgorithmVersion(run));
  model.Put(DCM_DeviceUID, AlgorithmDeviceUid(run).str());
  model.Put(DCM_ContributionDescription, "Analysis");
  model.AddCode(DCM_PurposeOfReferenceCodeSequence, kProcessingEquipment);

  AttributeWriter gateway = writer.AddItem(DCM_ContributingEquipmentSequence);
  gateway.Put(DCM_Manufacturer, "Axial");
  gateway.Put(DCM_ManufacturerModelName, "Axial");
  gateway.Put(DCM_SoftwareVersions, run.text.Own(run.options.gateway_version, 64));
  gateway.Put(DCM_DeviceUID, GatewayDeviceUid(run).str());
  gateway.Put(DCM_ContributionDescription, "Encoding and delivery of the result");
  gateway.AddCode(DCM_PurposeOfReferenceCodeSequence, kProcessingEquipment);
}

std::string SourceDigest(const SourceSeries& source) {
  std::set<std::string> names;
  for (const SourceFrame& frame : source.frames)
    names.insert(fmt::format("{}#{}", frame.sop_instance_uid.str(), frame.frame_number));
  std::string all;
  for (const std::string& name : names) all += name + "\n";
  return Sha256Hex(all);
}

/// Minutes east of UTC from Timezone Offset From UTC ("+0930"); nullopt when absent or malformed.
std::optional<int> OffsetMinutes(const std::string& text) {
  if (text.size() != 5 || (text[0] != '+' && text[0] != '-')) return std::nullopt;
  if (!std::all_of(text.begin() + 1, text.end(), [](char c) { return c >= '0' && c <= '9'; }))
    return std::nullopt;
  const auto digit = [&](std::size_t i) { return text[i] - '0'; };
  const int minutes = (digit(1) * 10 + digit(2)) * 60 + digit(3) * 10 + digit(4);
  return text[0] == '-' ? -minutes : minutes;
}

/// Wall clock of the study's zone when the source names it, else of this machine, which stands in
/// the same hospital.
std::tm WallTime(TimePoint time, const std::optional<int>& offset_minutes) {
  const std::time_t seconds =
      std::chrono::duration_cast<std::chrono::seconds>(time.time_since_epoch()).count();
  std::tm wall{};
  if (offset_minutes) {
    const std::time_t shifted = seconds + *offset_minutes * 60;
    gmtime_r(&shifted, &wall);
  } else {
    localtime_r(&seconds, &wall);
  }
  return wall;
}

}  // namespace

Uid AlgorithmDeviceUid(const ResultRun& run) {
  return MakeDeterministicUid(
      fmt::format("device|{}|{}|{}", run.card.name, run.card.version, run.options.model_digest));
}

Uid GatewayDeviceUid(const ResultRun& run) {
  return MakeDeterministicUid(fmt::format("gateway|{}", run.options.gateway_version));
}

Uid RunUid(const ResultRun& run, const std::string& role) {
  const SourceSeries& source = run.findings.source;
  return MakeDeterministicUid(fmt::format(
      "{}|{}|{}|{}|{}|{}", role, source.study_instance_uid.str(), source.series_instance_uid.str(),
      SourceDigest(source), AlgorithmDeviceUid(run).str(), kWriterVersion));
}

std::string AlgorithmName(const ResultRun& run) {
  return run.text.Own(run.card.algorithm.name, 64, run.card.name);
}

std::string AlgorithmVersion(const ResultRun& run) {
  return run.text.Own(run.card.algorithm.version, 64);
}

std::string AlgorithmManufacturer(const ResultRun& run) {
  return run.text.Own(run.card.algorithm.manufacturer, 64);
}

std::string AlgorithmTitle(const config::ModelCard& card) {
  return card.algorithm.name + " " + card.algorithm.version;
}

void PutSeriesTitle(const ResultRun& run, const std::string& what, AttributeWriter& writer) {
  // Next to the older one in a viewer's list.
  const char* revised = run.options.predecessors.empty() ? "" : ", revised";
  writer.Put(
      DCM_SeriesDescription,
      run.text.Own(fmt::format("AI {} {}{}", AlgorithmTitle(run.card), what, revised), 64,
                   fmt::format("AI {} {} {}{}", run.card.name, run.card.version, what, revised)));
}

Status WriteCommonModules(const ResultRun& run, const ResultIdentity& identity, DcmItem& dataset) {
  AXIAL_RETURN_IF_ERROR(CopyCompositeContext(run.source, dataset));
  Status status;
  AttributeWriter writer(dataset, run.text, status);
  if (run.text.character_set().empty())
    dataset.findAndDeleteElement(DCM_SpecificCharacterSet);
  else
    writer.Put(DCM_SpecificCharacterSet, run.text.character_set());
  writer.Put(DCM_SOPClassUID, identity.sop_class);
  writer.Put(DCM_InstanceCreatorUID, GatewayDeviceUid(run).str());
  writer.Put(DCM_InstanceNumber, "1");
  writer.Put(DCM_Modality, identity.modality);
  writer.Put(DCM_SeriesInstanceUID, identity.series_instance_uid.str());
  writer.Put(DCM_SeriesNumber, fmt::format("{}", identity.series_number));
  PutSeriesTitle(run, identity.modality, writer);
  WriteEquipmentModule(run, writer);
  WriteContributingEquipment(run, writer);
  return status;
}

Result<std::string> DigestOf(DcmDataset& dataset, std::span<const std::uint8_t> following) {
  constexpr E_TransferSyntax kSyntax = EXS_LittleEndianExplicit;
  std::string bytes(dataset.calcElementLength(kSyntax, EET_ExplicitLength) + 1024, '\0');
  DcmOutputBufferStream stream(bytes.data(), static_cast<offile_off_t>(bytes.size()));
  dataset.transferInit();
  const OFCondition written =
      dataset.write(stream, kSyntax, EET_ExplicitLength, nullptr, EGL_recalcGL);
  dataset.transferEnd();
  if (written.bad())
    return MakeError(ErrorCode::kInternal, "the result cannot be encoded: {}", written.text());
  void* start = nullptr;
  offile_off_t length = 0;
  stream.flushBuffer(start, length);
  Sha256 digest;
  digest.Add({static_cast<const char*>(start), static_cast<std::size_t>(length)});
  digest.Add({reinterpret_cast<const char*>(following.data()), following.size()});
  return digest.FinishHex();
}

Result<Uid> WriteTimesAndInstanceUid(const ResultRun& run, const std::string& role,
                                     const std::string& digest, DcmItem& dataset) {
  const Uid instance = RunUid(run, role + "|" + digest);
  const std::tm wall =
      WallTime(run.options.now, OffsetMinutes(TextOf(run.source, DCM_TimezoneOffsetFromUTC)));
  const std::string date = fmt::format("{:%Y%m%d}", wall);
  const std::string time = fmt::format("{:%H%M%S}", wall);
  Status status;
  AttributeWriter writer(dataset, run.text, status);
  writer.Put(DCM_SOPInstanceUID, instance.str());
  for (const DcmTagKey& tag : {DCM_InstanceCreationDate, DCM_SeriesDate, DCM_ContentDate})
    writer.Put(tag, date);
  for (const DcmTagKey& tag : {DCM_InstanceCreationTime, DCM_SeriesTime, DCM_ContentTime})
    writer.Put(tag, time);
  AXIAL_RETURN_IF_ERROR(status);
  return instance;
}

}  // namespace axial::results
