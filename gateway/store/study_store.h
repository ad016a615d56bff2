#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/base/clock.h"
#include "core/base/result.h"
#include "core/dicom/instance_header.h"
#include "gateway/store/database.h"

namespace axial::store {

/// Of several contents of one SOP Instance UID in one Series: which one Jobs get.
enum class UseContent { kFirst, kLast };

/// What the receiver knows of an Instance whose bytes are in the spool.
struct NewInstance {
  InstanceHeader header;
  std::string digest;  ///< of the file (receive::ReceivedInstance)
  std::string path;
  std::int64_t bytes = 0;
  std::string calling_ae_title;
  std::string called_ae_title;
  std::string peer_address;
  TimePoint received_at{};
  /// The bytes at `path` are on the disk. Then the Instance is never lost once its row is
  /// committed, as SyncOfRow says (open_series.h); else its row is synced later, too.
  bool durable_file = true;
  UseContent use = UseContent::kFirst;
};

enum class AddOutcome {
  kAdded,
  kDuplicate,    ///< same SOP Instance UID, same bytes: nothing changed
  kConflicting,  ///< same SOP Instance UID, other bytes: kept beside the first, study flagged
  kReplacing,    ///< the same, and used instead of the first from this revision on
  kShared,       ///< added; the SOP Instance UID is in another Study or Series, too: all flagged
  kMisplaced,    ///< its Series belongs to another Study: kept, not used, both flagged
  kOwnResult,    ///< made by this gateway and sent back to it: not a new input
};

struct AddedInstance {
  AddOutcome outcome = AddOutcome::kAdded;
  // When it was added:
  int revision = 0;                ///< the open one that it is in
  std::int64_t study_version = 0;  ///< raised with each Instance that is added
  /// When it is the first of its Study that is of another patient: what says so. No patient data.
  std::string patient_conflict = {};
};

/// A revision as the assembler and the router see it.
struct Revision {
  std::int64_t id = 0;
  std::string study_uid;
  int number = 0;
  std::string state;  ///< open | closed | routed
  TimePoint opened_at{};
  TimePoint last_instance_at{};
  std::optional<TimePoint> released_at;
  TimePoint closed_at{};
  std::string close_reason;
  std::string evidence;          ///< what closed it, for people
  std::string calling_ae_title;  ///< of the Instance that opened it
  TimePoint removed_at{};        ///< its Instances and results were removed (RetentionStore)
};

/// One SOP Class of a Series: counts, and the attributes of its first Instance.
struct SeriesClass {
  std::string sop_class_uid;
  std::int64_t instances = 0;
  std::int64_t frames = 0;
  AttributeSet attributes;
};

struct SeriesRow {
  std::string series_uid;
  std::string calling_ae_title;
  std::string called_ae_title;
  int changed_in_revision = 0;
  bool routed = false;               ///< in that revision
  std::vector<SeriesClass> classes;  ///< most Instances first
  /// Models (name, version) that were run on the same Instances before they were removed.
  std::vector<std::pair<std::string, std::string>> run_before_removal = {};
};

/// One Series in one revision, as it was closed: maybe while the revision was open.
struct SeriesRevision {
  int revision = 0;
  std::string series_uid;
  std::int64_t instances = 0;  ///< of the Series, when it was closed
  TimePoint closed_at{};
  std::string close_reason;
  std::string evidence;  ///< for people
  TimePoint routed_at{};
};

struct VerdictRow {
  int rule_index = 0;
  std::string rule;
  std::string series_uid;
  bool matched = false;
  std::string reason;
};

struct NewJob {
  std::string key;
  std::string series_uid;
  std::string rule;
  std::string model;
  std::string model_version;
  int priority = 1;
  std::vector<std::string> destinations;
};

struct StudyRow {
  std::string study_uid;
  TimePoint first_received_at{};
  TimePoint last_received_at{};
  std::int64_t series = 0;
  std::int64_t instances = 0;
  std::int64_t conflicting = 0;
  std::string patient_conflict;  ///< the first sign that it is of two patients; "": one
  int revision = 0;              ///< newest
  std::string revision_state;    ///< of the newest
  std::int64_t jobs = 0;
  std::int64_t jobs_unfinished = 0;  ///< queued, leased or produced
  std::int64_t jobs_failed = 0;
  TimePoint removed_at{};  ///< its files were removed, and none came since
};

struct EventRow {
  TimePoint at{};
  std::string kind;
  std::string detail;
};

/// Studies, Series, Instances, revisions and verdicts. Thread-safe.
class StudyStore {
 public:
  explicit StudyStore(Database& database) : database_(database) {}

