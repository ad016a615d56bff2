#include "gateway/assemble/open_studies.h"

#include <algorithm>

namespace axial::assemble {

bool OpenStudies::OnInstance(const Arrival& arrival) {
  auto found = open_.find(arrival.study_uid);
  if (found == open_.end()) {
    if (open_.size() >= kMaxStudies) return false;
    StudyState state(arrival.calling_ae_title, arrival.at);
    if (const auto closed = closed_by_uid_.find(arrival.study_uid);
        closed != closed_by_uid_.end()) {
      state = std::move(closed->second->second);
      closed_.erase(closed->second);
      closed_by_uid_.erase(closed);
      const Duration pause = arrival.at - state.last_activity_at();
      Reopening reopening = Reopening::kOtherSeries;
      if (state.IsSending(arrival.association_id))
        reopening = Reopening::kSameAssociation;
      else if (state.series().contains(arrival.facts.series_uid))
        reopening = Reopening::kSameSeries;
      // A correction says nothing about how its sender pauses.
      if (!arrival.replaces && pause <= limits_of_(arrival.calling_ae_title).at_most)
        habits_.Change(state.calling_ae_title(), arrival.at).LearnReopened(pause, reopening);
    } else if (arrival.revision > 1) {
      state.SetPartial(true);
    }
    found = open_.emplace(arrival.study_uid, Open{std::move(state), {}}).first;
  }
  StudyState& state = found->second.state;
  state.Add(arrival);
  // A new Study may have steps; one whose steps miss Instances may have them now.
  if (state.instances() == 1 || (state.steps() && state.steps()->missing() > 0))
    ask_steps_.insert(arrival.study_uid);
  found->second.conflicts = 0;
  found->second.archive_asked = 0;
  studies_by_association_[arrival.association_id].insert(arrival.study_uid);
  changed_.insert(arrival.study_uid);
  return true;
}

void OpenStudies::OnRepeated(std::int64_t association_id, const std::string& study_uid,
                             const std::string& series_uid, TimePoint now) {
  const auto found = open_.find(study_uid);
  if (found == open_.end()) return;
  found->second.state.Repeat(association_id, series_uid, now);
  studies_by_association_[association_id].insert(study_uid);
  changed_.insert(study_uid);
}

std::vector<std::string> OpenStudies::OnAssociationEnded(std::int64_t association_id, bool released,
                                                         TimePoint now) {
  const auto found = studies_by_association_.find(association_id);
  if (found == studies_by_association_.end()) return {};
  std::vector<std::string> without;
  for (const std::string& study_uid : found->second) {
    StudyState* state = nullptr;
    const auto open = open_.find(study_uid);
    if (open != open_.end())
      state = &open->second.state;
    else if (const auto closed = closed_by_uid_.find(study_uid); closed != closed_by_uid_.end())
      state = &closed->second->second;
    if (state == nullptr) continue;
    state->EndAssociation(association_id, released,
                          habits_.Of(state->calling_ae_title()).AlwaysAborts(), now);
    if (open == open_.end()) continue;
    if (state->released_at()) without.push_back(study_uid);
    changed_.insert(study_uid);
  }
  studies_by_association_.erase(found);
  return without;
}

bool OpenStudies::Restore(const std::string& study_uid, StudyState study) {
  if (open_.size() >= kMaxStudies) return false;
  open_.insert_or_assign(study_uid, Open{std::move(study), {}});
  ask_steps_.insert(study_uid);
  changed_.insert(study_uid);
  return true;
}

void OpenStudies::OnStepsChanged(const std::string& study_uid) {
  const auto found = open_.find(study_uid);
  if (found == open_.end()) return;
  found->second.steps_changed = true;
  ask_steps_.insert(study_uid);
}

std::set<std::string> OpenStudies::TakeStepsToAsk() {
  std::set<std::string> ask;
  for (auto entry = ask_steps_.begin(); entry != ask_steps_.end();) {
    const auto found = open_.find(*entry);
    if (found == open_.end()) {
      entry = ask_steps_.erase(entry);
      continue;
    }
    // Only when as many came as were missing: each question costs a look-up for each Instance.
    StudyState& state = found->second.state;
    const std::int64_t missing = state.steps() ? state.steps()->missing() : 0;
    if (missing > 0 && state.instances() < found->second.ask_at && !found->second.steps_changed) {
      ++entry;
      continue;
    }
    ask.insert(*entry);
    entry = ask_steps_.erase(entry);
  }
  return ask;
}

void OpenStudies::SetSteps(const std::string& study_uid, std::optional<StepEvidence> steps) {
  const auto found = open_.find(study_uid);
  if (found == open_.end()) return;
  Open& open = found->second;
  open.steps_changed = false;
  open.ask_at = open.state.instances() + (steps ? steps->missing() : 0);
  if (steps && steps->missing() > 0) ask_steps_.insert(study_uid);
  open.state.SetSteps(std::move(steps));
  changed_.insert(study_uid);
}

void OpenStudies::SetAskArchive(const std::string& study_uid, Open& open,
                                const Completion& judgement) {
  ask_archive_.erase({open.ask_archive, study_uid});
  const auto at = AskArchiveAt(open.state, judgement, open.archive_asked,
                               limits_of_(open.state.calling_ae_title()));
  open.ask_archive = at.value_or(TimePoint{});
  if (at) ask_archive_.emplace(*at, study_uid);
}

std::vector<ArchiveQuestion> OpenStudies::TakeArchiveQuestions(TimePoint now) {
  std::vector<ArchiveQuestion> questions;
  while (!ask_archive_.empty() && ask_archive_.begin()->first <= now) {
    const std::string study_uid = ask_archive_.begin()->second;
    ask_archive_.erase(ask_archive_.begin());
    Open& open = open_.at(study_uid);
    ++open.archive_asked;
    open.ask_archive = TimePoint{};
    questions.push_back({limits_of_(open.state.calling_ae_title()).archive, study_uid});
  }
  return questions;
}

std::optional<TimePoint> OpenStudies::NextArchiveQuestion() const {
  if (ask_archive_.empty()) return std::nullopt;
  return ask_archive_.begin()->first;
}

void OpenStudies::SetArchiveCounts(const std::string& study_uid,
                                   std::optional<ArchiveCounts> counts) {
  const auto found = open_.find(study_uid);
  if (found == open_.end()) return;
  found->second.state.SetArchiveCounts(std::move(counts));
  changed_.insert(study_uid);
}

void OpenStudies::JudgeAllAgain() {
  for (const auto& [study_uid, open] : open_) changed_.insert(study_uid);
}

OpenStudies::Judgement OpenStudies::Judge(const StudyState& state) const {
  const config::Completion limits = limits_of_(state.calling_ae_title());
  const SenderHabit& habit = habits_.Of(state.calling_ae_title());
  Judgement judgement;
  TimePoint series_due{};
  std::optional<TimePoint> first;
  for (const auto& [uid, series] : state.series()) {
    if (!state.IsOpen(series)) continue;
    std::optional<Completion> completion = JudgeSeries(state, uid, series, habit, limits);
    if (!completion) {
      judgement.all_series = false;
      continue;
    }
    series_due = std::max(series_due, completion->due);
    first = first ? std::min(*first, completion->due) : completion->due;
    judgement.series.push_back({uid, *std::move(completion)});
  }
  judgement.study = JudgeStudy(
      state, judgement.all_series ? std::optional(series_due) : std::nullopt, habit, limits);
  judgement.due = first ? std::min(*first, judgement.study.due) : judgement.study.due;
  return judgement;
}

void OpenStudies::SetDue(const std::string& study_uid, Open& open, TimePoint due) {
  by_due_.erase({open.due, study_uid});
  open.due = due;
  by_due_.emplace(due, study_uid);
}

Closing OpenStudies::MakeClosing(const std::string& study_uid, const StudyState& state,
                                 Judgement judgement, TimePoint now) const {
  Closing closing;
  closing.study_uid = study_uid;
  closing.calling_ae_title = state.calling_ae_title();
  closing.revision = state.revision();
  closing.version = state.version();
  closing.last_instance_at = state.last_instance_at();
  closing.whole = judgement.study.due <= now;
  for (SeriesClosing& series : judgement.series)
    if (series.completion.due <= now) closing.series.push_back(std::move(series));
  if (!closing.whole) return closing;
  closing.completion = judgement.study;
  for (const auto& [uid, series] : state.series()) {
    const bool named =
        std::any_of(closing.series.begin(), closing.series.end(),
                    [&uid = uid](const SeriesClosing& entry) { return entry.series_uid == uid; });
    if (!state.IsOpen(series) || named) continue;
    closing.series.push_back(
        {uid,
         {judgement.study.due, judgement.study.reason,
          judgement.study.evidence + "; " + series.evidence.FindStructure().text}});
  }
  return closing;
}

int OpenStudies::RevisionOf(const std::string& study_uid) const {
  const auto found = open_.find(study_uid);
  return found == open_.end() ? 0 : found->second.state.revision();
}

bool OpenStudies::Expect(const std::string& study_uid, const std::string& series_uid) {
  const auto found = open_.find(study_uid);
  if (found == open_.end() || closing_.contains(study_uid)) return false;
  const StudyState& state = found->second.state;
  const auto series = state.series().find(series_uid);
  if (series == state.series().end() || !state.IsOpen(series->second)) return false;
  ++expected_[study_uid];
  return true;
}

void OpenStudies::Arrived(const std::string& study_uid) {
  const auto found = expected_.find(study_uid);
  if (found == expected_.end() || --found->second > 0) return;
  expected_.erase(found);
}

std::vector<Closing> OpenStudies::Due(TimePoint now) {
  for (const std::string& study_uid : std::exchange(changed_, {}))
    if (const auto found = open_.find(study_uid); found != open_.end()) {
      const Judgement judgement = Judge(found->second.state);
      SetDue(study_uid, found->second, judgement.due);
      SetAskArchive(study_uid, found->second, judgement.study);
    }
  std::vector<Closing> closings;
  for (auto next = by_due_.begin(); next != by_due_.end() && next->first <= now; ++next) {
    if (expects(next->second)) continue;
    closing_.insert(next->second);
    const StudyState& state = open_.at(next->second).state;
    closings.push_back(MakeClosing(next->second, state, Judge(state), now));
  }
  return closings;
}

std::optional<TimePoint> OpenStudies::NextDue() const {
  if (!changed_.empty()) return TimePoint{};
  for (const auto& [due, study_uid] : by_due_)
    if (!expects(study_uid)) return due;
  return std::nullopt;
}

void OpenStudies::Learn(StudyState& state, const Closing& closing, TimePoint now) {
  // What a restart or `at_most` cut short is nobody's habit.
  if (state.has_taught() || state.partial() || closing.completion.reason == "at_most") return;
  state.SetTaught();
  habits_.Change(state.calling_ae_title(), now).Learn(state.Lesson());
}

void OpenStudies::Remember(const std::string& study_uid, StudyState state) {
  closed_.emplace_front(study_uid, std::move(state));
  closed_by_uid_[study_uid] = closed_.begin();
  if (closed_.size() <= kMaxClosed) return;
  closed_by_uid_.erase(closed_.back().first);
  closed_.pop_back();
}

void OpenStudies::ForgetClosed(const std::string& study_uid) {
  const auto found = closed_by_uid_.find(study_uid);
  if (found == closed_by_uid_.end()) return;
  closed_.erase(found->second);
  closed_by_uid_.erase(found);
}

void OpenStudies::Closed(const Closing& closing, TimePoint now) {
  const auto found = open_.find(closing.study_uid);
  if (found == open_.end()) return;
  StudyState& state = found->second.state;
  if (state.revision() != closing.revision) {
    // An Instance that came meanwhile has opened the next revision already.
    if (closing.whole) state.CloseEarlierRevision(closing.revision);
    changed_.insert(closing.study_uid);
    return;
  }
  if (!closing.whole) {
    for (const SeriesClosing& series : closing.series) state.CloseSeries(series.series_uid);
    changed_.insert(closing.study_uid);
    return;
  }
  Learn(state, closing, now);
  state.CloseRevision();
  Remember(closing.study_uid, std::move(state));
  Forget(found);
}

bool OpenStudies::Conflicted(const Closing& closing, TimePoint again) {
  const auto found = open_.find(closing.study_uid);
  if (found == open_.end()) return true;
  constexpr int kMaxConflicts = 100;
  if (++found->second.conflicts > kMaxConflicts) {
    Forget(found);
    return false;
  }
  SetDue(closing.study_uid, found->second, again);
  return true;
}

void OpenStudies::Drop(const std::string& study_uid) {
  if (const auto found = open_.find(study_uid); found != open_.end()) Forget(found);
  if (const auto closed = closed_by_uid_.find(study_uid); closed != closed_by_uid_.end()) {
    closed_.erase(closed->second);
    closed_by_uid_.erase(closed);
  }
}

void OpenStudies::OnStable(const std::string& study_uid, TimePoint now) {
  const auto found = open_.find(study_uid);
  if (found == open_.end()) return;
  found->second.state.SetStable(now);
  changed_.insert(study_uid);
}

void OpenStudies::Forget(std::map<std::string, Open>::iterator open) {
  by_due_.erase({open->second.due, open->first});
  ask_archive_.erase({open->second.ask_archive, open->first});
  open_.erase(open);
}

}  // namespace axial::assemble
