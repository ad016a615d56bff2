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
#include "gateway/deliver/dicom_query.h"
#include "gateway/deliver/store_status.h"
#include "gateway/deliver/transcode.h"

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

ProposedContext PlainContext(const std::string& sop_class_uid) {
  return {sop_class_uid,
          {UID_LittleEndianExplicitTransferSyntax, UID_LittleEndianImplicitTransferSyntax},
          false};
}

/// For an object in this Transfer Syntax; and, in a context of its own, what it would be transcoded
/// to where that is refused.
void AddContextsFor(const std::string& sop_class_uid, const std::string& transfer_syntax,
                    std::vector<ProposedContext>& contexts) {
  contexts.push_back(PlainContext(sop_class_uid));
  if (IsCompressed(transfer_syntax))
    contexts.push_back({sop_class_uid, {transfer_syntax}, false});
  else
    contexts.push_back(
        {sop_class_uid,
         {UID_DeflatedExplicitVRLittleEndianTransferSyntax, UID_BigEndianExplicitTransferSyntax},
         false});
}

/// An archive that answers Storage Commitment on the Association of the request does so at once.
constexpr Duration kReportWait = std::chrono::seconds(2);

class DicomDestination final : public Destination {
 public:
  DicomDestination(config::Destination destination, DestinationOptions options)
      : destination_(std::move(destination)), options_(std::move(options)) {}

  SendReport Send(const std::vector<store::Delivery>& artifacts) override;
  Status Echo() override;
  CheckReport Check(const std::vector<store::Delivery>& artifacts) override;
  Status RequestCommitment(const CommitmentAsk& ask,
                           const std::vector<store::Delivery>& artifacts) override;
  Result<SeriesCounts> CountInstances(const std::string& study_uid) override;
  void Interrupt() override { sockets_.InterruptAll(); }

 private:
  struct Query {
    std::unique_ptr<DicomAssociation> association;
    std::uint8_t context_id = 0;
  };

  Result<Query> OpenQuery();
  /// The reason for which the first query lost its Association.
  static Error LostQuery(const Query& query, const Error& error);

  using Syntaxes = std::vector<Result<std::string>>;

  SendReport SendPrepared(const std::vector<store::Delivery>& artifacts, const Syntaxes& syntaxes);

  const config::Destination destination_;
  const DestinationOptions options_;
  OpenSockets sockets_;
};

/// Outer error: the Association is lost.
Result<SendResult> SendOne(DicomAssociation& association, const store::Delivery& artifact,
                           const std::string& transfer_syntax) {
  const Result<AcceptedContext> context =
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
  const bool decompressed =
      IsCompressed(transfer_syntax) && !IsCompressed(context->transfer_syntax_uid);
  if (decompressed) {
    const Status plain = Decompress(file);
    if (!plain.ok()) return SendResult(plain.error());
  }
  Result<DimseCommand> response = association.Store(context->id, artifact.sop_class_uid,
                                                    artifact.sop_instance_uid, *file.getDataset());
  if (!response.ok()) return response.error();
  SendResult judged =
      JudgeStoreStatus(response->status, response->error_comment, artifact.sop_class_uid);
  if (!judged.ok() || !decompressed) return judged;
  return SendResult("decompressed for it" + (judged->empty() ? "" : "; " + *judged));
}

SendReport DicomDestination::SendPrepared(const std::vector<store::Delivery>& artifacts,
                                          const Syntaxes& syntaxes) {
  SendReport report;
  std::vector<ProposedContext> contexts;
  for (std::size_t i = 0; i < artifacts.size(); ++i)
    if (syntaxes[i].ok()) AddContextsFor(artifacts[i].sop_class_uid, *syntaxes[i], contexts);
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
  // At most 128 Presentation Contexts fit into one Association (PS3.8 9.3.2.2), and an artifact may
  // need two; the stage's batches are far smaller.
  AXIAL_INVARIANT(artifacts.size() <= 64);
  Syntaxes syntaxes;
  for (const store::Delivery& artifact : artifacts)
    syntaxes.push_back(ReadTransferSyntax(artifact));
  return SendPrepared(artifacts, syntaxes);
}

Status DicomDestination::Echo() {
  const ProposedContext verification = PlainContext(UID_VerificationSOPClass);
  AXIAL_ASSIGN_OR_RETURN(const std::unique_ptr<DicomAssociation> association,
                         DicomAssociation::Open(destination_, options_, {verification}, sockets_));
  AXIAL_RETURN_IF_ERROR([&]() -> Status {
    const auto context =
        association->FindContext(UID_VerificationSOPClass, UID_LittleEndianExplicitTransferSyntax);
    return context.ok() ? Status() : Status(context.error());
  }());
  AXIAL_ASSIGN_OR_RETURN(const DimseCommand response, association->Echo());
  association->Release();
  if (response.status != 0)
    return MakeError(ErrorCode::kUnavailable, "C-ECHO answered status {:04X}H", response.status);
  return {};
}

