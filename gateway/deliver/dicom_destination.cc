#include "gateway/deliver/dicom_destination.h"

#include <dcmtk/config/osconfig.h>
#include <dcmtk/dcmdata/dctk.h>

#include <algorithm>
#include <filesystem>
#include <optional>
#include <system_error>
#include <utility>

#include "core/dicom/dcmtk_error.h"
#include "core/dicom/instance_header.h"
#include "gateway/deliver/dicom_association.h"
#include "gateway/deliver/store_status.h"

namespace axial::deliver {
namespace {

/// One artifact's own Transfer Syntax, read before the Association is opened.
Result<std::string> ReadTransferSyntax(const store::Delivery& artifact) {
  std::error_code error;
  if (!std::filesystem::exists(artifact.path, error))
    return MakeError(ErrorCode::kNotFound, "the artifact's file {} is missing", artifact.path);
  AXIAL_RETURN_IF_ERROR(CheckStructure(artifact.path));
  DcmFileFormat file;
  const OFCondition loaded = file.loadFile(artifact.path.c_str(), EXS_Unknown, EGL_noChange,
                                           DCM_MaxReadLength, ERM_metaOnly);
  if (loaded.bad()) return FromOFCondition(loaded).WithContext("{}", artifact.path);
  OFString uid;
  if (file.getMetaInfo()->findAndGetOFString(DCM_TransferSyntaxUID, uid).bad() || uid.empty())
    return MakeError(ErrorCode::kCorrupt, "{} has no Transfer Syntax UID", artifact.path);
  return std::string(uid.c_str());
}

ProposedContext ContextFor(const std::string& sop_class_uid, const std::string& transfer_syntax) {
  if (IsCompressed(transfer_syntax)) return {sop_class_uid, {transfer_syntax}, false};
  return {sop_class_uid,
          {UID_LittleEndianExplicitTransferSyntax, UID_LittleEndianImplicitTransferSyntax},
          false};
}

class DicomDestination final : public Destination {
 public:
  DicomDestination(config::Destination destination, DestinationOptions options)
      : destination_(std::move(destination)), options_(std::move(options)) {}

  SendReport Send(const std::vector<store::Delivery>& artifacts) override;
  Status Echo() override;
  CheckReport Check(const std::vector<store::Delivery>& artifacts) override;
  void Interrupt() override { sockets_.InterruptAll(); }

 private:
  using Syntaxes = std::vector<Result<std::string>>;

  SendReport SendPrepared(const std::vector<store::Delivery>& artifacts, const Syntaxes& syntaxes);

