#include "gateway/store/removed_series.h"

#include <SQLiteCpp/SQLiteCpp.h>

#include "core/dicom/uid.h"

namespace axial::store {
namespace {

/// Of the analysed Instances of a Series up to that revision, whatever order they came in.
std::string DigestOf(SQLite::Database& db, const std::string& series_uid, int revision) {
  SQLite::Statement rows(db,
                         "SELECT sop_instance_uid, digest FROM instance WHERE series_uid = ? AND "
                         "conflicting = 0 AND revision <= ? ORDER BY sop_instance_uid");
  rows.bind(1, series_uid);
  rows.bind(2, revision);
  Sha256 digest;
  while (rows.executeStep())
    digest.Add(rows.getColumn(0).getString() + "\n" + rows.getColumn(1).getString() + "\n");
  return digest.FinishHex();
}

}  // namespace

void RememberRemovedSeries(SQLite::Database& db, const std::string& study_uid) {
  SQLite::Statement rows(db,
                         "SELECT series_uid, (SELECT max(number) FROM study_revision WHERE "
                         "study_uid = ?1) FROM series e WHERE study_uid = ?1 AND EXISTS (SELECT 1 "
                         "FROM instance i WHERE i.series_uid = e.series_uid)");
  rows.bind(1, study_uid);
  std::vector<std::pair<std::string, int>> all;
  while (rows.executeStep())
    all.emplace_back(rows.getColumn(0).getString(), rows.getColumn(1).getInt());
  rows.reset();
  for (const auto& [series_uid, revision] : all) {
    SQLite::Statement update(db,
                             "UPDATE series SET removed_digest = ?, removed_revision = "
                             "changed_in_revision WHERE series_uid = ?");
    update.bind(1, DigestOf(db, series_uid, revision));
    update.bind(2, series_uid);
    update.exec();
  }
}

std::vector<std::pair<std::string, std::string>> ModelsRunBeforeRemoval(
    SQLite::Database& db, const std::string& series_uid, int revision) {
  std::vector<std::pair<std::string, std::string>> models;
  SQLite::Statement removed(db, "SELECT removed_digest FROM series WHERE series_uid = ?");
  removed.bind(1, series_uid);
  if (!removed.executeStep() || removed.getColumn(0).isNull()) return models;
  const std::string before = removed.getColumn(0).getString();
  removed.reset();
  if (before != DigestOf(db, series_uid, revision)) return models;
  SQLite::Statement rows(
      db,
      "SELECT DISTINCT j.model, j.model_version FROM study_revision r JOIN job j "
      "ON j.revision_id = r.id WHERE r.study_uid = (SELECT study_uid FROM series "
      "WHERE series_uid = ?1) AND r.removed_at IS NOT NULL AND j.series_uid = "
      "?1 AND j.study_uid = r.study_uid AND j.state = 'delivered' AND "
      "j.superseded_by IS NULL AND r.number >= (SELECT removed_revision FROM "
      "series WHERE series_uid = ?1)");
  rows.bind(1, series_uid);
  while (rows.executeStep())
    models.emplace_back(rows.getColumn(0).getString(), rows.getColumn(1).getString());
  return models;
}

}  // namespace axial::store
