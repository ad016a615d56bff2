#include "gateway/store/artifact_rows.h"

#include <SQLiteCpp/SQLiteCpp.h>

#include "gateway/store/job_rows.h"

namespace axial::store {

void InsertArtifact(SQLite::Database& db, const Job& job, const ProducedArtifact& artifact,
                    std::optional<std::int64_t> report, TimePoint now) {
  // A second attempt makes the same object under the same UID: one row, the newest file.
  SQLite::Statement insert(
      db,
      "INSERT INTO artifact(study_uid, kind, path, sop_class_uid, series_uid, sop_instance_uid) "
      "VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT(sop_instance_uid) DO UPDATE SET path = excluded.path "
      "RETURNING id");
  insert.bind(1, job.study_uid);
  insert.bind(2, artifact.kind);
  insert.bind(3, artifact.path);
  insert.bind(4, artifact.sop_class_uid);
  insert.bind(5, artifact.series_uid);
  insert.bind(6, artifact.sop_instance_uid);
  insert.executeStep();
  const std::int64_t artifact_id = insert.getColumn(0).getInt64();
  insert.reset();

  SQLite::Statement link(
      db,
      "INSERT OR IGNORE INTO job_artifact(job_id, artifact_id, failure_report_id) VALUES (?, ?, "
      "?)");
  link.bind(1, job.id);
  link.bind(2, artifact_id);
  if (report) link.bind(3, *report);
  link.exec();

  SQLite::Statement owe(
      db,
      "INSERT INTO delivery(artifact_id, destination, state, next_at, owed_since) SELECT ?1, "
      "w.destination, 'pending', ?2, ?2 FROM job_destination w WHERE w.job_id = ?3 AND "
      "w.destination IN (SELECT value "
      "FROM json_each(?4)) AND (?5 = 0 OR NOT EXISTS (SELECT 1 FROM job me JOIN job o ON "
      "o.study_uid = me.study_uid AND o.revision_id = me.revision_id AND o.series_uid = "
      "me.series_uid AND o.model = me.model AND o.state IN ('produced', 'delivered') JOIN "
      "job_destination t ON t.job_id = o.id WHERE me.id = ?3 AND t.destination = w.destination)) "
      "ON CONFLICT(artifact_id, destination) DO UPDATE SET state = 'pending', next_at = "
      "excluded.next_at, owed_since = excluded.owed_since WHERE state = 'refused'");
  owe.bind(1, artifact_id);
  owe.bind(2, ToMicros(now));
  owe.bind(3, job.id);
  owe.bind(4, JsonList(artifact.destinations));
  owe.bind(5, report ? 1 : 0);
  owe.exec();
}

std::vector<EarlierArtifact> ReadEarlierArtifacts(SQLite::Statement& rows) {
  std::vector<EarlierArtifact> artifacts;
  while (rows.executeStep())
    artifacts.push_back({rows.getColumn(1).getString(), rows.getColumn(2).getString(),
                         rows.getColumn(3).getString(), rows.getColumn(4).getString(),
                         ListFromJson(rows.getColumn(5).getString())});
  return artifacts;
}

}  // namespace axial::store
