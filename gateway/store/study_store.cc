#include "gateway/store/study_store.h"

#include <SQLiteCpp/SQLiteCpp.h>
#include <fmt/format.h>

#include <set>
#include <utility>

#include "core/base/crash_point.h"
#include "gateway/store/closings.h"
#include "gateway/store/instance_batch.h"
#include "gateway/store/open_series.h"
#include "gateway/store/rows.h"

namespace axial::store {
namespace {

/// Once for each Series: most Instances of a batch are of few.
Sync SyncOfRows(SQLite::Database& db, const std::vector<const NewInstance*>& instances) {
  std::set<std::pair<std::string_view, std::string_view>> asked;
  for (const NewInstance* instance : instances) {
    const std::string& study_uid = instance->header.study_instance_uid.str();
    const std::string& series_uid = instance->header.series_instance_uid.str();
    if (instance->durable_file && asked.emplace(study_uid, series_uid).second &&
        SyncOfRow(db, study_uid, series_uid) == Sync::kNow)
      return Sync::kNow;
  }
  return Sync::kLater;
}

}  // namespace

Result<std::vector<Result<AddedInstance>>> StudyStore::AddInstances(
    const std::vector<const NewInstance*>& instances) {
  using Added = std::vector<Result<AddedInstance>>;
  auto outcome = database_.Write<Added>(
      [&](SQLite::Database& db) -> Result<Added> {
        Added added;
        InstanceBatch batch(db);
        for (const NewInstance* instance : instances) added.push_back(batch.Add(*instance));
        batch.Finish();
        return added;
      },
      [&](SQLite::Database& db) { return SyncOfRows(db, instances); });
  if (outcome.ok()) CrashPoint("received");
  return outcome;
}

Result<AddedInstance> StudyStore::AddInstance(const NewInstance& instance) {
  AXIAL_ASSIGN_OR_RETURN(auto added, AddInstances({&instance}));
  return std::move(added.front());
}

Status StudyStore::MarkReleased(const std::string& study_uid, TimePoint now) {
  return database_.Write([&](SQLite::Database& db) -> Status {
    SQLite::Statement update(
        db, "UPDATE study_revision SET released_at = ? WHERE study_uid = ? AND state = 'open'");
    update.bind(1, ToMicros(now));
    update.bind(2, study_uid);
    update.exec();
    return {};
  });
}

Status StudyStore::MarkAllReleased(TimePoint now) {
  return database_.Write([&](SQLite::Database& db) -> Status {
    SQLite::Statement update(db,
                             "UPDATE study_revision SET released_at = ? WHERE state = 'open' AND "
                             "released_at IS NULL");
    update.bind(1, ToMicros(now));
    update.exec();
    return {};
  });
}

Result<std::vector<Revision>> StudyStore::Revisions(const std::string& state, int limit) const {
  return database_.Read<std::vector<Revision>>(
      [&](SQLite::Database& db) -> Result<std::vector<Revision>> {
        SQLite::Statement rows(
            db, fmt::format("SELECT {} FROM study_revision WHERE state = ? AND state <> 'routed' "
                            "ORDER BY id LIMIT ?",
                            kRevisionColumns));
        rows.bind(1, state);
        rows.bind(2, limit);
        return ReadRevisions(rows);
      });
}

Status StudyStore::CloseRevision(const Revision& revision, const std::string& reason,
                                 TimePoint now) {
  auto outcome = database_.Write([&](SQLite::Database& db) -> Status {
    SQLite::Statement update(db,
                             "UPDATE study_revision SET state = 'closed', closed_at = ?, "
                             "close_reason = ? WHERE id = ? AND state = 'open' AND "
                             "last_instance_at = ?");
    update.bind(1, ToMicros(now));
    update.bind(2, reason);
    update.bind(3, revision.id);
    update.bind(4, ToMicros(revision.last_instance_at));
    if (update.exec() != 1)
      return MakeError(ErrorCode::kConflict, "revision {} of study {} changed meanwhile",
                       revision.number, revision.study_uid);
    AddEvent(db, revision.study_uid, now, "revision_closed",
             fmt::format("revision {}: {}", revision.number, reason));
    return {};
  });
  if (outcome.ok()) CrashPoint("closed");
  return outcome;
}

Result<std::vector<Revision>> StudyStore::RevisionsOfStudy(const std::string& study_uid) const {
  return database_.Read<std::vector<Revision>>(
      [&](SQLite::Database& db) -> Result<std::vector<Revision>> {
        return ReadRevisions(db, study_uid);
      });
}

}  // namespace axial::store