Result<DicomDestination::Query> DicomDestination::OpenQuery() {
  const std::string find = UID_FINDStudyRootQueryRetrieveInformationModel;
  AXIAL_ASSIGN_OR_RETURN(auto association, DicomAssociation::Open(destination_, options_,
                                                                  {PlainContext(find)}, sockets_));
  const auto context = association->FindContext(find, UID_LittleEndianExplicitTransferSyntax);
  if (!context.ok()) {
    association->Release();
    return Error(ErrorCode::kUnsupported, "it takes no queries (C-FIND, Study Root)");
  }
  return Query{std::move(association), context->id};
}

Error DicomDestination::LostQuery(const Query& query, const Error& error) {
  // Orthanc answers so who is not in its DicomModalities.
  if (query.association->aborted_by_peer())
    return Error(ErrorCode::kUnsupported,
                 "it does not allow us queries (C-FIND aborted); allow them there for a better "
                 "proof");
  return error.WithContext("C-FIND");
}

CheckReport DicomDestination::Check(const std::vector<store::Delivery>& artifacts) {
  CheckReport report;
  Result<Query> query = OpenQuery();
  if (!query.ok()) {
    report.reached = query.error();
    return report;
  }
  for (const store::Delivery& artifact : artifacts) {
    Result<Result<bool>> found = HasInstance(*query->association, query->context_id, artifact);
    if (!found.ok()) {
      const Error lost = report.results.empty() ? LostQuery(*query, found.error())
                                                : found.error().WithContext("C-FIND");
      if (report.results.empty()) report.reached = lost;
      // Those behind were not asked; they are, later.
      if (report.reached.ok()) report.results.resize(artifacts.size(), lost);
      return report;
    }
    report.results.push_back(std::move(found).value());
  }
  query->association->Release();
  return report;
}

Result<SeriesCounts> DicomDestination::CountInstances(const std::string& study_uid) {
  AXIAL_ASSIGN_OR_RETURN(const Query query, OpenQuery());
  Result<SeriesCounts> counts = CountSeries(*query.association, query.context_id, study_uid);
  if (!counts.ok() && query.association->aborted_by_peer()) return LostQuery(query, counts.error());
  query.association->Release();
  return counts;
}

/// What the answer to the request itself means (PS3.7 10.1.4.1.10).
Status JudgeActionStatus(std::uint16_t status) {
  if (status == 0x0000 || (status & 0xf000) == 0xb000) return {};
  const bool declined = status == 0x0112 || status == 0x0118 || status == 0x0119 ||
                        status == 0x0123 || status == 0x0124 || status == 0x0211;
  return MakeError(declined ? ErrorCode::kUnsupported : ErrorCode::kUnavailable,
                   "it answered the Storage Commitment request with status {:04X}H", status);
}

Status DicomDestination::RequestCommitment(const CommitmentAsk& ask,
                                           const std::vector<store::Delivery>& artifacts) {
  CommitmentRequest request{ask.transaction_uid, {}};
  for (const store::Delivery& artifact : artifacts)
    request.instances.push_back({artifact.sop_class_uid, artifact.sop_instance_uid});
  const ProposedContext context = PlainContext(kStorageCommitmentClass);
  AXIAL_ASSIGN_OR_RETURN(const auto association,
                         DicomAssociation::Open(destination_, options_, {context}, sockets_));
  const auto accepted =
      association->FindContext(kStorageCommitmentClass, UID_LittleEndianExplicitTransferSyntax);
  if (!accepted.ok()) {
    association->Release();
    return Error(ErrorCode::kUnsupported, "it takes no Storage Commitment requests");
  }
  const DicomAssociation::CommitmentWait wait{
      kReportWait, ask.awaited,
      [&ask](const CommitmentReport& report) { ask.on_outcome(ToOutcome(report)); }};
  const Result<DimseCommand> response = association->RequestCommitment(accepted->id, request, wait);
  if (!response.ok() && association->aborted_by_peer())
    return Error(ErrorCode::kUnsupported,
                 "it does not allow us Storage Commitment (N-ACTION aborted); allow it there");
  if (!response.ok()) return response.error().WithContext("N-ACTION");
  association->Release();
  return JudgeActionStatus(response->status);
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
