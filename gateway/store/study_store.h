#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "core/base/clock.h"
#include "core/base/result.h"
#include "core/dicom/instance_header.h"
#include "gateway/store/database.h"

namespace axial::store {

/// What the receiver knows of an Instance whose bytes are durable in the spool.
struct NewInstance {
  InstanceHeader header;
  std::string sha256;
  std::string path;
  std::int64_t bytes = 0;
  std::string calling_ae_title;
  std::string called_ae_title;
  std::string peer_address;
  TimePoint received_at{};
};

enum class AddOutcome {
  kAdded,
  kDuplicate,    ///< same SOP Instance UID, same bytes: nothing changed
  kConflicting,  ///< same SOP Instance UID, other bytes: kept beside the first, study flagged
  kOwnResult,    ///< made by this gateway and sent back to it: not a new input
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
  std::string calling_ae_title;  ///< of the Instance that opened it
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
  std::vector<SeriesClass> classes;  ///< most Instances first
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
  int revision = 0;            ///< newest
  std::string revision_state;  ///< of the newest
  std::int64_t jobs = 0;
  std::int64_t jobs_unfinished = 0;  ///< queued, leased or produced
  std::int64_t jobs_failed = 0;
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
  /// none). Durable when it returns.
  [[nodiscard]] Result<AddOutcome> AddInstance(const NewInstance& instance);

  /// The last Association that was sending the study is released (or aborted).
  [[nodiscard]] Status MarkReleased(const std::string& study_uid, TimePoint now);
  /// At start: no Association has survived.
  [[nodiscard]] Status MarkAllReleased(TimePoint now);

  [[nodiscard]] Result<std::vector<Revision>> Revisions(const std::string& state, int limit) const;
  /// Error: Conflict when it is not open, or got an Instance after `last_instance_at`.
  [[nodiscard]] Status CloseRevision(const Revision& revision, const std::string& reason,
                                     TimePoint now);

  [[nodiscard]] Result<std::vector<SeriesRow>> SeriesOfStudy(const std::string& study_uid) const;

  /// One transaction: verdicts, Jobs (a key that exists already makes no second one) and the state
  /// 'routed'. Returns the number of new Jobs. Error: Conflict when it is not in state 'closed'.
  [[nodiscard]] Result<int> RecordRouting(const Revision& revision,
                                          const std::vector<VerdictRow>& verdicts,
                                          const std::vector<NewJob>& jobs, TimePoint now);

  /// Newest first, at most `limit`.
  [[nodiscard]] Result<std::vector<StudyRow>> List(int limit) const;
  [[nodiscard]] Result<std::optional<StudyRow>> Find(const std::string& study_uid) const;
  [[nodiscard]] Result<std::vector<Revision>> RevisionsOfStudy(const std::string& study_uid) const;
  [[nodiscard]] Result<std::vector<VerdictRow>> VerdictsOfRevision(std::int64_t revision_id) const;
  /// Oldest first, at most the last `limit`.
  [[nodiscard]] Result<std::vector<EventRow>> Events(const std::string& study_uid, int limit) const;

 private:
  Database& database_;
};

}  // namespace axial::store
