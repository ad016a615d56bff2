#include "gateway/store/migrations.h"

#include <SQLiteCpp/SQLiteCpp.h>

#include <array>

namespace axial::store {
namespace {

// Times are UTC microseconds since 1970. A migration, once released, is never edited: add the next
// one.
constexpr std::array kMigrations = {
    // 1: the life of a study
    R"sql(
CREATE TABLE study (
  study_uid TEXT PRIMARY KEY,
  first_received_at INTEGER NOT NULL,
  last_received_at INTEGER NOT NULL
) STRICT;

-- A revision collects Instances while 'open', is complete when 'closed', and 'routed' once every rule's
-- verdict and every job of it is a row. At most one revision of a study is open.
CREATE TABLE study_revision (
  id INTEGER PRIMARY KEY,
  study_uid TEXT NOT NULL REFERENCES study(study_uid),
  number INTEGER NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('open', 'closed', 'routed')),
  opened_at INTEGER NOT NULL,
  last_instance_at INTEGER NOT NULL,
  calling_ae_title TEXT NOT NULL,
  released_at INTEGER,
  closed_at INTEGER,
  close_reason TEXT,
  routed_at INTEGER,
  UNIQUE (study_uid, number)
) STRICT;
CREATE INDEX study_revision_by_state ON study_revision(state) WHERE state <> 'routed';

CREATE TABLE series (
  series_uid TEXT PRIMARY KEY,
  study_uid TEXT NOT NULL REFERENCES study(study_uid),
  calling_ae_title TEXT NOT NULL,
  called_ae_title TEXT NOT NULL,
  changed_in_revision INTEGER NOT NULL
) STRICT;
CREATE INDEX series_by_study ON series(study_uid);

-- Per SOP Class of a Series: counts, and the attributes of the first Instance received.
CREATE TABLE series_class (
  series_uid TEXT NOT NULL REFERENCES series(series_uid),
  sop_class_uid TEXT NOT NULL,
  instances INTEGER NOT NULL,
  frames INTEGER NOT NULL,
  attributes TEXT NOT NULL,
  PRIMARY KEY (series_uid, sop_class_uid)
) STRICT;

-- One row per distinct content: the same SOP Instance UID with other bytes is a second row.
CREATE TABLE instance (
  id INTEGER PRIMARY KEY,
  sop_instance_uid TEXT NOT NULL,
  sha256 TEXT NOT NULL,
  study_uid TEXT NOT NULL REFERENCES study(study_uid),
  series_uid TEXT NOT NULL REFERENCES series(series_uid),
  sop_class_uid TEXT NOT NULL,
  transfer_syntax_uid TEXT NOT NULL,
  path TEXT NOT NULL,
  bytes INTEGER NOT NULL,
  frames INTEGER NOT NULL,
  calling_ae_title TEXT NOT NULL,
  peer_address TEXT NOT NULL,
  received_at INTEGER NOT NULL,
  revision INTEGER NOT NULL,
  conflicting INTEGER NOT NULL DEFAULT 0,
  UNIQUE (sop_instance_uid, sha256)
) STRICT;
CREATE INDEX instance_by_series ON instance(series_uid);

CREATE TABLE verdict (
  revision_id INTEGER NOT NULL REFERENCES study_revision(id),
  rule_index INTEGER NOT NULL,
  rule TEXT NOT NULL,
  series_uid TEXT NOT NULL,
  matched INTEGER NOT NULL,
  reason TEXT NOT NULL,
  PRIMARY KEY (revision_id, rule_index, series_uid)
) STRICT;

CREATE TABLE job (
  id INTEGER PRIMARY KEY,
  job_key TEXT NOT NULL UNIQUE,
  revision_id INTEGER NOT NULL REFERENCES study_revision(id),
  study_uid TEXT NOT NULL,
  series_uid TEXT NOT NULL,
  rule TEXT NOT NULL,
  model TEXT NOT NULL,
  model_version TEXT NOT NULL,
  priority INTEGER NOT NULL,
  state TEXT NOT NULL,
  attempt INTEGER NOT NULL DEFAULT 0,
  lease_until INTEGER,
  not_before INTEGER NOT NULL DEFAULT 0,
  error_code TEXT,
  error_message TEXT,
  summary TEXT,
  progress REAL NOT NULL DEFAULT 0,
  stage TEXT NOT NULL DEFAULT '',
  created_at INTEGER NOT NULL,
  finished_at INTEGER
) STRICT;
CREATE INDEX job_due ON job(priority, not_before, id) WHERE state = 'queued';
CREATE INDEX job_leased ON job(lease_until) WHERE state = 'leased';
CREATE INDEX job_by_study ON job(study_uid);

CREATE TABLE job_destination (
  job_id INTEGER NOT NULL REFERENCES job(id),
  destination TEXT NOT NULL,
  PRIMARY KEY (job_id, destination)
) STRICT;

-- A result object. The same run asked for by two rules makes the same object once, for both Jobs.
CREATE TABLE artifact (
  id INTEGER PRIMARY KEY,
  study_uid TEXT NOT NULL,
  kind TEXT NOT NULL,
  path TEXT NOT NULL,
  sop_class_uid TEXT NOT NULL,
  series_uid TEXT NOT NULL,
  sop_instance_uid TEXT NOT NULL UNIQUE
) STRICT;
CREATE INDEX artifact_by_series ON artifact(series_uid);
CREATE INDEX artifact_by_study ON artifact(study_uid);

CREATE TABLE job_artifact (
  job_id INTEGER NOT NULL REFERENCES job(id),
  artifact_id INTEGER NOT NULL REFERENCES artifact(id),
  PRIMARY KEY (job_id, artifact_id)
) STRICT;
CREATE INDEX job_artifact_by_artifact ON job_artifact(artifact_id);

CREATE TABLE delivery (
  id INTEGER PRIMARY KEY,
  artifact_id INTEGER NOT NULL REFERENCES artifact(id),
  destination TEXT NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('pending', 'sending', 'confirmed', 'refused')),
  attempt INTEGER NOT NULL DEFAULT 0,
  next_at INTEGER NOT NULL,
  error_code TEXT,
  error_message TEXT,
  confirmed_at INTEGER,
  UNIQUE (artifact_id, destination)
) STRICT;
CREATE INDEX delivery_due ON delivery(destination, next_at) WHERE state = 'pending';

-- The timeline of a study, for people.
CREATE TABLE event (
  id INTEGER PRIMARY KEY,
  study_uid TEXT NOT NULL,
  at INTEGER NOT NULL,
  kind TEXT NOT NULL,
  detail TEXT NOT NULL
) STRICT;
CREATE INDEX event_by_study ON event(study_uid, id);
)sql",
    // 2: results of a later revision replace those of an earlier one
    R"sql(
