// The reading half of JobStore: what a run needs to know of its Job, and what people look at.

#include <SQLiteCpp/SQLiteCpp.h>
#include <fmt/format.h>

#include <algorithm>

#include "gateway/store/artifact_rows.h"
#include "gateway/store/job_rows.h"
#include "gateway/store/job_store.h"
#include "gateway/store/removed_series.h"
#include "gateway/store/rows.h"

namespace axial::store {
Result<std::vector<std::string>> JobStore::InputFiles(const Job& job) const {
  return database_.Read<std::vector<std::string>>(
      [&](SQLite::Database& db) -> Result<std::vector<std::string>> {
        SQLite::Statement study(db,
                                "SELECT patient_conflict FROM study WHERE study_uid = ? AND "
                                "patient_conflict <> ''");
        study.bind(1, job.study_uid);
        if (study.executeStep())
          return MakeError(ErrorCode::kInvalidInput,
                           "{}; correct the patient where the images come from, and send them as a "
                           "new study",
                           study.getColumn(0).getString());
        SQLite::Statement rows(db,
                               "SELECT i.path FROM instance i JOIN study_revision r ON r.id = ?2 "
                               "WHERE i.series_uid = ?1 AND i.revision <= r.number AND "
                               "(i.conflicting = 0 OR i.replaced_in > r.number) ORDER BY i.id");
        rows.bind(1, job.series_uid);
        rows.bind(2, job.revision_id);
        return ReadTexts(rows);
      });
}

Result<std::vector<std::string>> JobStore::Destinations(const Job& job) const {
  return database_.Read<std::vector<std::string>>(
      [&](SQLite::Database& db) -> Result<std::vector<std::string>> {
        SQLite::Statement rows(
            db, "SELECT destination FROM job_destination WHERE job_id = ? ORDER BY destination");
        rows.bind(1, job.id);
        return ReadTexts(rows);
      });
}

Result<int> JobStore::RunOfStudy(const Job& job) const {
  return database_.Read<int>([&](SQLite::Database& db) -> Result<int> {
    SQLite::Statement row(db,
                          "SELECT count(*) FROM (SELECT min(id) AS first FROM job WHERE study_uid "
                          "= ?1 GROUP BY revision_id, series_uid, model) WHERE first < (SELECT "
                          "min(id) FROM job WHERE study_uid = ?1 AND revision_id = ?2 AND "
                          "series_uid = ?3 AND model = ?4)");
    row.bind(1, job.study_uid);
    row.bind(2, job.revision_id);
    row.bind(3, job.series_uid);
    row.bind(4, job.model);
    row.executeStep();
    return row.getColumn(0).getInt();
  });
}

Result<std::vector<EarlierArtifact>> JobStore::Predecessors(const Job& job) const {
  using Artifacts = std::vector<EarlierArtifact>;
  return database_.Read<Artifacts>([&](SQLite::Database& db) -> Result<Artifacts> {
    // Of a replaced Job that ran after all, its result is what stands, not the report before it.
    SQLite::Statement rows(
        db, fmt::format("SELECT DISTINCT {} FROM job e JOIN job_artifact l ON l.job_id = e.id JOIN "
                        "artifact a ON a.id = l.artifact_id WHERE e.study_uid = ?2 AND "
                        "(((l.failure_report_id IS NULL OR e.state = 'failed') AND {}) OR "
                        "(l.failure_report_id IS NOT NULL AND e.revision_id = ?3 AND e.series_uid "
                        "= ?4 AND e.model = ?5)) AND (?6 OR NOT EXISTS (SELECT 1 FROM "
                        "study_revision v WHERE v.id = e.revision_id AND v.removed_at IS NOT "
                        "NULL)) ORDER BY {} LIMIT {}",
                        kEarlierArtifact, kIsReplaced, kNamedFirst, kMaxPredecessors));
    rows.bind(1, job.id);
    rows.bind(2, job.study_uid);
    rows.bind(3, job.revision_id);
    rows.bind(4, job.series_uid);
    rows.bind(5, job.model);
    // The same run on the same Instances as before their removal makes the same objects.
    const auto before = ModelsRunBeforeRemoval(db, job.series_uid, job.revision);
    const bool same_run =
        std::ranges::find(before, std::pair(job.model, job.model_version)) != before.end();
    rows.bind(6, same_run ? 0 : 1);
    return ReadEarlierArtifacts(rows);
  });
}

Result<std::optional<TimePoint>> JobStore::NextDue() const {
  return database_.Read<std::optional<TimePoint>>(
      [](SQLite::Database& db) -> Result<std::optional<TimePoint>> {
        SQLite::Statement row(db,
                              "SELECT min(due) FROM (SELECT min(not_before) AS due FROM job WHERE "
                              "state = 'queued' UNION ALL SELECT min(lease_until) FROM job WHERE "
                              "state = 'leased')");
        if (!row.executeStep() || row.getColumn(0).isNull()) return std::optional<TimePoint>{};
        return std::optional<TimePoint>(TimeOf(row.getColumn(0)));
      });
}

Result<std::vector<Job>> JobStore::List(int limit) const {
  return database_.Read<std::vector<Job>>([&](SQLite::Database& db) -> Result<std::vector<Job>> {
    SQLite::Statement rows(db,
                           fmt::format("SELECT {} FROM job ORDER BY id DESC LIMIT ?", kJobColumns));
    rows.bind(1, limit);
    return ReadJobs(rows);
  });
}

Result<std::vector<Job>> JobStore::ListOfStudy(const std::string& study_uid) const {
  return database_.Read<std::vector<Job>>([&](SQLite::Database& db) -> Result<std::vector<Job>> {
    SQLite::Statement rows(
        db, fmt::format("SELECT {} FROM job WHERE study_uid = ? ORDER BY id", kJobColumns));
    rows.bind(1, study_uid);
    return ReadJobs(rows);
  });
}

Result<std::vector<std::pair<std::string, std::int64_t>>> JobStore::CountByState() const {
  using Counts = std::vector<std::pair<std::string, std::int64_t>>;
  return database_.Read<Counts>([](SQLite::Database& db) -> Result<Counts> {
    SQLite::Statement rows(db, "SELECT state, count(*) FROM job GROUP BY state ORDER BY state");
    Counts counts;
    while (rows.executeStep())
      counts.emplace_back(rows.getColumn(0).getString(), rows.getColumn(1).getInt64());
    return counts;
  });
}

}  // namespace axial::store
