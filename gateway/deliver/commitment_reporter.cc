#include "gateway/deliver/commitment_reporter.h"

#include <algorithm>
#include <utility>

#include "core/base/crash_point.h"
#include "core/base/log.h"
#include "gateway/deliver/dicom_association.h"

namespace axial::deliver {
namespace {

constexpr Duration kTick = std::chrono::seconds(30);  // in case a nudge was lost
constexpr const char* kExplicitLittle = "1.2.840.10008.1.2.1";
constexpr const char* kImplicitLittle = "1.2.840.10008.1.2";

}  // namespace

CommitmentReporter::CommitmentReporter(store::CommitmentStore& commitments,
                                       const config::Node& node, CommitmentReporterOptions options)
    : commitments_(commitments),
      options_(std::move(options)),
      back_off_(options_.back_off),
      sockets_(std::make_unique<OpenSockets>()),
      node_(node) {
  AXIAL_INVARIANT(options_.metrics != nullptr && options_.report_of && options_.threads >= 1);
}

CommitmentReporter::~CommitmentReporter() { Stop(); }

Status CommitmentReporter::Start() {
  AXIAL_ASSIGN_OR_RETURN(const int reclaimed, commitments_.ReclaimSending(options_.clock->Now()));
  if (reclaimed > 0) Log(LogLevel::kInfo, "commitments_reclaimed", {{"count", reclaimed}});
  for (int i = 0; i < options_.threads; ++i) threads_.emplace_back([this] { Run(); });
  return {};
}

void CommitmentReporter::Stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_all();
  sockets_->InterruptAll();
  for (std::thread& thread : threads_) thread.join();
  threads_.clear();
}

void CommitmentReporter::Nudge() {
  {
    const std::lock_guard lock(mutex_);
    ++nudges_;
  }
  wake_.notify_all();
}

void CommitmentReporter::SetNode(const config::Node& node) {
  {
    const std::lock_guard lock(mutex_);
    node_ = node;
  }
  const auto due = commitments_.RetryNow(options_.clock->Now());
  if (!due.ok())
    Log(LogLevel::kError, "commitments_not_retried", {{"error", due.error().ToString()}});
  Nudge();
}

void CommitmentReporter::Run() {
  std::unique_lock lock(mutex_);
  while (!stopping_) {
    const std::uint64_t seen = nudges_;
    lock.unlock();
    const TimePoint now = options_.clock->Now();
    const auto told = TellOne(now);
    Duration pause = Duration::zero();
    if (!told.ok()) {
      Log(LogLevel::kError, "commitment_stage_failed", {{"error", told.error().ToString()}});
      pause = kTick;
    } else if (!*told) {
      const auto next = commitments_.NextDue();
      pause = next.ok() && *next && **next > now ? std::min<Duration>(**next - now, kTick) : kTick;
    }
    lock.lock();
    wake_.wait_for(lock, pause, [&] { return stopping_ || nudges_ != seen; });
  }
}

Result<bool> CommitmentReporter::TellOne(TimePoint now) {
  AXIAL_ASSIGN_OR_RETURN(const auto next, commitments_.NextDue());
  if (!next || *next > now) return false;  // nothing is written as long as nothing is due
  AXIAL_ASSIGN_OR_RETURN(const auto taken, commitments_.TakeDue(now));
  if (!taken) return false;
  const store::Commitment& commitment = *taken;
  CommitmentReport report;
  const Status told = Tell(commitment, report);
  if (!told.ok()) {
    NotTold(commitment, told.error(), /*try_elsewhere_now=*/false);
  } else {
    AXIAL_RETURN_IF_ERROR(
        commitments_.Confirm(commitment, report, store::kNewAssociation, options_.clock->Now()));
    Count("confirmed");
    Log(LogLevel::kInfo, "commitment_reported",
        {{"commitment", commitment.id},
         {"calling_ae_title", commitment.calling_ae_title},
         {"committed", report.committed.size()},
         {"failed", report.failed.size()}});
  }
  Nudge();  // this peer's next answer may be taken now
  return true;
}

