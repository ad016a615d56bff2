#include "gateway/store/host_store.h"

#include <SQLiteCpp/SQLiteCpp.h>
#include <fmt/format.h>

#include "gateway/store/rows.h"

namespace axial::store {
namespace {

/// Runs a statement with text parameters; the number of rows it changed.
template <typename... Texts>
int Execute(SQLite::Database& db, const char* sql, const Texts&... texts) {
  SQLite::Statement statement(db, sql);
  int i = 1;
  (statement.bind(i++, texts), ...);
  return statement.exec();
}

Result<std::optional<HostInstance>> FindBy(SQLite::Database& db, const char* column,
                                           const std::string& value) {
  SQLite::Statement row(
      db, fmt::format("SELECT host_id, host_series_id, host_study_id, attachment, "
                      "sop_instance_uid, series_uid, study_uid, ours FROM host_instance WHERE {} = "
                      "? LIMIT 1",
                      column));
  row.bind(1, value);
  if (!row.executeStep()) return std::optional<HostInstance>{};
  return std::optional(HostInstance{row.getColumn(0).getString(), row.getColumn(1).getString(),
                                    row.getColumn(2).getString(), row.getColumn(3).getString(),
                                    row.getColumn(4).getString(), row.getColumn(5).getString(),
                                    row.getColumn(6).getString(), row.getColumn(7).getInt() != 0});
}

}  // namespace

Result<std::optional<HostPosition>> HostStore::Position() const {
  return database_.Read<std::optional<HostPosition>>(
      [](SQLite::Database& db) -> Result<std::optional<HostPosition>> {
        SQLite::Statement row(db, "SELECT identity, sequence, anchor, handled_at FROM host");
        if (!row.executeStep()) return std::optional<HostPosition>{};
        return std::optional(HostPosition{row.getColumn(0).getString(), row.getColumn(1).getInt64(),
                                          row.getColumn(2).getString(), TimeOf(row.getColumn(3))});
      });
}

Status HostStore::SetPosition(const HostPosition& position) {
  return database_.Write([&](SQLite::Database& db) -> Status {
    SQLite::Statement upsert(
        db,
        "INSERT INTO host(id, identity, sequence, anchor, handled_at) VALUES (1, ?1, ?2, ?3, ?4) "
        "ON "
        "CONFLICT(id) DO UPDATE SET identity = ?1, sequence = ?2, anchor = ?3, handled_at = ?4");
    upsert.bind(1, position.identity);
    upsert.bind(2, position.sequence);
    upsert.bind(3, position.anchor);
    upsert.bind(4, ToMicros(position.handled_at));
    upsert.exec();
    return {};
  });
}

Result<std::optional<HostInstance>> HostStore::FindInstance(const std::string& host_id) const {
  return database_.Read<std::optional<HostInstance>>(
      [&](SQLite::Database& db) { return FindBy(db, "host_id", host_id); });
}

Result<std::string> HostStore::PathOf(const HostInstance& instance) const {
  return database_.Read<std::string>([&](SQLite::Database& db) -> Result<std::string> {
    SQLite::Statement row(db, "SELECT path FROM instance WHERE sop_instance_uid = ? LIMIT 1");
    row.bind(1, instance.sop_instance_uid);
    return row.executeStep() ? row.getColumn(0).getString() : std::string();
  });
}

Result<bool> HostStore::IsOwnResult(const std::string& sop_instance_uid,
                                    const std::string& series_uid) const {
  return database_.Read<bool>([&](SQLite::Database& db) -> Result<bool> {
    SQLite::Statement find(db,
                           "SELECT 1 FROM artifact WHERE sop_instance_uid = ? OR series_uid = ?");
    find.bind(1, sop_instance_uid);
    find.bind(2, series_uid);
    return find.executeStep();
  });
}

Status HostStore::Record(const HostInstance& instance) {
  return database_.Write(
      [&](SQLite::Database& db) -> Status {
        SQLite::Statement upsert(
            db,
            "INSERT INTO host_instance(host_id, host_series_id, host_study_id, attachment, "
            "sop_instance_uid, series_uid, study_uid, ours) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, "
            "?8) ON CONFLICT(host_id) DO UPDATE SET attachment = ?4, ours = ?8");
        upsert.bind(1, instance.host_id);
        upsert.bind(2, instance.host_series_id);
        upsert.bind(3, instance.host_study_id);
        upsert.bind(4, instance.attachment);
        upsert.bind(5, instance.sop_instance_uid);
        upsert.bind(6, instance.series_uid);
        upsert.bind(7, instance.study_uid);
        upsert.bind(8, instance.ours ? 1 : 0);
        upsert.exec();
        Execute(db, "INSERT OR IGNORE INTO host_study(host_id, study_uid) VALUES (?, ?)",
                instance.host_study_id, instance.study_uid);
        Execute(db, "DELETE FROM host_late WHERE host_id = ?", instance.host_id);
        return {};
      },
      Sync::kLater);
}

Status HostStore::Postpone(const std::string& host_id, const Error& reason, TimePoint next_at) {
  return database_.Write(
      [&](SQLite::Database& db) -> Status {
        SQLite::Statement upsert(
            db,
            "INSERT INTO host_late(host_id, attempt, next_at, reason) VALUES (?1, 1, ?2, ?3) ON "
            "CONFLICT(host_id) DO UPDATE SET attempt = attempt + 1, next_at = ?2, reason = ?3");
        upsert.bind(1, host_id);
        upsert.bind(2, ToMicros(next_at));
        upsert.bind(3, reason.message());
        upsert.exec();
        return {};
      },
      Sync::kLater);
}

Status HostStore::ForgetLate(const std::string& host_id) {
  return database_.Write(
      [&](SQLite::Database& db) -> Status {
        Execute(db, "DELETE FROM host_late WHERE host_id = ?", host_id);
        return {};
      },
      Sync::kLater);
}

Result<std::vector<LateInstance>> HostStore::Late(TimePoint now, int limit) const {
  return database_.Read<std::vector<LateInstance>>(
      [&](SQLite::Database& db) -> Result<std::vector<LateInstance>> {
        SQLite::Statement rows(
            db,
            "SELECT host_id, attempt FROM host_late WHERE next_at <= ? ORDER BY next_at LIMIT ?");
        rows.bind(1, ToMicros(now));
        rows.bind(2, limit);
        std::vector<LateInstance> late;
        while (rows.executeStep())
          late.push_back({rows.getColumn(0).getString(), rows.getColumn(1).getInt()});
        return late;
      });
}

Result<std::int64_t> HostStore::CountLate() const {
  return database_.Read<std::int64_t>([](SQLite::Database& db) -> Result<std::int64_t> {
    SQLite::Statement row(db, "SELECT count(*) FROM host_late");
    row.executeStep();
    return row.getColumn(0).getInt64();
  });
}

Result<std::vector<HostStudy>> HostStore::Studies(const std::string& after, int limit) const {
  return database_.Read<std::vector<HostStudy>>(
      [&](SQLite::Database& db) -> Result<std::vector<HostStudy>> {
        SQLite::Statement rows(
            db,
            "SELECT host_id, study_uid FROM host_study WHERE host_id > ? ORDER BY host_id LIMIT ?");
        rows.bind(1, after);
        rows.bind(2, limit);
        std::vector<HostStudy> studies;
        while (rows.executeStep())
          studies.push_back({rows.getColumn(0).getString(), rows.getColumn(1).getString()});
        return studies;
      });
}

Result<std::optional<HostStudy>> HostStore::FindStudy(const std::string& host_id) const {
  return database_.Read<std::optional<HostStudy>>(
      [&](SQLite::Database& db) -> Result<std::optional<HostStudy>> {
        SQLite::Statement row(db, "SELECT host_id, study_uid FROM host_study WHERE host_id = ?");
        row.bind(1, host_id);
        if (!row.executeStep()) return std::optional<HostStudy>{};
        return std::optional(HostStudy{row.getColumn(0).getString(), row.getColumn(1).getString()});
      });
}

Result<std::vector<std::string>> HostStore::StudiesWith(const std::string& study_uid) const {
  return database_.Read<std::vector<std::string>>(
      [&](SQLite::Database& db) -> Result<std::vector<std::string>> {
        SQLite::Statement rows(
            db, "SELECT host_id FROM host_study WHERE study_uid = ? ORDER BY host_id");
        rows.bind(1, study_uid);
        std::vector<std::string> ids;
        while (rows.executeStep()) ids.push_back(rows.getColumn(0).getString());
        return ids;
      });
}

Result<std::optional<HostInstance>> HostStore::FindSeries(const std::string& host_series_id) const {
  return database_.Read<std::optional<HostInstance>>(
      [&](SQLite::Database& db) { return FindBy(db, "host_series_id", host_series_id); });
}

Status HostStore::ForgetStudy(const std::string& host_study_id) {
  return database_.Write([&](SQLite::Database& db) -> Status {
    Execute(db, "DELETE FROM host_instance WHERE host_study_id = ?", host_study_id);
    Execute(db, "DELETE FROM host_study WHERE host_id = ?", host_study_id);
    return {};
  });
}

Status HostStore::ForgetSeries(const std::string& host_series_id) {
  return database_.Write([&](SQLite::Database& db) -> Status {
    Execute(db, "DELETE FROM host_instance WHERE host_series_id = ?", host_series_id);
    return {};
  });
}

}  // namespace axial::store