ALTER TABLE job ADD COLUMN superseded_by INTEGER REFERENCES job(id);
CREATE INDEX job_superseded ON job(superseded_by) WHERE superseded_by IS NOT NULL;
)sql",
    // 3: a failed job is told to those who wait for its result
    R"sql(
-- One row for each time a job failed, made with the job's state; see report_state.h. Jobs that had
-- failed before have none.
CREATE TABLE failure_report (
  id INTEGER PRIMARY KEY,
  job_id INTEGER NOT NULL REFERENCES job(id),
  state TEXT NOT NULL CHECK (state IN ('owed', 'leased', 'produced', 'failed', 'not_wanted', 'withdrawn')),
  cause TEXT NOT NULL,
  reason TEXT NOT NULL,
  model_digest TEXT NOT NULL,
  attempt INTEGER NOT NULL DEFAULT 0,
  lease_until INTEGER,
  not_before INTEGER NOT NULL DEFAULT 0,
  error_code TEXT,
  error_message TEXT,
  created_at INTEGER NOT NULL,
  finished_at INTEGER
) STRICT;
CREATE INDEX failure_report_by_job ON failure_report(job_id);
CREATE INDEX failure_report_due ON failure_report(state, not_before) WHERE state IN ('owed', 'leased');

-- NULL: a result of the job; else: of this report that it failed.
ALTER TABLE job_artifact ADD COLUMN failure_report_id INTEGER REFERENCES failure_report(id);
)sql",
    // 4: Modality Performed Procedure Steps
    R"sql(
-- What a modality says it did (PS3.4 F.7); see performed_step_state.h. step_uid is the SOP Instance UID.
CREATE TABLE performed_step (
  step_uid TEXT PRIMARY KEY,
  state TEXT NOT NULL CHECK (state IN ('in_progress', 'completed', 'discontinued')),
  calling_ae_title TEXT NOT NULL,
  station_ae_title TEXT NOT NULL,
  modality TEXT NOT NULL,
  discontinuation_reason TEXT NOT NULL DEFAULT '',
  created_at INTEGER NOT NULL,
  changed_at INTEGER NOT NULL,
  ended_at INTEGER
) STRICT;
CREATE INDEX performed_step_by_change ON performed_step(changed_at);