Status CommitmentReporter::Tell(const store::Commitment& commitment, CommitmentReport& report) {
  const auto address = AddressOf(commitment.calling_ae_title, commitment.peer_address);
  if (!address)
    return MakeError(
        ErrorCode::kUnavailable,
        "{} did not take it on the Association that asked, and the configuration names "
        "no other way: write into its entry of node.peers storage_commitment: {{port: "
        "...}}, without association: same",
        commitment.calling_ae_title);
  DestinationOptions options = options_.association;
  {
    const std::lock_guard lock(mutex_);
    options.our_ae_title = node_.ae_title.str();
  }
  const ProposedContext context{
      kStorageCommitmentClass, {kExplicitLittle, kImplicitLittle}, /*as_scp=*/true};
  AXIAL_ASSIGN_OR_RETURN(const auto association,
                         DicomAssociation::Open(*address, options, {context}, *sockets_));
  const auto accepted = association->FindContext(kStorageCommitmentClass, kExplicitLittle);
  if (!accepted.ok())
    return MakeError(ErrorCode::kUnavailable, "{} takes no answers to Storage Commitment there",
                     address->ae_title);
  // As late as possible: what is true now, not what was true when the peer was last tried.
  AXIAL_ASSIGN_OR_RETURN(report, options_.report_of(commitment.id));
  CrashPoint("commitment_reporting");
  AXIAL_ASSIGN_OR_RETURN(const DimseCommand response, association->Report(accepted->id, report));
  association->Release();
  if (response.status == 0) return {};
  return MakeError(ErrorCode::kUnavailable, "N-EVENT-REPORT answered status {:04X}H {}",
                   response.status, response.error_comment);
}

void CommitmentReporter::NotTold(const store::Commitment& commitment, const Error& reason,
                                 bool try_elsewhere_now) {
  const TimePoint now = options_.clock->Now();
  const bool too_old = now - commitment.requested_at > options_.give_up_after;
  const Status kept =
      too_old ? commitments_.GiveUp(commitment, reason, now)
              : commitments_.Postpone(
                    commitment, reason,
                    try_elsewhere_now ? now : now + back_off_.After(commitment.attempt));
  Count(too_old ? "given_up" : "postponed");
  // Ever less often: a modality may be switched off for a night.
  const bool news = too_old || (commitment.attempt & (commitment.attempt - 1)) == 0;
  Log(news ? LogLevel::kWarning : LogLevel::kDebug,
      too_old ? "commitment_given_up" : "commitment_not_reported",
      {{"commitment", commitment.id},
       {"calling_ae_title", commitment.calling_ae_title},
       {"attempt", commitment.attempt},
       {"reason", reason.message()}});
  if (!kept.ok())
    Log(LogLevel::kError, "commitment_not_postponed", {{"error", kept.error().ToString()}});
  if (try_elsewhere_now) Nudge();
}

std::optional<config::Destination> CommitmentReporter::AddressOf(
    const std::string& calling_ae_title, const std::string& peer_address) const {
  const std::lock_guard lock(mutex_);
  const config::Peer* peer = node_.FindPeer(calling_ae_title, peer_address);
  if (peer == nullptr || !peer->storage_commitment) return std::nullopt;
  const config::CommitmentAnswers& answers = *peer->storage_commitment;
  if (answers.association == config::CommitmentAssociation::kSame) return std::nullopt;
  config::Destination address;
  address.ae_title = answers.ae_title.empty() ? calling_ae_title : answers.ae_title;
  address.host = answers.host.empty() ? peer_address : answers.host;
  address.port = answers.port;
  address.secure = answers.tls.has_value();
  if (answers.tls) address.tls = *answers.tls;
  return address;
}

config::CommitmentAssociation CommitmentReporter::AssociationFor(
    const std::string& calling_ae_title, const std::string& peer_address) const {
  const std::lock_guard lock(mutex_);
  const config::Peer* peer = node_.FindPeer(calling_ae_title, peer_address);
  if (peer == nullptr || !peer->storage_commitment) return config::CommitmentAssociation::kSame;
  return peer->storage_commitment->association;
}

void CommitmentReporter::Count(const char* result) {
  options_.metrics
      ->GetCounter("axial_deliver_commitment_reports_total",
                   "Answers to Storage Commitment requests, by what became of the attempt to tell",
                   {{"result", result}})
      .Increment();
}

}  // namespace axial::deliver
