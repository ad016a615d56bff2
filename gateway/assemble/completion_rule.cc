#include "gateway/assemble/completion_rule.h"

#include <fmt/format.h>

#include <algorithm>

namespace axial::assemble {
namespace {

double Seconds(Duration duration) { return std::chrono::duration<double>(duration).count(); }

Pattern PatternOf(const StudyState& study, const SenderHabit& habit) {
  return study.whole_study() ? Pattern::kPerStudy : habit.pattern();
}

std::string Released(const StudyState& study, const std::string& why) {
  return fmt::format("{} released its Association; {}", study.calling_ae_title(), why);
}

/// A sender that released its Association rarely fills a hole: so many times `after_release`.
constexpr int kHolePatience = 5;

/// The Associations that sent the Series ended properly: what that tells depends on the sender and
/// on whether something is seen to be missing.
std::optional<Completion> JudgeReleasedSeries(const StudyState& study, const SeriesState& series,
                                              const SenderHabit& habit,
                                              const config::Completion& limits) {
  if (!series.released_at || series.awaits_retry) return std::nullopt;
  const StructureFinding finding = series.evidence.FindStructure();
  const Pattern pattern = PatternOf(study, habit);
  const TimePoint released = *series.released_at;
  const bool hole = finding.structure == Structure::kHole && !study.whole_study();
  if (pattern == Pattern::kSplit) {
    if (!habit.KnowsPauses() || (hole && !habit.LeavesHoles())) return std::nullopt;
    return Completion{
        released + habit.Patience(), "sender_habit",
        fmt::format("{} made no longer pause than {:.1f} s in its last Studies; {}",
                    study.calling_ae_title(), Seconds(habit.longest_pause()), finding.text)};
  }
  const bool known = pattern != Pattern::kUnknown;
  // A modality that reports its steps will say exactly what there is.
  if (!known && study.steps() && !study.steps()->ended) return std::nullopt;
  // One Instance for each Association is how some send Series of hundreds.
  const bool may_be_a_part = series.only_lone_associations && !series.evidence.stands_alone();
  if (!known && (may_be_a_part || habit.has_split())) return std::nullopt;
  Duration wait = known ? Duration(0) : limits.after_release;
  if (hole) wait = limits.after_release;
  if (hole && !habit.LeavesHoles() && !series.evidence.stands_alone()) wait *= kHolePatience;
  return Completion{released + wait, "association_released",
                    Released(study, finding.text + "; " + habit.ToString())};
}

/// nullptr when no step names its Instances (yet).
const StepEvidence::Series* NamedBySteps(const StudyState& study, const std::string& series_uid) {
  if (!study.steps()) return nullptr;
  const auto found = study.steps()->series.find(series_uid);
  return found == study.steps()->series.end() ? nullptr : &found->second;
}

/// nullopt when the archive was not asked since the last Instance, or knows nothing of the Series.
std::optional<std::int64_t> ArchivedInstances(const StudyState& study,
                                              const std::string& series_uid) {
  const std::optional<ArchiveCounts>& counts = study.archive_counts();
  if (!counts || counts->asked_at < study.last_instance_at()) return std::nullopt;
  const auto found = counts->series.find(series_uid);
  if (found == counts->series.end()) return std::nullopt;
  return found->second;
}

/// Every Series that the archive has is here, with as many Instances; and no other.
bool AgreesWithArchive(const StudyState& study) {
  if (!study.archive_counts() || study.archive_counts()->series.size() != study.series().size())
    return false;
  return std::all_of(study.series().begin(), study.series().end(), [&](const auto& entry) {
    return ArchivedInstances(study, entry.first) == entry.second.evidence.instances();
  });
}

}  // namespace

std::optional<Completion> JudgeSeries(const StudyState& study, const std::string& series_uid,
                                      const SeriesState& series, const SenderHabit& habit,
                                      const config::Completion& limits) {
  if (const StepEvidence::Series* named = NamedBySteps(study, series_uid)) {
    if (named->missing > 0) return std::nullopt;
    if (study.steps()->ended)
      return Completion{series.last_at, "performed_step",
                        fmt::format("{} of {} Instances that the Modality Performed Procedure Step "
                                    "names",
                                    named->referenced, named->referenced)};
  }
  const std::optional<DeclaredCount> declared = series.evidence.Declared();
  if (declared && declared->reached() && habit.Reaches(declared->source))
    return Completion{series.last_at, "declared_count",
                      fmt::format("{} of {} Instances, by {}", declared->have, declared->want,
                                  CountSourceName(declared->source))};
  if (declared && declared->missing() && !habit.Misses(declared->source)) return std::nullopt;
  if (series.left && !study.goes_back() && habit.GoesOn() && !series.awaits_retry) {
    const StructureFinding finding = series.evidence.FindStructure();
    if (finding.structure == Structure::kWhole)
      return Completion{series.last_at, "moved_on",
                        fmt::format("{} went on to another Series and never goes back; {}",
                                    study.calling_ae_title(), finding.text)};
  }
  if (const auto archived = ArchivedInstances(study, series_uid);
      archived && series.released_at && !series.evidence.partial()) {
    if (*archived > series.evidence.instances()) return std::nullopt;
    if (*archived == series.evidence.instances())
      return Completion{study.archive_counts()->asked_at, "archive_count",
                        fmt::format("{} of {} Instances, as {} has them", *archived, *archived,
                                    study.archive_counts()->archive)};
  }
  return JudgeReleasedSeries(study, series, habit, limits);
}

Completion JudgeStudy(const StudyState& study, const std::optional<TimePoint>& series_due,
                      const SenderHabit& habit, const config::Completion& limits) {
  Completion completion{study.opened_at() + limits.at_most, "at_most",
                        fmt::format("open for {:.0f} s", Seconds(limits.at_most))};
  const auto consider = [&](TimePoint due, const char* reason, std::string evidence) {
    if (due < completion.due) completion = {due, reason, std::move(evidence)};
  };
  // A sender that was slower than `quiet` before will be again.
  const Duration quiet =
      std::max(limits.quiet, std::min<Duration>(habit.Patience(), limits.at_most));
  consider(study.last_activity_at() + quiet, "quiet",
           fmt::format("no Instance for {:.1f} s", Seconds(quiet)));

  if (const std::optional<StepEvidence>& steps = study.steps()) {
    if (!steps->ended || steps->missing() > 0) return completion;
    if (steps->names_instances())
      consider(study.last_instance_at(), "performed_step",
               fmt::format("{} of {} Instances in {} Series, by Modality Performed Procedure Step",
                           steps->referenced(), steps->referenced(), steps->series.size()));
  }
  const std::optional<std::int64_t> declared = study.declared_instances();
  if (declared && *declared == study.instances() && habit.Reaches(CountSource::kSeriesInstances))
    consider(study.last_instance_at(), "declared_count",
             fmt::format("{} of {} Instances, by Number of Study Related Instances",
                         study.instances(), *declared));
  if (declared && *declared != study.instances()) return completion;

  if (study.released_at() && !study.partial() && AgreesWithArchive(study))
    consider(study.archive_counts()->asked_at, "archive_count",
             fmt::format("{} Instances in {} Series, as {} has them", study.instances(),
                         study.series().size(), study.archive_counts()->archive));

  if (!study.released_at() || study.awaits_retry() || !series_due) return completion;
  const TimePoint released = std::max(*study.released_at(), *series_due);
  // Where the sender's pauses are known, they tell more.
  if (study.stable_at() && !habit.KnowsPauses())
    consider(std::max(*study.stable_at(), *series_due), "stable_study",
             "the PACS says that it is stable; " + habit.ToString());
  switch (PatternOf(study, habit)) {
    case Pattern::kPerStudy:
      consider(
          released, "association_released",
          Released(study, study.whole_study() ? "it sends only whole Studies" : habit.ToString()));
      break;
    case Pattern::kPerSeries:
    case Pattern::kSplit:
      if (!habit.KnowsPauses()) break;
      consider(std::max(*study.released_at() + habit.Patience(), *series_due), "sender_habit",
               fmt::format("{} made no longer pause than {:.1f} s in its last Studies",
                           study.calling_ae_title(), Seconds(habit.longest_pause())));
      break;
    case Pattern::kUnknown:
      if (study.associations_span_series() && study.series().size() > 1)
        consider(std::max(*study.released_at() + limits.after_release, *series_due),
                 "association_released",
                 Released(study, "its Association brought several Series; " + habit.ToString()));
      break;
  }
  return completion;
}

std::optional<TimePoint> AskArchiveAt(const StudyState& study, const Completion& judgement,
                                      int asked, const config::Completion& limits) {
  constexpr int kMostAsks = 10;
  const bool backstop = judgement.reason == "quiet" || judgement.reason == "at_most";
  if (limits.archive.empty() || !backstop || !study.released_at() || asked >= kMostAsks)
    return std::nullopt;
  const Duration unit = std::max<Duration>(limits.after_release, std::chrono::seconds(1));
  const TimePoint at = *study.released_at() + unit * (1 << asked);
  return at < judgement.due ? std::optional(at) : std::nullopt;
}

}  // namespace axial::assemble