-- A step may be about several studies, which this gateway need not have (yet).
CREATE TABLE performed_step_study (
  step_uid TEXT NOT NULL REFERENCES performed_step(step_uid),
  study_uid TEXT NOT NULL,
  PRIMARY KEY (step_uid, study_uid)
) STRICT, WITHOUT ROWID;
CREATE INDEX performed_step_study_by_study ON performed_step_study(study_uid);

-- What the step made, in its newest form: its Series, and the Instances that they consist of.
CREATE TABLE performed_step_series (
  step_uid TEXT NOT NULL REFERENCES performed_step(step_uid),
  series_uid TEXT NOT NULL,
  PRIMARY KEY (step_uid, series_uid)
) STRICT, WITHOUT ROWID;
CREATE TABLE performed_step_instance (
  step_uid TEXT NOT NULL REFERENCES performed_step(step_uid),
  series_uid TEXT NOT NULL,
  sop_instance_uid TEXT NOT NULL,
  sop_class_uid TEXT NOT NULL,
  PRIMARY KEY (step_uid, series_uid, sop_instance_uid)
) STRICT, WITHOUT ROWID;
)sql",
    // 5: a delivery is confirmed by proof that the Destination has it
    R"sql(
-- 'stored': the Destination answered Success; whether it has the object is still to be proven, from
-- next_at on. 'checking': it is being asked. no_commitment: it does not commit to this object.
CREATE TABLE delivery_with_proof (
  id INTEGER PRIMARY KEY,
  artifact_id INTEGER NOT NULL REFERENCES artifact(id),
  destination TEXT NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('pending', 'sending', 'stored', 'checking', 'confirmed', 'refused')),
  attempt INTEGER NOT NULL DEFAULT 0,
  next_at INTEGER NOT NULL,
  owed_since INTEGER NOT NULL,
  stored_at INTEGER,
  checks INTEGER NOT NULL DEFAULT 0,
  no_commitment INTEGER NOT NULL DEFAULT 0,
  error_code TEXT,
  error_message TEXT,
  confirmed_at INTEGER,
  confirmed_by TEXT,
  UNIQUE (artifact_id, destination)
) STRICT;
INSERT INTO delivery_with_proof(id, artifact_id, destination, state, attempt, next_at, owed_since,
  error_code, error_message, confirmed_at, confirmed_by)
  SELECT d.id, d.artifact_id, d.destination, d.state, d.attempt, d.next_at,
    coalesce((SELECT max(coalesce(j.finished_at, j.created_at)) FROM job_artifact l JOIN job j ON j.id = l.job_id
      WHERE l.artifact_id = d.artifact_id), d.next_at),
    d.error_code, d.error_message, d.confirmed_at, iif(d.state = 'confirmed', 'status', NULL)
  FROM delivery d;
DROP TABLE delivery;
ALTER TABLE delivery_with_proof RENAME TO delivery;
CREATE INDEX delivery_due ON delivery(destination, next_at) WHERE state = 'pending';
CREATE INDEX delivery_unproven ON delivery(destination, next_at) WHERE state = 'stored';
CREATE INDEX delivery_owed ON delivery(destination, owed_since) WHERE state <> 'confirmed';

-- Storage Commitment requests that may still be answered.
CREATE TABLE delivery_commitment (
  transaction_uid TEXT NOT NULL,
  delivery_id INTEGER NOT NULL REFERENCES delivery(id),
  requested_at INTEGER NOT NULL,
  PRIMARY KEY (transaction_uid, delivery_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX delivery_commitment_by_delivery ON delivery_commitment(delivery_id);
)sql",
    // 6: Storage Commitment
    R"sql(
-- What a modality asked to be told about (PS3.4 J.3); see commitment_state.h. `way`: how it was told.
CREATE TABLE commitment (
  id INTEGER PRIMARY KEY,
  calling_ae_title TEXT NOT NULL,
  peer_address TEXT NOT NULL,
  transaction_uid TEXT NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('owed', 'sending', 'reported', 'expired')),
  attempt INTEGER NOT NULL DEFAULT 0,
  next_at INTEGER NOT NULL,
  requested_at INTEGER NOT NULL,
  finished_at INTEGER,
  way TEXT NOT NULL DEFAULT '',
  error_code TEXT,
  error_message TEXT,
  UNIQUE (calling_ae_title, transaction_uid)
) STRICT;
CREATE INDEX commitment_due ON commitment(next_at) WHERE state = 'owed';
CREATE INDEX commitment_by_peer ON commitment(calling_ae_title, finished_at);
CREATE INDEX commitment_finished ON commitment(finished_at) WHERE finished_at IS NOT NULL;

