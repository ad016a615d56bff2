#include "tests/unit/gateway/store/older_database.h"

#include <SQLiteCpp/SQLiteCpp.h>
#include <gtest/gtest.h>

#include "gateway/store/migrations.h"

namespace axial::store {
namespace {

/// What is written into a database of schema `from` and later ones, before it is `from` + 1.
struct Rows {
  int from;
  const char* sql;
};

// Column lists are those of the schema named, as the Axial of that time wrote them.
constexpr Rows kRows[] = {
    {1, R"sql(
INSERT INTO study VALUES ('1.1', 1000000, 1000000);
INSERT INTO study_revision VALUES
  (1, '1.1', 1, 'routed', 1000000, 1000000, 'CT01', 1000000, 1000001, 'quiet', 1000002),
  (2, '1.1', 2, 'open', 2000000, 2000000, 'CT01', NULL, NULL, NULL, NULL);
INSERT INTO series VALUES ('1.1.1', '1.1', 'CT01', 'AXIAL', 2);
INSERT INTO series_class VALUES ('1.1.1', '1.2.840.10008.5.1.4.1.1.2', 2, 2, '{}');
INSERT INTO instance VALUES
  (1, '1.1.1.1', printf('%064d', 1), '1.1', '1.1.1', '1.2.840.10008.5.1.4.1.1.2', '1.2.840.10008.1.2.1',
   '/spool/1', 100, 1, 'CT01', '127.0.0.1', 1000000, 1, 0),
  (2, '1.1.1.2', printf('%064d', 2), '1.1', '1.1.1', '1.2.840.10008.5.1.4.1.1.2', '1.2.840.10008.1.2.1',
   '/spool/2', 100, 1, 'CT01', '127.0.0.1', 2000000, 2, 0);
INSERT INTO verdict VALUES (1, 0, 'rule', '1.1.1', 1, 'matched');
INSERT INTO job(id, job_key, revision_id, study_uid, series_uid, rule, model, model_version, priority, state, attempt,
  lease_until, error_code, error_message, created_at, finished_at) VALUES
  (1, 'key 1', 1, '1.1', '1.1.1', 'rule', 'model', '1', 1, 'delivered', 1, NULL, NULL, NULL, 1000002, 1000009),
  (2, 'key 2', 1, '1.1', '1.1.1', 'rule two', 'model', '1', 1, 'produced', 1, NULL, NULL, NULL, 1000002, NULL),
  (3, 'key 3', 1, '1.1', '1.1.1', 'rule three', 'model', '1', 1, 'leased', 1, 9999999999999999, NULL, NULL, 1000002, NULL),
  (4, 'key 4', 1, '1.1', '1.1.1', 'rule four', 'model', '1', 1, 'queued', 0, NULL, NULL, NULL, 1000002, NULL),
  (5, 'key 5', 1, '1.1', '1.1.1', 'rule five', 'model', '1', 1, 'failed', 3, NULL, 'internal', 'it broke', 1000002, 1000003);
INSERT INTO job_destination SELECT id, 'pacs' FROM job;
INSERT INTO artifact VALUES
  (1, '1.1', 'seg', '', '1.2.840.10008.5.1.4.1.1.66.4', '2.25.7', '2.25.1'),
  (2, '1.1', 'seg', '', '1.2.840.10008.5.1.4.1.1.66.4', '2.25.7', '2.25.2'),
  (3, '1.1', 'sr', '', '1.2.840.10008.5.1.4.1.1.88.33', '2.25.8', '2.25.3'),
  (4, '1.1', 'sr', '', '1.2.840.10008.5.1.4.1.1.88.33', '2.25.8', '2.25.4');
INSERT INTO job_artifact(job_id, artifact_id) VALUES (1, 1), (2, 2), (2, 3), (2, 4);
INSERT INTO delivery(id, artifact_id, destination, state, attempt, next_at, error_code, error_message, confirmed_at) VALUES
  (1, 1, 'pacs', 'confirmed', 1, 1000004, NULL, NULL, 1000009),
  (2, 2, 'pacs', 'pending', 2, 1000004, 'unavailable', 'not there', NULL),
  (3, 3, 'pacs', 'sending', 1, 1000004, NULL, NULL, NULL),
  (4, 4, 'pacs', 'refused', 1, 1000004, 'invalid_input', 'no', NULL);
INSERT INTO event VALUES (1, '1.1', 1000000, 'received', 'from CT01');
)sql"},
    {2, "UPDATE job SET superseded_by = 2 WHERE id = 1;"},
    {3, R"sql(
INSERT INTO failure_report(id, job_id, state, cause, reason, model_digest, created_at)
  VALUES (1, 5, 'owed', 'worker', 'it broke', '', 1000003);
)sql"},
    {4, R"sql(
INSERT INTO performed_step VALUES ('1.9', 'in_progress', 'CT01', 'CT01', 'CT', '', 1000000, 1000000, NULL);
INSERT INTO performed_step_study VALUES ('1.9', '1.1');
INSERT INTO performed_step_series VALUES ('1.9', '1.1.1');
INSERT INTO performed_step_instance VALUES ('1.9', '1.1.1', '1.1.1.2', '1.2.840.10008.5.1.4.1.1.2');
)sql"},
    {5, R"sql(
INSERT INTO artifact VALUES
  (5, '1.1', 'sr', '', '1.2.840.10008.5.1.4.1.1.88.33', '2.25.8', '2.25.5'),
  (6, '1.1', 'sr', '', '1.2.840.10008.5.1.4.1.1.88.33', '2.25.8', '2.25.6');
INSERT INTO job_artifact(job_id, artifact_id) VALUES (2, 5), (2, 6);
INSERT INTO delivery(id, artifact_id, destination, state, attempt, next_at, owed_since, stored_at, checks) VALUES
  (5, 5, 'pacs', 'stored', 1, 9999999999999999, 1000004, 1000005, 1),
  (6, 6, 'pacs', 'checking', 1, 1000004, 1000004, 1000005, 1);
INSERT INTO delivery_commitment VALUES ('2.25.90', 5, 1000005), ('2.25.90', 6, 1000005);
)sql"},
    {6, R"sql(
INSERT INTO commitment(id, calling_ae_title, peer_address, transaction_uid, state, attempt, next_at, requested_at)
  VALUES (1, 'CT01', '127.0.0.1', '2.25.91', 'sending', 1, 1000004, 1000000);
INSERT INTO commitment_item VALUES (1, 0, '1.2.840.10008.5.1.4.1.1.2', '1.1.1.1', NULL),
  (1, 1, '1.2.840.10008.5.1.4.1.1.2', '1.1.1.9', NULL);
)sql"},
    {8, R"sql(
INSERT INTO series_revision VALUES ('1.1.1', 2, '1.1', 2, 2000001, 'declared count', '2 of 2', NULL);
INSERT INTO sender_habit VALUES ('CT01', 2000000, '{}');
)sql"},
    {9, R"sql(
INSERT INTO analysis_request(study_uid, series_uid, model, requested_at) VALUES ('1.1', '', 'model', 2000000);
)sql"},
    {11, R"sql(
INSERT INTO study(study_uid, first_received_at, last_received_at, removed_at, removing)
  VALUES ('1.5', 1000000, 1000000, 1000009, 1);
)sql"},
};

}  // namespace

void WriteOlderDatabase(const std::string& path, int schema, const std::string& results) {
  SQLite::Database db(path, SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE);
  db.exec("PRAGMA synchronous = OFF");
  for (int version = 1; version <= schema; ++version) {
    ASSERT_TRUE(MigrateTo(db, version).ok());
    for (const Rows& rows : kRows)
      if (rows.from == version) db.exec(rows.sql);
  }
  SQLite::Statement place(db, "UPDATE artifact SET path = ? || '/' || sop_instance_uid");
  place.bind(1, results);
  place.exec();
}

}  // namespace axial::store
