#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "config/config.h"
#include "core/base/clock.h"
#include "core/base/metrics.h"
#include "core/base/result.h"
#include "gateway/assemble/open_studies.h"
#include "gateway/store/completion_store.h"
#include "gateway/store/performed_step_store.h"
#include "gateway/store/study_store.h"

namespace axial::assemble {

/// Turns Instances into closed Series and revisions: OpenStudies says what is complete, the rows
/// say it to everybody else. What OpenStudies knows is read from the rows and the spool after a
/// restart; only "which Associations are open now" is not, because none survives. Thread-safe.
class StudyAssembler {
 public:
  /// All outlive the assembler.
  StudyAssembler(store::StudyStore& studies, store::CompletionStore& completions,
                 store::PerformedStepStore& steps, Metrics& metrics);

  /// Limits of the node and of single peers (by calling AE Title); may change while running.
  void SetLimits(const config::Config& config);

  /// Called with a Study before one of its Series or revisions is closed, to make what was received
  /// of it durable; an error leaves it open. Once, before anything comes in.
  void SetMakeDurable(std::function<Status(const std::string& study_uid)> make_durable);

  /// Called after a Series or a revision was closed, by the assembler or by an Instance that came
  /// late: it can be routed. Must not block. Once, before anything comes in.
  void SetOnClosed(std::function<void()> on_closed);

  /// At start: every Association of an earlier process is over, and what was cut off will come
  /// again. Reads the headers of at most kMaxRestoredInstances Instances.
  [[nodiscard]] Status Recover(TimePoint now);

  /// An Instance of this Series was received and its row will be committed: nothing of the Study is
  /// closed before Arrived is told. False, and nothing is expected, unless the Series is in the
  /// open revision and not complete, and nothing of the Study is just being closed.
  [[nodiscard]] bool Expect(const std::string& study_uid, const std::string& series_uid);
  /// Some that was expected of the Study has not arrived.
  [[nodiscard]] bool Expects(const std::string& study_uid) const;
  /// After OnInstance or OnRepeated, or when its row will not be committed.
  void Arrived(const std::string& study_uid);

  /// An Instance whose row is committed.
  void OnInstance(const Arrival& arrival);
  /// The same Instance again: nothing new.
  void OnRepeated(std::int64_t association_id, const std::string& study_uid,
                  const std::string& series_uid, TimePoint now);

  /// Its Instances were removed: what comes of it again meets none.
  void OnRemoved(const std::string& study_uid);

  /// A Modality Performed Procedure Step about these Studies was made or set; its row is committed.
  void OnStepsChanged(const std::vector<std::string>& study_uids);

  /// The archives that are to be asked by `now` (any thread asks), and when the next one is; each
  /// is answered by OnArchiveCounts.
  [[nodiscard]] std::vector<ArchiveQuestion> TakeArchiveQuestions(TimePoint now);
  [[nodiscard]] std::optional<TimePoint> NextArchiveQuestion() const;
  /// nullopt: there was no answer.
  void OnArchiveCounts(const std::string& study_uid, std::optional<ArchiveCounts> counts);

  /// The study and its rows are gone.
  void Forget(const std::string& study_uid);

  /// The host that the Instances come from had none of this study for as long as it waits.
  void OnStable(const std::string& study_uid, TimePoint now);

  /// Studies that no other open Association is sending count as released now. `released`: by the
  /// peer; else it was aborted.
  [[nodiscard]] Status OnAssociationClosed(std::int64_t association_id, bool released,
                                           TimePoint now);

  /// Closes every Series and every revision that is complete. Returns when the next one can be, if
  /// there is one open.
  [[nodiscard]] Result<std::optional<TimePoint>> RunOnce(TimePoint now);

 private:
  static constexpr int kMaxRestoredInstances = 20'000;

  [[nodiscard]] config::Completion LimitsFor(const std::string& calling_ae_title) const;
  void RestoreStudy(const store::OpenRevision& row, TimePoint now);
  [[nodiscard]] Status CloseDue(const std::vector<Closing>& due, TimePoint now);
  [[nodiscard]] Status Close(const Closing& closing, TimePoint now);
  [[nodiscard]] Status AskForSteps();
  [[nodiscard]] Status SaveHabits();
  /// Closes by `quiet` and `at_most` what OpenStudies has no room for.
  [[nodiscard]] Result<std::optional<TimePoint>> CloseUntracked(TimePoint now);
  void Report(const std::string& study_uid, int revision, const Completion& completion,
              TimePoint last_instance_at, TimePoint now);

  store::StudyStore& studies_;
  store::CompletionStore& completions_;
  store::PerformedStepStore& steps_;
  Metrics& metrics_;
  Histogram& seconds_to_close_;
  std::function<Status(const std::string& study_uid)> make_durable_;
  std::function<void()> on_closed_ = [] {};
  mutable std::mutex mutex_;
  config::Completion limits_;
  std::map<std::string, config::Completion> peer_limits_;
  OpenStudies open_;
  bool untracked_ = false;
};

}  // namespace axial::assemble
