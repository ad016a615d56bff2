#include "gateway/store/open_series.h"

#include <SQLiteCpp/SQLiteCpp.h>
#include <fmt/format.h>

#include "gateway/store/prepared.h"
#include "gateway/store/rows.h"

namespace axial::store {
namespace {

/// Series `e` of Study ?1 in its open revision `r`.
constexpr std::string_view kOpenSeries =
    "study_revision r JOIN series e ON e.study_uid = r.study_uid AND e.changed_in_revision = "
    "r.number AND e.complete_in_revision < r.number WHERE r.study_uid = ?1 AND r.state = 'open'";

}  // namespace

Sync SyncOfRow(SQLite::Database& db, const std::string& study_uid, const std::string& series_uid) {
  static const std::string kSql =
      fmt::format("SELECT 1 FROM {} AND e.series_uid = ?2", kOpenSeries);
  Prepared open(db, kSql);
  open.bind(1, study_uid);
  open.bind(2, series_uid);
  return open.executeStep() ? Sync::kLater : Sync::kNow;
}

Result<std::vector<std::string>> OpenSeriesStore::Studies() const {
  using Uids = std::vector<std::string>;
  return database_.Read<Uids>([](SQLite::Database& db) -> Result<Uids> {
    SQLite::Statement rows(db,
                           "SELECT study_uid FROM study_revision WHERE state = 'open' AND state <> "
                           "'routed' ORDER BY id");
    return ReadTexts(rows);
  });
}

Result<OpenStudy> OpenSeriesStore::Find(const std::string& study_uid) const {
  return database_.Read<OpenStudy>([&](SQLite::Database& db) -> Result<OpenStudy> {
    OpenStudy study;
    SQLite::Statement series(
        db, fmt::format("SELECT e.series_uid, e.calling_ae_title, e.called_ae_title, "
                        "(SELECT peer_address FROM instance i WHERE i.series_uid = e.series_uid "
                        "LIMIT 1) FROM {}",
                        kOpenSeries));
    series.bind(1, study_uid);
    while (series.executeStep())
      study.open_series[series.getColumn(0).getString()] = {series.getColumn(1).getString(),
                                                            series.getColumn(2).getString(),
                                                            series.getColumn(3).getString()};
    SQLite::Statement paths(db,
                            "SELECT i.path FROM series e JOIN instance i ON i.series_uid = "
                            "e.series_uid AND i.study_uid = e.study_uid WHERE e.study_uid = ?1 "
                            "UNION ALL SELECT path FROM instance WHERE study_uid = ?1 AND revision "
                            "= 0");
    paths.bind(1, study_uid);
    while (paths.executeStep()) study.paths.insert(paths.getColumn(0).getString());
    return study;
  });
}

}  // namespace axial::store
