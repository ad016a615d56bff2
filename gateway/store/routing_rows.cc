// The half of StudyStore that writes what the rules decided.

#include <SQLiteCpp/SQLiteCpp.h>
#include <fmt/format.h>

#include "core/base/crash_point.h"
#include "gateway/store/job_rows.h"
#include "gateway/store/rows.h"
#include "gateway/store/study_store.h"

namespace axial::store {
namespace {

/// Returns the number of new Jobs.
int InsertDecision(SQLite::Database& db, const Revision& revision,
                   const std::vector<VerdictRow>& verdicts, const std::vector<NewJob>& jobs,
                   TimePoint now) {
  for (const VerdictRow& verdict : verdicts) {
    SQLite::Statement insert(db,
                             "INSERT INTO verdict(revision_id, rule_index, rule, series_uid, "
                             "matched, reason) VALUES (?, ?, ?, ?, ?, ?)");
    insert.bind(1, revision.id);
    insert.bind(2, verdict.rule_index);
    insert.bind(3, verdict.rule);
    insert.bind(4, verdict.series_uid);
    insert.bind(5, verdict.matched ? 1 : 0);
    insert.bind(6, verdict.reason);
    insert.exec();
  }
  int created = 0;
  for (const NewJob& job : jobs) created += InsertJob(db, revision, job, now) != 0 ? 1 : 0;
  return created;
}

}  // namespace

Result<int> StudyStore::RecordRouting(const Revision& revision,
                                      const std::vector<VerdictRow>& verdicts,
                                      const std::vector<NewJob>& jobs, TimePoint now) {
  auto outcome = database_.Write<int>([&](SQLite::Database& db) -> Result<int> {
    SQLite::Statement update(db,
                             "UPDATE study_revision SET state = 'routed', routed_at = ? WHERE id = "
                             "? AND state = 'closed'");
    update.bind(1, ToMicros(now));
    update.bind(2, revision.id);
    if (update.exec() != 1)
      return MakeError(ErrorCode::kConflict, "revision {} of study {} is not waiting for routing",
                       revision.number, revision.study_uid);
    SQLite::Statement series(
        db,
        "UPDATE series_revision SET routed_at = ?1 WHERE routed_at IS NULL AND "
        "revision = ?2 AND series_uid IN (SELECT series_uid FROM series WHERE "
        "study_uid = ?3)");
    series.bind(1, ToMicros(now));
    series.bind(2, revision.number);
    series.bind(3, revision.study_uid);
    series.exec();
    InsertDecision(db, revision, verdicts, jobs, now);
    SQLite::Statement count(db, "SELECT count(*) FROM job WHERE revision_id = ?");
    count.bind(1, revision.id);
    count.executeStep();
    const int all = count.getColumn(0).getInt();
    AddEvent(db, revision.study_uid, now, all == 0 ? "not_routed" : "routed",
             fmt::format("revision {}: {} jobs", revision.number, all));
    return all;
  });
  if (outcome.ok()) CrashPoint("routed");
  return outcome;
}

Result<int> StudyStore::RecordSeriesRouting(const Revision& revision, const std::string& series_uid,
                                            const std::vector<VerdictRow>& verdicts,
                                            const std::vector<NewJob>& jobs, TimePoint now) {
  auto outcome = database_.Write<int>([&](SQLite::Database& db) -> Result<int> {
    SQLite::Statement update(db,
                             "UPDATE series_revision SET routed_at = ? WHERE series_uid = ? AND "
                             "revision = ? AND routed_at IS NULL");
    update.bind(1, ToMicros(now));
    update.bind(2, series_uid);
    update.bind(3, revision.number);
    if (update.exec() != 1)
      return MakeError(ErrorCode::kConflict, "Series {} of revision {} is not waiting for routing",
                       series_uid, revision.number);
    const int created = InsertDecision(db, revision, verdicts, jobs, now);
    if (created > 0)
      AddEvent(db, revision.study_uid, now, "series_routed",
               fmt::format("Series {} in revision {}: {} jobs, before the rest of the study",
                           series_uid, revision.number, created));
    return created;
  });
  if (outcome.ok()) CrashPoint("series_routed");
  return outcome;
}

}  // namespace axial::store