-- failure_reason: as it was told; NULL: committed, or not told yet.
CREATE TABLE commitment_item (
  commitment_id INTEGER NOT NULL REFERENCES commitment(id),
  position INTEGER NOT NULL,
  sop_class_uid TEXT NOT NULL,
  sop_instance_uid TEXT NOT NULL,
  failure_reason INTEGER,
  PRIMARY KEY (commitment_id, position)
) STRICT, WITHOUT ROWID;
)sql",
    // 7: finds what is in hand without looking at all that was ever told
    R"sql(
CREATE INDEX commitment_in_hand ON commitment(next_at) WHERE state = 'sending';
)sql",
    // 8: which evidence closed what, Series by Series
    R"sql(
-- Raised with each Instance taken in: whoever closes a revision shows that it saw them all.
ALTER TABLE study ADD COLUMN version INTEGER NOT NULL DEFAULT 0;
ALTER TABLE study_revision ADD COLUMN evidence TEXT NOT NULL DEFAULT '';
ALTER TABLE series ADD COLUMN complete_in_revision INTEGER NOT NULL DEFAULT 0;

-- A Series that is complete in a revision of its Study, maybe while the revision is open. A Series with
-- routed_at has its verdicts and jobs.
CREATE TABLE series_revision (
  series_uid TEXT NOT NULL REFERENCES series(series_uid),
  revision INTEGER NOT NULL,
  study_uid TEXT NOT NULL,
  instances INTEGER NOT NULL,
  closed_at INTEGER NOT NULL,
  close_reason TEXT NOT NULL,
  evidence TEXT NOT NULL,
  routed_at INTEGER,
  PRIMARY KEY (series_uid, revision)
) STRICT;
CREATE INDEX series_revision_unrouted ON series_revision(closed_at) WHERE routed_at IS NULL;

-- What was learned of each calling AE Title (JSON, written by gateway/assemble).
CREATE TABLE sender_habit (
  calling_ae_title TEXT PRIMARY KEY,
  heard_at INTEGER NOT NULL,
  habit TEXT NOT NULL
) STRICT;
)sql",
    // 9: what people ask for beside the rules
    R"sql(
-- The study need not be here yet. series_uid '': every Series that the model takes. With finished_at it
-- is jobs, or was refused; outcome says which.
CREATE TABLE analysis_request (
  id INTEGER PRIMARY KEY,
  study_uid TEXT NOT NULL,
  series_uid TEXT NOT NULL,
  model TEXT NOT NULL,
  requested_at INTEGER NOT NULL,
  finished_at INTEGER,
  outcome TEXT NOT NULL DEFAULT ''
) STRICT;
CREATE INDEX analysis_request_by_study ON analysis_request(study_uid);
CREATE INDEX analysis_request_unfinished ON analysis_request(id) WHERE finished_at IS NULL;
)sql",
    // 10: whether all Instances of a Study are of one patient
    R"sql(
-- patient: who the Instances say it is (core/dicom/patient_identity.h), patient_instance the first of them that
-- says so. patient_conflict: the first contradiction, without patient data; '': there is none.
ALTER TABLE study ADD COLUMN patient TEXT NOT NULL DEFAULT '';
ALTER TABLE study ADD COLUMN patient_instance TEXT NOT NULL DEFAULT '';
ALTER TABLE study ADD COLUMN patient_conflict TEXT NOT NULL DEFAULT '';
)sql",
    // 11: storage.keep
    R"sql(
