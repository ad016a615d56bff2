#include "gateway/assemble/study_assembler.h"

#include <algorithm>

#include "core/base/log.h"
#include "gateway/assemble/completion_rule.h"

namespace axial::assemble {
namespace {

constexpr int kRevisionsPerRound = 1000;

}  // namespace

StudyAssembler::StudyAssembler(store::StudyStore& studies, Metrics& metrics)
    : studies_(studies),
      seconds_to_close_(
          metrics.GetHistogram("axial_assemble_close_delay_seconds",
                               "From the last Instance of a revision until the revision was closed",
                               {0.1, 0.25, 0.5, 1, 2, 5, 10, 30, 60, 300, 900})) {}

void StudyAssembler::SetLimits(const config::Config& config) {
  const std::lock_guard lock(mutex_);
  limits_ = config.completion;
  peer_limits_.clear();
  for (const config::Peer& peer : config.node.peers)
    if (peer.completion) peer_limits_[peer.ae_title.str()] = *peer.completion;
}

Status StudyAssembler::Recover(TimePoint now) { return studies_.MarkAllReleased(now); }

void StudyAssembler::OnInstance(std::int64_t association_id, const std::string& study_uid) {
  const std::lock_guard lock(mutex_);
  if (studies_by_association_[association_id].insert(study_uid).second)
    ++open_associations_[study_uid];
}

Status StudyAssembler::OnAssociationClosed(std::int64_t association_id, TimePoint now) {
  std::set<std::string> released;
  {
    const std::lock_guard lock(mutex_);
    const auto found = studies_by_association_.find(association_id);
    if (found == studies_by_association_.end()) return {};
    for (const std::string& study_uid : found->second) {
      const auto count = open_associations_.find(study_uid);
      if (--count->second > 0) continue;
      open_associations_.erase(count);
      released.insert(study_uid);
    }
    studies_by_association_.erase(found);
  }
  Status first_error;
  for (const std::string& study_uid : released) {
    const Status status = studies_.MarkReleased(study_uid, now);
    if (!status.ok() && first_error.ok()) first_error = status;
  }
  return first_error;
}

config::Completion StudyAssembler::LimitsFor(const std::string& calling_ae_title) const {
  const std::lock_guard lock(mutex_);
  const auto found = peer_limits_.find(calling_ae_title);
  return found == peer_limits_.end() ? limits_ : found->second;
}

Result<std::optional<TimePoint>> StudyAssembler::RunOnce(TimePoint now) {
  AXIAL_ASSIGN_OR_RETURN(const std::vector<store::Revision> open,
                         studies_.Revisions("open", kRevisionsPerRound));
  std::optional<TimePoint> next;
  for (const store::Revision& revision : open) {
    const Completion completion = JudgeCompletion(revision, LimitsFor(revision.calling_ae_title));
    if (completion.due > now) {
      next = next ? std::min(*next, completion.due) : completion.due;
      continue;
    }
    const Status closed = studies_.CloseRevision(revision, completion.evidence, now);
    if (!closed.ok()) {
      if (closed.error().code() != ErrorCode::kConflict) return closed.error();
      next = now;  // an Instance came meanwhile: look again
      continue;
    }
    const Duration delay = now - revision.last_instance_at;
    seconds_to_close_.Observe(std::chrono::duration<double>(delay).count());
    Log(LogLevel::kInfo, "revision_closed",
        {{"study_uid", revision.study_uid},
         {"revision", revision.number},
         {"evidence", completion.evidence},
         {"after_last_instance_ms", delay.count() / 1000}});
  }
  return next;
}

}  // namespace axial::assemble