  /// One transaction: the Instance, its Series' summary and the open revision (opened when there is
  /// none). What is there already is never changed or refused.
  /// When the Series is complete in the open revision, that one is closed with what is complete,
  /// and what is not goes on in the next, with the Instance.
  [[nodiscard]] Result<AddedInstance> AddInstance(const NewInstance& instance);
  /// The same for several, in their order and in one transaction, which costs less. An error of one
  /// leaves the others as they are; one of all says that none was added.
  [[nodiscard]] Result<std::vector<Result<AddedInstance>>> AddInstances(
      const std::vector<const NewInstance*>& instances);

  /// The last Association that was sending the study is released (or aborted).
  [[nodiscard]] Status MarkReleased(const std::string& study_uid, TimePoint now);
  /// At start: no Association has survived.
  [[nodiscard]] Status MarkAllReleased(TimePoint now);

  [[nodiscard]] Result<std::vector<Revision>> Revisions(const std::string& state, int limit) const;
  /// Error: Conflict when it is not open, or got an Instance after `last_instance_at`.
  [[nodiscard]] Status CloseRevision(const Revision& revision, const std::string& reason,
                                     TimePoint now);

  /// `routed`: with all that it has.
  [[nodiscard]] Result<std::vector<SeriesRow>> SeriesOfStudy(const std::string& study_uid) const;

  /// The Series that the revision has, as they were in it: `changed_in_revision` is never later.
  [[nodiscard]] Result<std::vector<SeriesRow>> SeriesOfRevision(const std::string& study_uid,
                                                                int number) const;

  /// Series that are complete and not routed, of revisions that are still open: their revision and
  /// their UID, oldest first.
  [[nodiscard]] Result<std::vector<std::pair<Revision, std::string>>> UnroutedSeries(
      int limit) const;
  /// One transaction: verdicts and Jobs of one complete Series, before its revision is closed.
  /// Returns the number of new Jobs. Error: Conflict when it is routed already, or not complete.
  [[nodiscard]] Result<int> RecordSeriesRouting(const Revision& revision,
                                                const std::string& series_uid,
                                                const std::vector<VerdictRow>& verdicts,
                                                const std::vector<NewJob>& jobs, TimePoint now);

  /// One transaction: verdicts, Jobs (a key that exists already makes no second one) and the state
  /// 'routed'. Returns the number of Jobs that the revision has now. Error: Conflict when it is not
  /// in state 'closed'.
  [[nodiscard]] Result<int> RecordRouting(const Revision& revision,
                                          const std::vector<VerdictRow>& verdicts,
                                          const std::vector<NewJob>& jobs, TimePoint now);

  /// Newest first, at most `limit`.
  [[nodiscard]] Result<std::vector<StudyRow>> List(int limit) const;
  [[nodiscard]] Result<std::optional<StudyRow>> Find(const std::string& study_uid) const;
  [[nodiscard]] Result<std::vector<Revision>> RevisionsOfStudy(const std::string& study_uid) const;
  /// In the order of their revisions, and of their closing.
  [[nodiscard]] Result<std::vector<SeriesRevision>> SeriesRevisions(
      const std::string& study_uid) const;
  [[nodiscard]] Result<std::vector<VerdictRow>> VerdictsOfRevision(std::int64_t revision_id) const;
  /// Oldest first, at most the last `limit`.
  [[nodiscard]] Result<std::vector<EventRow>> Events(const std::string& study_uid, int limit) const;

 private:
  Database& database_;
};

}  // namespace axial::store