-- removed_at: its Instances and results were removed, and none came since. removing: files without a
-- row may still lie there.
ALTER TABLE study ADD COLUMN removed_at INTEGER;
ALTER TABLE study ADD COLUMN removing INTEGER NOT NULL DEFAULT 0;
ALTER TABLE study_revision ADD COLUMN removed_at INTEGER;
-- What it consisted of when it was removed, and since which revision: whether the same comes again.
ALTER TABLE series ADD COLUMN removed_digest TEXT;
ALTER TABLE series ADD COLUMN removed_revision INTEGER;
CREATE INDEX study_kept ON study(first_received_at) WHERE removed_at IS NULL;
CREATE INDEX study_removing ON study(study_uid) WHERE removing = 1;
CREATE INDEX commitment_item_by_instance ON commitment_item(sop_instance_uid);
)sql",
    // 12: the gateway's own ends cost a job no attempt
    R"sql(
-- How often the gateway ended while the job was leased.
ALTER TABLE job ADD COLUMN interruptions INTEGER NOT NULL DEFAULT 0;
)sql",
    // 13: Instances whose UIDs are there already with other content
    R"sql(
-- replaced_in: Jobs of this revision and later ones do not get it any more (conflicting = 1), earlier ones do; NULL:
-- none ever got it, or all do. shared_uids: Instances whose SOP Instance UID or Series is also in another Study.
ALTER TABLE instance ADD COLUMN replaced_in INTEGER;
ALTER TABLE study ADD COLUMN shared_uids INTEGER NOT NULL DEFAULT 0;
-- Revision 0: of a Series that belongs to another Study.
CREATE INDEX instance_misplaced ON instance(study_uid) WHERE revision = 0;
)sql",
    // 14: the PACS that the gateway runs inside
    R"sql(
-- One row: how far the host's change log was handled. identity: kept in the host's database, too. anchor: what
-- the log has at that number; '': nothing.
CREATE TABLE host (
  id INTEGER PRIMARY KEY CHECK (id = 1),
  identity TEXT NOT NULL,
  sequence INTEGER NOT NULL,
  anchor TEXT NOT NULL,
  handled_at INTEGER NOT NULL
) STRICT;

-- By the host's own identifiers. ours: a result of this gateway, or a copy of one.
CREATE TABLE host_study (
  host_id TEXT PRIMARY KEY,
  study_uid TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX host_study_by_uid ON host_study(study_uid);
CREATE TABLE host_instance (
  host_id TEXT PRIMARY KEY,
  host_series_id TEXT NOT NULL,
  host_study_id TEXT NOT NULL,
  attachment TEXT NOT NULL,
  sop_instance_uid TEXT NOT NULL,
  series_uid TEXT NOT NULL,
  study_uid TEXT NOT NULL,
  ours INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX host_instance_by_series ON host_instance(host_series_id);
CREATE INDEX host_instance_by_study ON host_instance(host_study_id);

-- Instances of the host that could not be taken in yet.
CREATE TABLE host_late (
  host_id TEXT PRIMARY KEY,
  attempt INTEGER NOT NULL,
  next_at INTEGER NOT NULL,
  reason TEXT NOT NULL
) STRICT, WITHOUT ROWID;
)sql",
    // 15: digests that need not withstand an attack
    R"sql(
-- From here on XXH3 (core/base/content_digest.h), and SHA-256 (64 digits) in older rows.
ALTER TABLE instance RENAME COLUMN sha256 TO digest;
)sql",
    // 16: what is counted of a Series is read from its index alone, not from a page for each
    // Instance
    R"sql(
DROP INDEX instance_by_series;
CREATE INDEX instance_by_series ON instance(series_uid, revision, conflicting, replaced_in);
)sql"};

}  // namespace

int NewestSchema() { return static_cast<int>(kMigrations.size()); }

Status Migrate(SQLite::Database& db) {
  const int have = db.execAndGet("PRAGMA user_version").getInt();
  if (have <= NewestSchema()) return MigrateTo(db, NewestSchema());
  return MakeError(ErrorCode::kCorrupt,
                   "the database has schema {}, this Axial knows {}; start the newer Axial that "
                   "wrote it, or name another storage.directory",
                   have, NewestSchema());
}

Status MigrateTo(SQLite::Database& db, int schema) {
  AXIAL_INVARIANT(schema <= NewestSchema());
  const int have = db.execAndGet("PRAGMA user_version").getInt();
  for (int version = have; version < schema; ++version) {
    SQLite::Transaction transaction(db);
    db.exec(kMigrations[static_cast<std::size_t>(version)]);
    db.exec("PRAGMA user_version = " + std::to_string(version + 1));
    transaction.commit();
  }
  return {};
}

}  // namespace axial::store
