#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <list>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "config/config.h"
#include "core/base/clock.h"
#include "gateway/assemble/completion_rule.h"
#include "gateway/assemble/habit_table.h"
#include "gateway/assemble/study_state.h"

namespace axial::assemble {

/// A Series whose revision is complete.
struct SeriesClosing {
  std::string series_uid;
  Completion completion;
};

/// What is complete: one Series, or, with `whole`, the open revision of the Study with every Series
/// that was not closed before.
struct Closing {
  std::string study_uid;
  std::string calling_ae_title;
  int revision = 0;
  std::int64_t version = 0;
  TimePoint last_instance_at{};
  bool whole = false;
  Completion completion;  ///< of the Study; unset for a Series
  std::vector<SeriesClosing> series;
};

/// The Studies that are coming in, and when each is complete: the whole logic of assembling,
/// without store, clock or lock. Bounded: of more than kMaxStudies the rest is left to whoever
/// calls
/// (`tracked` says no), and of closed ones the last kMaxClosed are remembered, so that what comes
/// late meets the numbers it belongs to.
class OpenStudies {
 public:
  static constexpr std::size_t kMaxStudies = 20'000;
  static constexpr std::size_t kMaxClosed = 256;

  /// The limits for a calling AE Title.
  using LimitsOf = std::function<config::Completion(const std::string&)>;
  explicit OpenStudies(LimitsOf limits_of) : limits_of_(std::move(limits_of)) {}

  /// false: there is no room for it; only its row knows of it.
  bool OnInstance(const Arrival& arrival);
  void OnRepeated(std::int64_t association_id, const std::string& study_uid,
                  const std::string& series_uid, TimePoint now);
  /// Returns the Studies that no open Association is sending any more.
  std::vector<std::string> OnAssociationEnded(std::int64_t association_id, bool released,
                                              TimePoint now);
  /// What is remembered of a closed Study is not true any more.
  void ForgetClosed(const std::string& study_uid);
  /// As it was when an earlier process ended. false: no room.
  bool Restore(const std::string& study_uid, StudyState study);
  /// The limits changed: every Study is judged again.
  void JudgeAllAgain();

  /// A Modality Performed Procedure Step of the Study was made or set.
  void OnStepsChanged(const std::string& study_uid);
  /// The Studies whose steps are to be read; each is answered by SetSteps.
  [[nodiscard]] std::set<std::string> TakeStepsToAsk();
  void SetSteps(const std::string& study_uid, std::optional<StepEvidence> steps);

  /// The Studies of which an archive is to be asked by `now`, each once; the answer, or that there
  /// is none, is told by SetArchiveCounts.
  [[nodiscard]] std::vector<ArchiveQuestion> TakeArchiveQuestions(TimePoint now);
  [[nodiscard]] std::optional<TimePoint> NextArchiveQuestion() const;
  void SetArchiveCounts(const std::string& study_uid, std::optional<ArchiveCounts> counts);

  /// What is complete by `now`; each is named until Closed or Conflicted is told. Until CloseEnded
  /// nothing is expected of these Studies: their rows may say already that they are closed.
  [[nodiscard]] std::vector<Closing> Due(TimePoint now);
  void CloseEnded() { closing_.clear(); }
  /// The same for a Study that whoever calls closes without having been told by Due.
  void ExpectNothing(const std::string& study_uid) { closing_.insert(study_uid); }
  /// The earliest time at which one is due; Studies of which an Instance is expected do not count.
  [[nodiscard]] std::optional<TimePoint> NextDue() const;
  /// The rows say so, too.
  void Closed(const Closing& closing, TimePoint now);
  /// The rows know of more than `closing`: what it is will be told by OnInstance. Asked again at
  /// `again`. false: it was not told for so long that the Study is left to whoever calls.
  bool Conflicted(const Closing& closing, TimePoint again);

  /// The Study is gone, with its rows.
  void Drop(const std::string& study_uid);
  /// Its sender, who knows when its Studies are stable, says that this one is.
  void OnStable(const std::string& study_uid, TimePoint now);

  [[nodiscard]] bool tracked(const std::string& study_uid) const {
    return open_.contains(study_uid);
  }

  /// An Instance of this Series was received whose row is not committed yet: nothing of the Study
  /// is due before Arrived. False, and nothing is expected, when the Series is not open, or the
  /// Study is just being closed.
  [[nodiscard]] bool Expect(const std::string& study_uid, const std::string& series_uid);
  /// It is committed, and was told, or never will be.
  void Arrived(const std::string& study_uid);
  [[nodiscard]] bool expects(const std::string& study_uid) const {
    return expected_.contains(study_uid);
  }
  /// The one that is open as far as is known here; 0 when the Study is not.
  [[nodiscard]] int RevisionOf(const std::string& study_uid) const;
  [[nodiscard]] std::size_t size() const { return open_.size(); }
  [[nodiscard]] HabitTable& habits() { return habits_; }

 private:
  struct Open {
    StudyState state;
    TimePoint due{};
    int conflicts = 0;           ///< since its last change
    std::int64_t ask_at = 0;     ///< Instances with which none that steps name may be missing
    bool steps_changed = false;  ///< since they were asked for
    int archive_asked = 0;       ///< times since its last change
    TimePoint ask_archive{};     ///< 0: not
  };
  struct Judgement {
    std::vector<SeriesClosing> series;  ///< of those in the revision and not closed
    bool all_series = true;             ///< every such Series has evidence of its own
    Completion study;
    TimePoint due{};  ///< the earliest of all
  };

  [[nodiscard]] Judgement Judge(const StudyState& state) const;
  [[nodiscard]] Closing MakeClosing(const std::string& study_uid, const StudyState& state,
                                    Judgement judgement, TimePoint now) const;
  void SetDue(const std::string& study_uid, Open& open, TimePoint due);
  void SetAskArchive(const std::string& study_uid, Open& open, const Completion& judgement);
  void Forget(std::map<std::string, Open>::iterator open);
  void Remember(const std::string& study_uid, StudyState state);
  void Learn(StudyState& state, const Closing& closing, TimePoint now);

  LimitsOf limits_of_;
  HabitTable habits_;
  std::map<std::string, Open> open_;
  std::set<std::pair<TimePoint, std::string>> by_due_;
  std::set<std::pair<TimePoint, std::string>> ask_archive_;
  std::set<std::string> changed_;
  std::set<std::string> ask_steps_;
  std::map<std::string, int> expected_;  ///< Instances by Study
  std::set<std::string> closing_;        ///< named by Due
  std::map<std::int64_t, std::set<std::string>> studies_by_association_;
  std::list<std::pair<std::string, StudyState>> closed_;  ///< newest first
  std::map<std::string, std::list<std::pair<std::string, StudyState>>::iterator> closed_by_uid_;
};

}  // namespace axial::assemble
