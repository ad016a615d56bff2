#include "gateway/store/performed_step_store.h"

#include <SQLiteCpp/SQLiteCpp.h>
#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "core/base/crash_point.h"
#include "gateway/store/rows.h"

namespace axial::store {
namespace {

using Rows = std::vector<PerformedStepRow>;

constexpr std::string_view kRowColumns =
    "step_uid, state, calling_ae_title, station_ae_title, modality, discontinuation_reason, "
    "created_at, changed_at, ended_at, (SELECT json_group_array(study_uid) FROM "
    "performed_step_study s WHERE s.step_uid = p.step_uid), (SELECT count(*) FROM "
    "performed_step_series s WHERE s.step_uid = p.step_uid), (SELECT count(*) FROM "
    "performed_step_instance i WHERE i.step_uid = p.step_uid)";

PerformedStepState StateOf(const SQLite::Column& column) {
  const auto state = PerformedStepStateFromName(column.getString());
  AXIAL_INVARIANT(state.has_value());
  return *state;
}

Rows ReadRows(SQLite::Statement& rows) {
  Rows steps;
  while (rows.executeStep()) {
    PerformedStepRow step;
    step.step_uid = rows.getColumn(0).getString();
    step.state = StateOf(rows.getColumn(1));
    step.calling_ae_title = rows.getColumn(2).getString();
    step.station_ae_title = rows.getColumn(3).getString();
    step.modality = rows.getColumn(4).getString();
    step.discontinuation_reason = rows.getColumn(5).getString();
    step.created_at = TimeOf(rows.getColumn(6));
    step.changed_at = TimeOf(rows.getColumn(7));
    step.ended_at = TimeOf(rows.getColumn(8));
    step.study_uids = nlohmann::json::parse(rows.getColumn(9).getString());
    step.series = rows.getColumn(10).getInt64();
    step.instances = rows.getColumn(11).getInt64();
    steps.push_back(std::move(step));
  }
  return steps;
}

std::vector<std::string> StudiesOf(SQLite::Database& db, const std::string& step_uid) {
  SQLite::Statement rows(db, "SELECT study_uid FROM performed_step_study WHERE step_uid = ?");
  rows.bind(1, step_uid);
  return ReadTexts(rows);
}

void DeleteSeries(SQLite::Database& db, const std::string& step_uid) {
  for (const char* table : {"performed_step_series", "performed_step_instance"}) {
    SQLite::Statement remove(db, fmt::format("DELETE FROM {} WHERE step_uid = ?", table));
    remove.bind(1, step_uid);
    remove.exec();
  }
}

void InsertSeries(SQLite::Database& db, const std::string& step_uid,
                  const std::vector<PerformedSeries>& series) {
  SQLite::Statement add_series(
      db, "INSERT OR IGNORE INTO performed_step_series(step_uid, series_uid) VALUES (?, ?)");
  SQLite::Statement add_instance(
      db,
      "INSERT OR REPLACE INTO performed_step_instance(step_uid, "
      "series_uid, sop_instance_uid, sop_class_uid) VALUES (?, ?, ?, ?)");
  for (const PerformedSeries& one : series) {
    add_series.bind(1, step_uid);
    add_series.bind(2, one.series_uid);
    add_series.exec();
    add_series.reset();
    for (const InstanceReference& instance : one.instances) {
      add_instance.bind(1, step_uid);
      add_instance.bind(2, one.series_uid);
      add_instance.bind(3, instance.sop_instance_uid);
      add_instance.bind(4, instance.sop_class_uid);
      add_instance.exec();
      add_instance.reset();
    }
  }
}

/// The next state. Errors: NotFound, Conflict.
Result<PerformedStepState> NextState(SQLite::Database& db, const std::string& step_uid,
                                     PerformedStepEvent event) {
  SQLite::Statement find(db, "SELECT state FROM performed_step WHERE step_uid = ?");
  find.bind(1, step_uid);
  if (!find.executeStep())
    return MakeError(ErrorCode::kNotFound, "there is no performed procedure step {}", step_uid);
  const PerformedStepState state = StateOf(find.getColumn(0));
  const auto next = NextPerformedStepState(state, event);
  if (!next)
    return MakeError(ErrorCode::kConflict, "performed procedure step {} is {} already", step_uid,
                     PerformedStepStateName(state));
  return *next;
}

/// The series of each step, with what is missing of them.
std::vector<PerformedStepEvidence::Series> SeriesOf(SQLite::Database& db,
                                                    const std::string& step_uid) {
  SQLite::Statement rows(
      db,
      "SELECT s.series_uid, count(p.sop_instance_uid), coalesce(sum(p.sop_instance_uid IS NOT NULL "
      "AND NOT EXISTS (SELECT 1 FROM instance i WHERE i.sop_instance_uid = p.sop_instance_uid)), "
      "0) FROM performed_step_series s LEFT JOIN performed_step_instance p ON p.step_uid = "
      "s.step_uid AND p.series_uid = s.series_uid WHERE s.step_uid = ? GROUP BY s.series_uid ORDER "
      "BY s.series_uid");
  rows.bind(1, step_uid);
  std::vector<PerformedStepEvidence::Series> series;
  while (rows.executeStep())
    series.push_back({rows.getColumn(0).getString(), rows.getColumn(1).getInt64(),
                      rows.getColumn(2).getInt64()});
  return series;
}

}  // namespace

Status PerformedStepStore::Create(const NewPerformedStep& step, TimePoint now) {
  auto outcome = database_.Write([&](SQLite::Database& db) -> Status {
    SQLite::Statement insert(
        db,
        "INSERT INTO performed_step(step_uid, state, calling_ae_title, station_ae_title, modality, "
        "created_at, changed_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?6) ON CONFLICT(step_uid) DO "
        "NOTHING");
    insert.bind(1, step.step_uid);
    insert.bind(2, std::string(PerformedStepStateName(PerformedStepState::kInProgress)));
    insert.bind(3, step.calling_ae_title);
    insert.bind(4, step.station_ae_title);
    insert.bind(5, step.modality);
    insert.bind(6, ToMicros(now));
    if (insert.exec() != 1)
      return MakeError(ErrorCode::kConflict, "there is a performed procedure step {} already",
                       step.step_uid);
    for (const std::string& study : step.study_uids) {
      SQLite::Statement add(db,
                            "INSERT OR IGNORE INTO performed_step_study(step_uid, study_uid) "
                            "VALUES (?, ?)");
      add.bind(1, step.step_uid);
      add.bind(2, study);
      add.exec();
      AddEvent(db, study, now, "performed_step_created",
               fmt::format("step {} of {}", step.step_uid, step.calling_ae_title));
    }
    InsertSeries(db, step.step_uid, step.series);
    return {};
  });
  if (outcome.ok()) CrashPoint("step_created");
  return outcome;
}

Result<std::vector<std::string>> PerformedStepStore::Set(const std::string& step_uid,
                                                         const PerformedStepChange& change,
                                                         TimePoint now) {
  using Studies = std::vector<std::string>;
  auto outcome = database_.Write<Studies>([&](SQLite::Database& db) -> Result<Studies> {
    AXIAL_ASSIGN_OR_RETURN(const PerformedStepState next, NextState(db, step_uid, change.event));
    const bool ends = next != PerformedStepState::kInProgress;
    SQLite::Statement update(
        db,
        "UPDATE performed_step SET state = ?1, changed_at = ?2, ended_at = iif(?3, ?2, NULL), "
        "discontinuation_reason = iif(?4 = '', discontinuation_reason, ?4) WHERE step_uid = ?5");
    update.bind(1, std::string(PerformedStepStateName(next)));
    update.bind(2, ToMicros(now));
    update.bind(3, ends ? 1 : 0);
    update.bind(4, change.discontinuation_reason);
    update.bind(5, step_uid);
    update.exec();
    std::size_t referenced = 0;
    if (change.series) {
      DeleteSeries(db, step_uid);
      InsertSeries(db, step_uid, *change.series);
      for (const PerformedSeries& series : *change.series) referenced += series.instances.size();
    }
    Studies studies = StudiesOf(db, step_uid);
    for (const std::string& study : studies)
      if (ends)
        AddEvent(db, study, now, fmt::format("performed_step_{}", PerformedStepStateName(next)),
                 fmt::format("step {}: {} Instances named", step_uid, referenced));
    return studies;
  });
  if (outcome.ok()) CrashPoint("step_set");
  return outcome;
}

Result<std::vector<PerformedStepEvidence>> PerformedStepStore::EvidenceOfStudy(
    const std::string& study_uid) const {
  using Evidence = std::vector<PerformedStepEvidence>;
  return database_.Read<Evidence>([&](SQLite::Database& db) -> Result<Evidence> {
    SQLite::Statement rows(
        db,
        "SELECT p.step_uid, p.state, p.calling_ae_title, p.ended_at FROM performed_step_study s "
        "JOIN performed_step p ON p.step_uid = s.step_uid WHERE s.study_uid = ? ORDER BY "
        "p.created_at, p.step_uid");
    rows.bind(1, study_uid);
    Evidence evidence;
    while (rows.executeStep()) {
      PerformedStepEvidence step;
      step.step_uid = rows.getColumn(0).getString();
      step.state = StateOf(rows.getColumn(1));
      step.calling_ae_title = rows.getColumn(2).getString();
      step.ended_at = TimeOf(rows.getColumn(3));
      step.series = SeriesOf(db, step.step_uid);
      evidence.push_back(std::move(step));
    }
    return evidence;
  });
}

Result<Rows> PerformedStepStore::List(int limit) const {
  return database_.Read<Rows>([&](SQLite::Database& db) -> Result<Rows> {
    SQLite::Statement rows(db, fmt::format("SELECT {} FROM performed_step p ORDER BY changed_at "
                                           "DESC, step_uid LIMIT ?",
                                           kRowColumns));
    rows.bind(1, limit);
    return ReadRows(rows);
  });
}

Result<Rows> PerformedStepStore::ListOfStudy(const std::string& study_uid) const {
  return database_.Read<Rows>([&](SQLite::Database& db) -> Result<Rows> {
    SQLite::Statement rows(
        db, fmt::format("SELECT {} FROM performed_step p WHERE step_uid IN (SELECT step_uid FROM "
                        "performed_step_study WHERE study_uid = ?) ORDER BY created_at, step_uid",
                        kRowColumns));
    rows.bind(1, study_uid);
    return ReadRows(rows);
  });
}

Result<std::vector<std::pair<std::string, std::int64_t>>> PerformedStepStore::CountByState() const {
  using Counts = std::vector<std::pair<std::string, std::int64_t>>;
  return database_.Read<Counts>([](SQLite::Database& db) -> Result<Counts> {
    SQLite::Statement rows(
        db, "SELECT state, count(*) FROM performed_step GROUP BY state ORDER BY state");
    Counts counts;
    while (rows.executeStep())
      counts.emplace_back(rows.getColumn(0).getString(), rows.getColumn(1).getInt64());
    return counts;
  });
}

Result<int> PerformedStepStore::Forget(TimePoint before, int limit) {
  return database_.Write<int>([&](SQLite::Database& db) -> Result<int> {
    std::vector<std::string> old;
    {
      SQLite::Statement rows(db,
                             "SELECT step_uid FROM performed_step WHERE changed_at < ? ORDER BY "
                             "changed_at LIMIT ?");
      rows.bind(1, ToMicros(before));
      rows.bind(2, limit);
      old = ReadTexts(rows);
    }
    for (const std::string& step_uid : old) {
      DeleteSeries(db, step_uid);
      for (const char* table : {"performed_step_study", "performed_step"}) {
        SQLite::Statement remove(db, fmt::format("DELETE FROM {} WHERE step_uid = ?", table));
        remove.bind(1, step_uid);
        remove.exec();
      }
    }
    return static_cast<int>(old.size());
  });
}

}  // namespace axial::store
