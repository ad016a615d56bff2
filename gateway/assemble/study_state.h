#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>

#include "core/base/clock.h"
#include "gateway/assemble/archive_counts.h"
#include "gateway/assemble/sender_habit.h"
#include "gateway/assemble/series_evidence.h"
#include "gateway/assemble/step_evidence.h"

namespace axial::assemble {

/// One Instance, whose row is committed.
struct Arrival {
  std::int64_t association_id = 0;
  std::string study_uid;
  std::string calling_ae_title;
  /// The sender waits until a Study is complete and sends it over one Association (a host that
  /// knows when its Studies are stable).
  bool whole_study = false;
  InstanceFacts facts;
  TimePoint at{};
  int revision = 0;                ///< the open one that it went into
  std::int64_t study_version = 0;  ///< of the Study's row, with this Instance
  bool replaces = false;           ///< an earlier content of the same Instance
};

/// What is known of one Series of a Study that is coming in.
struct SeriesState {
  SeriesEvidence evidence;
  int revision = 0;     ///< its Instances that were not in a closed revision are in this one
  int arrived_in = 0;   ///< the revision of its last Instance
  bool closed = false;  ///< complete in `revision`
  TimePoint last_at{};
  int associations = 0;                  ///< that ended properly, or are open
  std::set<std::int64_t> open_carriers;  ///< Associations that sent Instances of it
  std::optional<TimePoint> released_at;  ///< its last carrier ended and none is open
  bool awaits_retry = false;             ///< a carrier was aborted, and none ended properly since
  bool left = false;  ///< every Association that sent it went on to another Series, or ended
  bool only_lone_associations = true;  ///< each carrier brought one Instance of the Study
};

/// What is known of one Study that is coming in: no rows, no clock, no lock. Every call says when
/// it happened. Bounded: of a Series above kMaxSeries only the count is kept.
class StudyState {
 public:
  static constexpr std::size_t kMaxSeries = 2000;

  StudyState() = default;
  StudyState(std::string calling_ae_title, TimePoint opened_at);

  void Add(const Arrival& arrival);
  /// The same bytes again: nothing new, but the sender is at it.
  void Repeat(std::int64_t association_id, const std::string& series_uid, TimePoint now);
  /// `released` by the peer; an aborted one is likely to come again, unless this peer
  /// `always_aborts`.
  void EndAssociation(std::int64_t association_id, bool released, bool always_aborts,
                      TimePoint now);
  /// At a restart: no Association survived, and whoever was cut off comes again.
  void EndAllAssociations(TimePoint now);

  /// As its rows say at a restart; its sender has from now to come again.
  void Restored(int revision, std::int64_t version, TimePoint now);

  void CloseSeries(const std::string& series_uid) { series_.at(series_uid).closed = true; }
  /// Every Series is closed; the next Instance opens revision + 1.
  void CloseRevision();
  /// As CloseRevision, when that next Instance was told before the closing was.
  void CloseEarlierRevision(int number);
  /// In the open revision, and not closed.
  [[nodiscard]] bool IsOpen(const SeriesState& series) const {
    return !series.closed && series.revision == revision_;
  }
  [[nodiscard]] bool IsSending(std::int64_t association_id) const {
    return open_associations_.contains(association_id);
  }

  [[nodiscard]] StudyLesson Lesson() const;

  /// Whoever the Instances come from had none of it for as long as it waits. Holds until the next
  /// Instance.
  void SetStable(TimePoint now) { stable_at_ = now; }
  [[nodiscard]] const std::optional<TimePoint>& stable_at() const { return stable_at_; }

  /// Without steps: nullopt.
  void SetSteps(std::optional<StepEvidence> steps) { steps_ = std::move(steps); }
  [[nodiscard]] const std::optional<StepEvidence>& steps() const { return steps_; }

  /// nullopt: not asked, or no answer.
  void SetArchiveCounts(std::optional<ArchiveCounts> counts) { archive_ = std::move(counts); }
  [[nodiscard]] const std::optional<ArchiveCounts>& archive_counts() const { return archive_; }

  [[nodiscard]] const std::string& calling_ae_title() const { return calling_ae_title_; }
  [[nodiscard]] const std::map<std::string, SeriesState>& series() const { return series_; }
  [[nodiscard]] int revision() const { return revision_; }
  [[nodiscard]] std::int64_t version() const { return version_; }
  [[nodiscard]] bool open() const { return open_; }
  [[nodiscard]] bool whole_study() const { return whole_study_; }
  [[nodiscard]] TimePoint opened_at() const { return opened_at_; }
  [[nodiscard]] TimePoint last_instance_at() const { return last_instance_at_; }
  [[nodiscard]] TimePoint last_activity_at() const { return last_activity_at_; }
  [[nodiscard]] std::optional<TimePoint> released_at() const { return released_at_; }
  [[nodiscard]] bool awaits_retry() const { return awaits_retry_; }
  /// Every Association brought Instances of several Series: this sender has no Association for
  /// each.
  [[nodiscard]] bool associations_span_series() const { return associations_span_series_; }
  /// A Series got an Instance after one of another Series.
  [[nodiscard]] bool goes_back() const { return interleaved_; }
  [[nodiscard]] bool has_open_association() const { return !open_associations_.empty(); }
  [[nodiscard]] std::int64_t instances() const { return instances_; }
  [[nodiscard]] std::optional<std::int64_t> declared_instances() const;
  /// Some of it is not known: it began in an earlier life of this process.
  void SetPartial(bool partial) { partial_ = partial; }
  [[nodiscard]] bool partial() const { return partial_; }
  /// Its first closing taught the habit of the sender already.
  [[nodiscard]] bool has_taught() const { return has_taught_; }
  void SetTaught() { has_taught_ = true; }

 private:
  struct Carrier {
    std::int64_t instances = 0;
    std::set<std::string> series;
    std::string last_series;
  };

  void Leave(const std::string& series_uid);
  void Touch(std::int64_t association_id, const std::string& series_uid, TimePoint now);
  void EndCarrier(const std::string& series_uid, std::int64_t association_id,
                  const Carrier& carrier, bool properly, TimePoint now);
  void BeginRevision(int number, TimePoint at);

  std::string calling_ae_title_;
  TimePoint opened_at_{};
  TimePoint last_instance_at_{};
  TimePoint last_activity_at_{};
  std::map<std::string, SeriesState> series_;
  std::map<std::int64_t, Carrier> open_associations_;
  std::optional<TimePoint> released_at_;
  bool awaits_retry_ = false;
  bool last_was_aborted_ = false;
  bool associations_span_series_ = true;
  int associations_ = 0;  ///< that ended properly
  bool interleaved_ = false;
  int pauses_ = 0;
  Duration pause_between_{};
  std::string last_series_;
  std::int64_t instances_ = 0;
  std::int64_t declared_instances_ = 0;
  bool open_ = true;
  bool whole_study_ = false;
  bool partial_ = false;
  bool has_taught_ = false;
  std::optional<TimePoint> stable_at_;
  std::optional<StepEvidence> steps_;
  std::optional<ArchiveCounts> archive_;
  int revision_ = 0;
  std::int64_t version_ = 0;
};

}  // namespace axial::assemble
