#include "gateway/assemble/study_assembler.h"

#include <algorithm>
#include <set>
#include <utility>

#include "core/base/log.h"
#include "core/dicom/instance_header.h"

namespace axial::assemble {
namespace {

constexpr int kRevisionsPerRound = 1000;
/// After a Conflict: the Instance that made it is being told.
constexpr Duration kConflictPause = std::chrono::milliseconds(50);

std::vector<store::SeriesClosing> ToRows(const std::vector<SeriesClosing>& closings) {
  std::vector<store::SeriesClosing> rows;
  for (const SeriesClosing& closing : closings)
    rows.push_back({closing.series_uid, closing.completion.reason, closing.completion.evidence});
  return rows;
}

std::optional<StepEvidence> Summarize(const std::vector<store::PerformedStepEvidence>& steps) {
  if (steps.empty()) return std::nullopt;
  StepEvidence evidence;
  evidence.ended = true;
  for (const store::PerformedStepEvidence& step : steps) {
    if (step.state == store::PerformedStepState::kInProgress) evidence.ended = false;
    for (const auto& series : step.series) {
      if (series.referenced == 0) continue;
      StepEvidence::Series& entry = evidence.series[series.series_uid];
      entry.referenced += series.referenced;
      entry.missing += series.missing;
    }
  }
  return evidence;
}

void KeepEarliest(std::optional<TimePoint>& next, std::optional<TimePoint> other) {
  if (other) next = next ? std::min(*next, *other) : *other;
}

}  // namespace

StudyAssembler::StudyAssembler(store::StudyStore& studies, store::CompletionStore& completions,
                               store::PerformedStepStore& steps, Metrics& metrics)
    : studies_(studies),
      completions_(completions),
      steps_(steps),
      metrics_(metrics),
      seconds_to_close_(
          metrics.GetHistogram("axial_assemble_close_delay_seconds",
                               "From the last Instance of a revision until the revision was closed",
                               {0.1, 0.25, 0.5, 1, 2, 5, 10, 30, 60, 300, 900})),
      // Called with the mutex held.
      open_([this](const std::string& calling_ae_title) { return LimitsFor(calling_ae_title); }) {}

void StudyAssembler::SetMakeDurable(
    std::function<Status(const std::string& study_uid)> make_durable) {
  make_durable_ = std::move(make_durable);
}

void StudyAssembler::SetOnClosed(std::function<void()> on_closed) {
  on_closed_ = std::move(on_closed);
}

void StudyAssembler::SetLimits(const config::Config& config) {
  const std::lock_guard lock(mutex_);
  limits_ = config.completion;
  peer_limits_.clear();
  for (const config::Peer& peer : config.node.peers)
    if (peer.completion) peer_limits_[peer.ae_title.str()] = *peer.completion;
  open_.JudgeAllAgain();
}

config::Completion StudyAssembler::LimitsFor(const std::string& calling_ae_title) const {
  const auto found = peer_limits_.find(calling_ae_title);
  return found == peer_limits_.end() ? limits_ : found->second;
}

void StudyAssembler::RestoreStudy(const store::OpenRevision& row, TimePoint now) {
  const store::Revision& revision = row.revision;
  StudyState state(revision.calling_ae_title, revision.opened_at);
  state.SetPartial(!row.complete_list);
  const std::set<std::string> closed(row.closed_series.begin(), row.closed_series.end());
  constexpr std::int64_t kEarlierAssociations = 0;
  for (const store::OpenRevision::Instance& instance : row.instances) {
    const Result<InstanceHeader> header = ReadInstanceHeader(instance.path);
    if (!header.ok()) {
      state.SetPartial(true);
      continue;
    }
    Arrival arrival{kEarlierAssociations,      revision.study_uid,
                    revision.calling_ae_title, false,
                    FactsOf(*header),          revision.last_instance_at,
                    revision.number,           row.study_version};
    state.Add(arrival);
  }
  for (const std::string& series_uid : closed)
    if (state.series().contains(series_uid)) state.CloseSeries(series_uid);
  if (revision.released_at)
    state.EndAssociation(kEarlierAssociations, /*released=*/true, /*always_aborts=*/false,
                         *revision.released_at);
  state.EndAllAssociations(now);
  state.SetTaught();  // how many Associations there were is not known
  state.Restored(revision.number, row.study_version, now);
  const std::lock_guard lock(mutex_);
  if (!open_.Restore(revision.study_uid, std::move(state))) untracked_ = true;
}

Status StudyAssembler::Recover(TimePoint now) {
  AXIAL_ASSIGN_OR_RETURN(const auto habits,
                         completions_.Habits(static_cast<int>(HabitTable::kMaxSenders)));
  {
    const std::lock_guard lock(mutex_);
    for (const store::HabitRow& row : habits) {
      const Result<SenderHabit> habit = SenderHabit::FromJson(row.habit);
      if (habit.ok())
        open_.habits().Restore(row.calling_ae_title, *habit, row.heard_at);
      else  // it is learned again
        Log(LogLevel::kWarning, "sender_habit_unreadable",
            {{"calling_ae_title", row.calling_ae_title}, {"error", habit.error().message()}});
    }
  }
  AXIAL_ASSIGN_OR_RETURN(const auto open,
                         completions_.OpenRevisions(kRevisionsPerRound, kMaxRestoredInstances));
  untracked_ = static_cast<int>(open.size()) == kRevisionsPerRound;
  std::size_t instances = 0;
  for (store::OpenRevision row : open) {
    instances += row.instances.size();
    if (instances > kMaxRestoredInstances) {  // enough read; what is left waits for `quiet`
      row.instances.clear();
      row.complete_list = false;
    }
    RestoreStudy(row, now);
  }
  return {};
}

bool StudyAssembler::Expect(const std::string& study_uid, const std::string& series_uid) {
  const std::lock_guard lock(mutex_);
  return open_.Expect(study_uid, series_uid);
}

bool StudyAssembler::Expects(const std::string& study_uid) const {
  const std::lock_guard lock(mutex_);
  return open_.expects(study_uid);
}

void StudyAssembler::Arrived(const std::string& study_uid) {
  const std::lock_guard lock(mutex_);
  open_.Arrived(study_uid);
}

void StudyAssembler::OnInstance(const Arrival& arrival) {
  bool other_revision = false;
  {
    const std::lock_guard lock(mutex_);
    other_revision = open_.RevisionOf(arrival.study_uid) != arrival.revision;
    if (!open_.OnInstance(arrival)) untracked_ = true;
  }
  if (other_revision) on_closed_();
}

void StudyAssembler::OnRemoved(const std::string& study_uid) {
  const std::lock_guard lock(mutex_);
  open_.ForgetClosed(study_uid);
}

void StudyAssembler::OnRepeated(std::int64_t association_id, const std::string& study_uid,
                                const std::string& series_uid, TimePoint now) {
  const std::lock_guard lock(mutex_);
  open_.OnRepeated(association_id, study_uid, series_uid, now);
}

void StudyAssembler::OnStepsChanged(const std::vector<std::string>& study_uids) {
  const std::lock_guard lock(mutex_);
  for (const std::string& study_uid : study_uids) open_.OnStepsChanged(study_uid);
}

std::vector<ArchiveQuestion> StudyAssembler::TakeArchiveQuestions(TimePoint now) {
  const std::lock_guard lock(mutex_);
  return open_.TakeArchiveQuestions(now);
}

std::optional<TimePoint> StudyAssembler::NextArchiveQuestion() const {
  const std::lock_guard lock(mutex_);
  return open_.NextArchiveQuestion();
}

void StudyAssembler::OnArchiveCounts(const std::string& study_uid,
                                     std::optional<ArchiveCounts> counts) {
  const std::lock_guard lock(mutex_);
  open_.SetArchiveCounts(study_uid, std::move(counts));
}

void StudyAssembler::Forget(const std::string& study_uid) {
  const std::lock_guard lock(mutex_);
  open_.Drop(study_uid);
}

void StudyAssembler::OnStable(const std::string& study_uid, TimePoint now) {
  const std::lock_guard lock(mutex_);
  open_.OnStable(study_uid, now);
}

Status StudyAssembler::AskForSteps() {
  std::set<std::string> studies;
  {
    const std::lock_guard lock(mutex_);
    studies = open_.TakeStepsToAsk();
  }
  for (const std::string& study_uid : studies) {
    AXIAL_ASSIGN_OR_RETURN(const auto rows, steps_.EvidenceOfStudy(study_uid));
    const std::lock_guard lock(mutex_);
    open_.SetSteps(study_uid, Summarize(rows));
  }
  return {};
}

Status StudyAssembler::OnAssociationClosed(std::int64_t association_id, bool released,
                                           TimePoint now) {
  std::vector<std::string> without;
  {
    const std::lock_guard lock(mutex_);
    without = open_.OnAssociationEnded(association_id, released, now);
  }
  if (!released) return {};  // after a restart, too, its peer is waited for
  Status first_error;
  for (const std::string& study_uid : without) {
    const Status status = studies_.MarkReleased(study_uid, now);
    if (!status.ok() && first_error.ok()) first_error = status;
  }
  return first_error;
}

void StudyAssembler::Report(const std::string& study_uid, int revision,
                            const Completion& completion, TimePoint last_instance_at,
                            TimePoint now) {
  const Duration delay = now - last_instance_at;
  seconds_to_close_.Observe(std::chrono::duration<double>(delay).count());
  metrics_
      .GetCounter("axial_assemble_revisions_closed_total",
                  "Study revisions closed, by the evidence that closed them",
                  {{"reason", completion.reason}})
      .Increment();
  Log(LogLevel::kInfo, "revision_closed",
      {{"study_uid", study_uid},
       {"revision", revision},
       {"reason", completion.reason},
       {"evidence", completion.evidence},
       {"after_last_instance_ms", delay.count() / 1000}});
}

Status StudyAssembler::Close(const Closing& closing, TimePoint now) {
  if (make_durable_) AXIAL_RETURN_IF_ERROR(make_durable_(closing.study_uid));
  if (closing.whole) {
    AXIAL_RETURN_IF_ERROR(completions_.CloseRevision(
        {closing.study_uid, closing.revision, closing.version, closing.completion.reason,
         closing.completion.evidence, ToRows(closing.series)},
        now));
    on_closed_();
    Report(closing.study_uid, closing.revision, closing.completion, closing.last_instance_at, now);
    return {};
  }
  for (const store::SeriesClosing& series : ToRows(closing.series)) {
    AXIAL_RETURN_IF_ERROR(
        completions_.CloseSeries(closing.study_uid, closing.revision, series, now));
    on_closed_();
    Log(LogLevel::kInfo, "series_complete",
        {{"study_uid", closing.study_uid},
         {"series_uid", series.series_uid},
         {"revision", closing.revision},
         {"reason", series.reason},
         {"evidence", series.evidence}});
  }
  return {};
}

Status StudyAssembler::CloseDue(const std::vector<Closing>& due, TimePoint now) {
  for (const Closing& closing : due) {
    Status closed = Close(closing, now);
    if (!closed.ok() && closed.error().code() != ErrorCode::kConflict) return closed;
    const std::lock_guard lock(mutex_);
    if (closed.ok())
      open_.Closed(closing, now);
    else if (!open_.Conflicted(closing, now + kConflictPause))
      untracked_ = true;
  }
  return {};
}

Status StudyAssembler::SaveHabits() {
  std::vector<store::HabitRow> rows;
  {
    const std::lock_guard lock(mutex_);
    const auto& entries = open_.habits().entries();
    for (const std::string& calling : open_.habits().TakeChanged()) {
      const auto found = entries.find(calling);
      rows.push_back(found == entries.end() ? store::HabitRow{calling, {}, ""}
                                            : store::HabitRow{calling, found->second.heard_at,
                                                              found->second.habit.ToJson()});
    }
  }
  return rows.empty() ? Status() : completions_.SaveHabits(rows);
}

Result<std::optional<TimePoint>> StudyAssembler::CloseUntracked(TimePoint now) {
  AXIAL_ASSIGN_OR_RETURN(const std::vector<store::Revision> open,
                         studies_.Revisions("open", kRevisionsPerRound));
  std::optional<TimePoint> next;
  bool any = static_cast<int>(open.size()) == kRevisionsPerRound;
  for (const store::Revision& revision : open) {
    config::Completion limits;
    {
      const std::lock_guard lock(mutex_);
      if (open_.tracked(revision.study_uid)) continue;
      if (open_.expects(revision.study_uid)) {
        any = true;
        continue;
      }
      limits = LimitsFor(revision.calling_ae_title);
      open_.ExpectNothing(revision.study_uid);
    }
    any = true;
    Completion completion{revision.last_instance_at + limits.quiet, "quiet", "too many are open"};
    if (revision.opened_at + limits.at_most < completion.due)
      completion = {revision.opened_at + limits.at_most, "at_most", "too many are open"};
    if (completion.due > now) {
      KeepEarliest(next, completion.due);
      continue;
    }
    if (make_durable_) AXIAL_RETURN_IF_ERROR(make_durable_(revision.study_uid));
    const Status closed = studies_.CloseRevision(revision, completion.reason, now);
    if (!closed.ok() && closed.error().code() != ErrorCode::kConflict) return closed.error();
    if (!closed.ok()) continue;
    on_closed_();
    Report(revision.study_uid, revision.number, completion, revision.last_instance_at, now);
  }
  const std::lock_guard lock(mutex_);
  open_.CloseEnded();
  untracked_ = any;
  return next;
}

Result<std::optional<TimePoint>> StudyAssembler::RunOnce(TimePoint now) {
  AXIAL_RETURN_IF_ERROR(AskForSteps());
  std::vector<Closing> due;
  bool untracked = false;
  {
    const std::lock_guard lock(mutex_);
    due = open_.Due(now);
  }
  const Status closed = CloseDue(due, now);
  {
    const std::lock_guard lock(mutex_);
    open_.CloseEnded();
    untracked = untracked_;
  }
  AXIAL_RETURN_IF_ERROR(closed);
  std::optional<TimePoint> next;
  if (untracked) {
    AXIAL_ASSIGN_OR_RETURN(next, CloseUntracked(now));
  }
  AXIAL_RETURN_IF_ERROR(SaveHabits());
  const std::lock_guard lock(mutex_);
  KeepEarliest(next, open_.NextDue());
  return next;
}

}  // namespace axial::assemble