  const config::Destination destination_;
  const DestinationOptions options_;
  OpenSockets sockets_;
};

/// Outer error: the Association is lost.
Result<SendResult> SendOne(DicomAssociation& association, const store::Delivery& artifact,
                           const std::string& transfer_syntax) {
  const Result<std::uint8_t> context =
      association.FindContext(artifact.sop_class_uid, transfer_syntax);
  if (!context.ok()) return SendResult(context.error());
  DcmFileFormat file;
  const OFCondition loaded = file.loadFile(artifact.path.c_str());
  if (loaded.bad()) return SendResult(FromOFCondition(loaded).WithContext("{}", artifact.path));
  OFString sop_class, instance;
  file.getDataset()->findAndGetOFString(DCM_SOPClassUID, sop_class);
  file.getDataset()->findAndGetOFString(DCM_SOPInstanceUID, instance);
  if (sop_class != artifact.sop_class_uid.c_str() || instance != artifact.sop_instance_uid.c_str())
    return SendResult(MakeError(ErrorCode::kCorrupt, "{} is not the Instance the store says it is",
                                artifact.path));
  Result<DimseResponse> response = association.Store(*context, artifact.sop_class_uid,
                                                     artifact.sop_instance_uid, *file.getDataset());
  if (!response.ok()) return response.error();
  return JudgeStoreStatus(response->status, response->error_comment, artifact.sop_class_uid);
}

SendReport DicomDestination::SendPrepared(const std::vector<store::Delivery>& artifacts,
                                          const Syntaxes& syntaxes) {
  SendReport report;
  std::vector<ProposedContext> contexts;
  for (std::size_t i = 0; i < artifacts.size(); ++i)
    if (syntaxes[i].ok()) contexts.push_back(ContextFor(artifacts[i].sop_class_uid, *syntaxes[i]));
  std::sort(contexts.begin(), contexts.end());
  contexts.erase(std::unique(contexts.begin(), contexts.end()), contexts.end());

  std::unique_ptr<DicomAssociation> association;
  if (!contexts.empty()) {
    auto opened = DicomAssociation::Open(destination_, options_, contexts, sockets_);
    if (!opened.ok()) {
      report.reached = opened.error();
      return report;
    }
    association = std::move(opened).value();
  }
  for (std::size_t i = 0; i < artifacts.size(); ++i) {
    if (!syntaxes[i].ok()) {
      report.results.emplace_back(syntaxes[i].error());
    } else if (auto sent = SendOne(*association, artifacts[i], *syntaxes[i]); sent.ok()) {
      report.results.push_back(std::move(sent).value());
    } else {
      report.results.emplace_back(sent.error().WithContext("C-STORE"));
      return report;  // the Association is lost, and aborted
    }
  }
  if (association) association->Release();
  return report;
}

SendReport DicomDestination::Send(const std::vector<store::Delivery>& artifacts) {
  // At most 128 Presentation Contexts fit into one Association (PS3.8 9.3.2.2), so at most that
  // many artifacts are prepared at a time; the stage's batches are far smaller.
  AXIAL_INVARIANT(artifacts.size() <= 128);
  Syntaxes syntaxes;
  for (const store::Delivery& artifact : artifacts)
    syntaxes.push_back(ReadTransferSyntax(artifact));
  return SendPrepared(artifacts, syntaxes);
}

Status DicomDestination::Echo() {
  const ProposedContext verification =
      ContextFor(UID_VerificationSOPClass, UID_LittleEndianExplicitTransferSyntax);
  AXIAL_ASSIGN_OR_RETURN(const std::unique_ptr<DicomAssociation> association,
                         DicomAssociation::Open(destination_, options_, {verification}, sockets_));
  AXIAL_RETURN_IF_ERROR([&]() -> Status {
    const auto context =
        association->FindContext(UID_VerificationSOPClass, UID_LittleEndianExplicitTransferSyntax);
    return context.ok() ? Status() : Status(context.error());
  }());
  AXIAL_ASSIGN_OR_RETURN(const DimseResponse response, association->Echo());
  association->Release();
  if (response.status != 0)
    return MakeError(ErrorCode::kUnavailable, "C-ECHO answered status {:04X}H", response.status);
  return {};
}

/// Whether the archive found it. Outer error: the Association is lost.
Result<Result<bool>> FindOne(DicomAssociation& association, std::uint8_t context_id,
                             const store::Delivery& artifact) {
  AXIAL_ASSIGN_OR_RETURN(const DicomAssociation::FindResponse found,
                         association.Find(context_id, artifact));
  const DimseResponse& response = found.response;
  if (response.status == 0x0000) return Result<bool>(found.matches > 0);
  const bool later = (response.status & 0xff00) == 0xa700;
  return Result<bool>(MakeError(
      later ? ErrorCode::kExhausted : ErrorCode::kUnsupported, "C-FIND answered status {:04X}H{}{}",
      response.status, response.error_comment.empty() ? "" : ": ", response.error_comment));
}

CheckReport DicomDestination::Check(const std::vector<store::Delivery>& artifacts) {
  CheckReport report;
  const std::string find = UID_FINDStudyRootQueryRetrieveInformationModel;
  auto association = DicomAssociation::Open(
      destination_, options_, {ContextFor(find, UID_LittleEndianExplicitTransferSyntax)}, sockets_);
  if (!association.ok()) {
    report.reached = association.error();
    return report;
  }
  const auto context = (*association)->FindContext(find, UID_LittleEndianExplicitTransferSyntax);
  if (!context.ok()) {
    (*association)->Release();
    report.reached = Error(ErrorCode::kUnsupported, "it takes no queries (C-FIND, Study Root)");
    return report;
  }
  for (const store::Delivery& artifact : artifacts) {
    Result<Result<bool>> found = FindOne(**association, *context, artifact);
    if (!found.ok()) {
      const Error lost = found.error().WithContext("C-FIND");
      if (report.results.empty()) report.reached = lost;
      // Those behind were not asked; they are, later.
      if (report.reached.ok()) report.results.resize(artifacts.size(), lost);
      return report;
    }
    report.results.push_back(std::move(found).value());
  }
  (*association)->Release();
  return report;
}

}  // namespace

Result<std::unique_ptr<Destination>> MakeDicomDestination(const config::Destination& destination,
                                                          const DestinationOptions& options) {
  if (destination.host.empty() || destination.port == 0)
    return MakeError(ErrorCode::kInvalidInput, "destination '{}': needs host and port",
                     destination.name);
  AXIAL_RETURN_IF_ERROR([&]() -> Status {
    const auto title = AeTitle::Parse(destination.ae_title);
    return title.ok() ? Status() : title.error().WithContext("destination '{}'", destination.name);
  }());
  return std::unique_ptr<Destination>(std::make_unique<DicomDestination>(destination, options));
}

}  // namespace axial::deliver
