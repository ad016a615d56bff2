#include "inference/results/encapsulated_pdf.h"

#include <dcmtk/dcmdata/dctk.h>
#include <fmt/core.h>

#include <filesystem>
#include <set>

#include "inference/results/failure_words.h"
#include "inference/results/picture_objects.h"
#include "inference/results/report_page.h"
#include "inference/results/result_file.h"
#include "inference/results/written_object.h"

namespace axial::results {
namespace {

constexpr const char* kObject = "PDF";
constexpr const char* kClass = "1.2.840.10008.5.1.4.1.1.104.1";  // Encapsulated PDF Storage

void PutDocumentModule(const ResultRun& run, AttributeWriter& writer) {
  writer.Put(DCM_ConversionType, "SYN");
  writer.Put(DCM_BurnedInAnnotation, "YES");
  writer.Put(DCM_AcquisitionDateTime, "");
  writer.Put(DCM_DocumentTitle, run.text.OwnLong(PageTitle(run), 1024));
  writer.Put(DCM_MIMETypeOfEncapsulatedDocument, "application/pdf");
  std::set<std::string> named;
  for (const SourceFrame& frame : run.findings.source.frames) {
    if (!named.insert(frame.sop_instance_uid.str()).second) continue;
    AttributeWriter source = writer.AddItem(DCM_SourceInstanceSequence);
    source.Put(DCM_ReferencedSOPClassUID, frame.sop_class_uid.str());
    source.Put(DCM_ReferencedSOPInstanceUID, frame.sop_instance_uid.str());
  }
}

Status PutDocument(std::string page, DcmDataset& dataset) {
  const auto length = static_cast<Uint32>(page.size());
  page.resize(page.size() + page.size() % 2);
  OFCondition put = dataset.putAndInsertUint8Array(
      DCM_EncapsulatedDocument, reinterpret_cast<const Uint8*>(page.data()), page.size());
  if (put.good()) put = dataset.putAndInsertUint32(DCM_EncapsulatedDocumentLength, length);
  if (put.bad()) return MakeError(ErrorCode::kInternal, "PDF: {}", put.text());
  return {};
}

/// "2026-01-31 12:00", from what WriteTimesAndInstanceUid wrote.
std::string When(DcmDataset& dataset) {
  const std::string date = TextOf(dataset, DCM_ContentDate);
  const std::string time = TextOf(dataset, DCM_ContentTime);
  return fmt::format("{}-{}-{} {}:{}", date.substr(0, 4), date.substr(4, 2), date.substr(6, 2),
                     time.substr(0, 2), time.substr(2, 2));
}

}  // namespace

std::optional<std::string> PdfVariant(const ResultRun& run, const config::ResultProfile& profile) {
  if (!profile.also.contains(config::ExtraResult::kPdf)) return std::nullopt;
  return (run.options.failure ? "failed|" : "page|") + profile.banner;
}

Result<protocol::Artifact> WritePdf(const ResultRun& run, const ObjectRequest& request) {
  const ResultIdentity identity{kClass, "DOC", request.series_number,
                                RunUid(run, "pdf-series|" + request.variant)};
  DcmDataset dataset;
  AXIAL_RETURN_IF_ERROR(WriteCommonModules(run, identity, dataset));
  Status status;
  AttributeWriter writer(dataset, run.text, status);
  if (run.options.failure)
    PutCodedFailureTitle(run, writer);
  else
    PutSeriesTitle(run, "page", writer);
  PutDocumentModule(run, writer);
  if (dataset.insertEmptyElement(DCM_ConceptNameCodeSequence).bad())
    return Error(ErrorCode::kInternal, "PDF: Concept Name cannot be written");
  AXIAL_RETURN_IF_ERROR(status);
  // The UID names the content without its dates: the first page is as if made at a fixed time.
  AXIAL_ASSIGN_OR_RETURN(std::string page,
                         MakeReportPage(run, request.profile.banner, "1970-01-01 00:00"));
  AXIAL_ASSIGN_OR_RETURN(const std::string header, DigestOf(dataset));
  AXIAL_ASSIGN_OR_RETURN(
      const Uid instance,
      WriteTimesAndInstanceUid(run, "pdf", Sha256Hex(header + Sha256Hex(page)), dataset));
  AXIAL_ASSIGN_OR_RETURN(page, MakeReportPage(run, request.profile.banner, When(dataset)));
  AXIAL_RETURN_IF_ERROR(PutDocument(std::move(page), dataset));
  AXIAL_RETURN_IF_ERROR(SaveDataset(dataset, request.path));
  return protocol::Artifact{std::filesystem::path(request.path).filename().string(), "pdf", kClass,
                            identity.series_instance_uid.str(), instance.str()};
}

Status CheckPdf(const ResultRun& run, const ObjectRequest& request) {
  AXIAL_ASSIGN_OR_RETURN(const std::unique_ptr<DcmFileFormat> file,
                         ReadWrittenObject(request.path, kObject));
  DcmDataset& dataset = *file->getDataset();
  const std::pair<DcmTagKey, std::string> expected[] = {
      {DCM_SOPClassUID, kClass},
      {DCM_Modality, "DOC"},
      {DCM_BurnedInAnnotation, "YES"},
      {DCM_MIMETypeOfEncapsulatedDocument, "application/pdf"},
  };
  for (const auto& [tag, value] : expected)
    AXIAL_RETURN_IF_ERROR(ExpectValue(dataset, tag, value, kObject));
  AXIAL_RETURN_IF_ERROR(CheckPictureObject(run, dataset, kObject));
  AXIAL_RETURN_IF_ERROR(CheckFailureTitle(run, dataset, kObject));
  std::set<std::string> sources;
  for (const SourceFrame& frame : run.findings.source.frames)
    sources.insert(frame.sop_instance_uid.str());
  std::set<std::string> named;
  for (unsigned long i = 0; i < ItemCount(dataset, DCM_SourceInstanceSequence); ++i)
    named.insert(TextOf(*ItemOf(dataset, DCM_SourceInstanceSequence, static_cast<long>(i)),
                        DCM_ReferencedSOPInstanceUID));
  if (named != sources)
    return MakeError(ErrorCode::kCorrupt, "{}: Source Instances are not the source's", kObject);
  const Uint8* bytes = nullptr;
  unsigned long count = 0;
  Uint32 length = 0;
  dataset.findAndGetUint32(DCM_EncapsulatedDocumentLength, length);
  if (dataset.findAndGetUint8Array(DCM_EncapsulatedDocument, bytes, &count).bad() ||
      bytes == nullptr || count != length + length % 2)
    return MakeError(ErrorCode::kCorrupt, "{}: {} bytes, {} expected", kObject, count, length);
  const std::string_view page(reinterpret_cast<const char*>(bytes), length);
  if (!page.starts_with("%PDF-1.") || page.find("%%EOF") == std::string_view::npos)
    return MakeError(ErrorCode::kCorrupt, "{}: the document is not a whole PDF", kObject);
  if (!run.options.failure) return {};
  AXIAL_ASSIGN_OR_RETURN(const std::string expected_page,
                         MakeReportPage(run, request.profile.banner, When(dataset)));
  if (page != expected_page)
    return MakeError(ErrorCode::kCorrupt, "{}: the page does not tell the failure", kObject);
  return {};
}

}  // namespace axial::results
