#include "gateway/store/commitment_store.h"

#include <SQLiteCpp/SQLiteCpp.h>
#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "core/base/crash_point.h"
#include "gateway/store/rows.h"

namespace axial::store {
namespace {

constexpr std::string_view kColumns =
    "id, calling_ae_title, peer_address, transaction_uid, state, attempt, next_at, requested_at, "
    "finished_at, way, error_code, error_message, (SELECT count(*) FROM commitment_item i WHERE "
    "i.commitment_id = commitment.id), (SELECT json_group_object(printf('%04X', reason), count) "
    "FROM (SELECT failure_reason AS reason, count(*) AS count FROM commitment_item i WHERE "
    "i.commitment_id = commitment.id AND failure_reason IS NOT NULL GROUP BY failure_reason))";

std::string To(CommitmentState from, CommitmentEvent event) {
  const auto next = NextCommitmentState(from, event);
  AXIAL_INVARIANT(next.has_value());
  return std::string(CommitmentStateName(*next));
}

Commitment Read(SQLite::Statement& row) {
  Commitment commitment;
  commitment.id = row.getColumn(0).getInt64();
  commitment.calling_ae_title = row.getColumn(1).getString();
  commitment.peer_address = row.getColumn(2).getString();
  commitment.transaction_uid = row.getColumn(3).getString();
  commitment.state = CommitmentStateFromName(row.getColumn(4).getString()).value();
  commitment.attempt = row.getColumn(5).getInt();
  commitment.next_at = TimeOf(row.getColumn(6));
  commitment.requested_at = TimeOf(row.getColumn(7));
  commitment.finished_at = TimeOf(row.getColumn(8));
  commitment.way = row.getColumn(9).getString();
  commitment.error_code = row.getColumn(10).getString();
  commitment.error_message = row.getColumn(11).getString();
  commitment.instances = row.getColumn(12).getInt64();
  commitment.failures = nlohmann::json::parse(row.getColumn(13).getString());
  for (const auto& [reason, count] : commitment.failures) commitment.failed += count;
  return commitment;
}

void DeleteItems(SQLite::Database& db, std::int64_t id) {
  SQLite::Statement remove(db, "DELETE FROM commitment_item WHERE commitment_id = ?");
  remove.bind(1, id);
  remove.exec();
}

void InsertItems(SQLite::Database& db, std::int64_t id,
                 const std::vector<InstanceReference>& instances) {
  SQLite::Statement insert(db,
                           "INSERT INTO commitment_item(commitment_id, position, sop_class_uid, "
                           "sop_instance_uid) VALUES (?, ?, ?, ?)");
  std::int64_t position = 0;
  for (const InstanceReference& instance : instances) {
    insert.bind(1, id);
    insert.bind(2, position++);
    insert.bind(3, instance.sop_class_uid);
    insert.bind(4, instance.sop_instance_uid);
    insert.exec();
    insert.reset();
  }
}

bool HasItems(SQLite::Database& db, std::int64_t id,
              const std::vector<InstanceReference>& instances) {
  SQLite::Statement rows(db,
                         "SELECT sop_class_uid, sop_instance_uid FROM commitment_item WHERE "
                         "commitment_id = ? ORDER BY position");
  rows.bind(1, id);
  std::size_t i = 0;
  for (; rows.executeStep(); ++i)
    if (i >= instances.size() || rows.getColumn(0).getString() != instances[i].sop_class_uid ||
        rows.getColumn(1).getString() != instances[i].sop_instance_uid)
      return false;
  return i == instances.size();
}

/// The same AE Title used the Transaction UID before. Error: Conflict.
Status AskAgain(SQLite::Database& db, std::int64_t id, CommitmentState state,
                const NewCommitment& commitment, TimePoint due, TimePoint now) {
  const bool open = state == CommitmentState::kOwed || state == CommitmentState::kSending;
  if (!HasItems(db, id, commitment.request.instances)) {
    if (open)
      return MakeError(ErrorCode::kConflict, "Transaction UID {} is in use for other Instances",
                       commitment.request.transaction_uid);
    DeleteItems(db, id);
    InsertItems(db, id, commitment.request.instances);
  }
  SQLite::Statement update(
      db,
      "UPDATE commitment SET state = ?1, attempt = iif(?2, attempt, 0), next_at = ?3, requested_at "
      "= ?6, finished_at = NULL, peer_address = ?4 WHERE id = ?5");
  update.bind(1, To(state, CommitmentEvent::kAskAgain));
  update.bind(2, open ? 1 : 0);
  update.bind(3, ToMicros(due));
  update.bind(4, commitment.peer_address);
  update.bind(5, id);
  update.bind(6, ToMicros(now));
  update.exec();
  return {};
}

Status CheckOwed(SQLite::Database& db, const std::string& calling_ae_title) {
  SQLite::Statement count(db,
                          "SELECT count(*) FROM commitment WHERE calling_ae_title = ? AND state IN "
                          "('owed', 'sending')");
  count.bind(1, calling_ae_title);
  count.executeStep();
  if (count.getColumn(0).getInt() < CommitmentStore::kMaxOwedPerPeer) return {};
  return MakeError(ErrorCode::kExhausted, "{} answers are owed to {} already",
                   CommitmentStore::kMaxOwedPerPeer, calling_ae_title);
}

/// Ends the turn of whoever has it in hand. Error: Conflict when it is not in hand any more.
Status End(SQLite::Database& db, const Commitment& commitment, CommitmentEvent event,
           TimePoint next_at, const Error* reason) {
  SQLite::Statement update(
      db,
      "UPDATE commitment SET state = ?1, next_at = ?2, finished_at = iif(?3, ?2, NULL), error_code "
      "= ?4, error_message = ?5 WHERE id = ?6 AND state = 'sending' AND attempt = ?7");
  update.bind(1, To(CommitmentState::kSending, event));
  update.bind(2, ToMicros(next_at));
  update.bind(3, event == CommitmentEvent::kPostpone ? 0 : 1);
  if (reason != nullptr) {
    update.bind(4, std::string(ErrorCodeName(reason->code())));
    update.bind(5, reason->message());
  }
  update.bind(6, commitment.id);
  update.bind(7, commitment.attempt);
  if (update.exec() != 1)
    return MakeError(ErrorCode::kConflict, "storage commitment {} is no longer in hand",
                     commitment.id);
  return {};
}

}  // namespace

Result<std::int64_t> CommitmentStore::Request(const NewCommitment& commitment, TimePoint due,
                                              TimePoint now) {
  auto id = database_.Write<std::int64_t>([&](SQLite::Database& db) -> Result<std::int64_t> {
    SQLite::Statement find(
        db, "SELECT id, state FROM commitment WHERE calling_ae_title = ? AND transaction_uid = ?");
    find.bind(1, commitment.calling_ae_title);
    find.bind(2, commitment.request.transaction_uid);
    if (find.executeStep()) {
      const std::int64_t known = find.getColumn(0).getInt64();
      const CommitmentState state = CommitmentStateFromName(find.getColumn(1).getString()).value();
      find.reset();
      AXIAL_RETURN_IF_ERROR(AskAgain(db, known, state, commitment, due, now));
      return known;
    }
    AXIAL_RETURN_IF_ERROR(CheckOwed(db, commitment.calling_ae_title));
    SQLite::Statement insert(
        db,
        "INSERT INTO commitment(calling_ae_title, peer_address, transaction_uid, state, next_at, "
        "requested_at) VALUES (?1, ?2, ?3, 'owed', ?4, ?5)");
    insert.bind(1, commitment.calling_ae_title);
    insert.bind(2, commitment.peer_address);
    insert.bind(3, commitment.request.transaction_uid);
    insert.bind(4, ToMicros(due));
    insert.bind(5, ToMicros(now));
    insert.exec();
    const std::int64_t made = db.getLastInsertRowid();
    InsertItems(db, made, commitment.request.instances);
    return made;
  });
  if (id.ok()) CrashPoint("commitment_requested");
  return id;
}

Result<std::optional<Commitment>> CommitmentStore::TakeWhere(const char* condition, std::int64_t id,
                                                             TimePoint now) {
  using Taken = std::optional<Commitment>;
  return database_.Write<Taken>([&](SQLite::Database& db) -> Result<Taken> {
    SQLite::Statement lapse(
        db, "UPDATE commitment SET state = ? WHERE state = 'sending' AND next_at <= ?");
    lapse.bind(1, To(CommitmentState::kSending, CommitmentEvent::kPostpone));
    lapse.bind(2, ToMicros(now));
    lapse.exec();
    SQLite::Statement claim(
        db,
        fmt::format("UPDATE commitment SET state = ?1, attempt = attempt + 1, next_at = ?4 WHERE "
                    "id = (SELECT o.id FROM commitment o WHERE o.state = 'owed' AND {} LIMIT 1) "
                    "RETURNING {}",
                    condition, kColumns));
    claim.bind(1, To(CommitmentState::kOwed, CommitmentEvent::kTake));
    claim.bind(2, id);
    claim.bind(3, ToMicros(now));
    claim.bind(4, ToMicros(now + kLease));
    if (!claim.executeStep()) return Taken{};
    Taken taken = Read(claim);
    claim.reset();
    return taken;
  });
}

Result<std::optional<Commitment>> CommitmentStore::Take(std::int64_t id, TimePoint now) {
  return TakeWhere("o.id = ?2 AND ?3 IS NOT NULL", id, now);
}

Result<std::optional<Commitment>> CommitmentStore::TakeDue(TimePoint now) {
  // One at a time for each peer, so that a dead one keeps no more than one thread waiting.
  return TakeWhere(
      "o.next_at <= ?3 AND ?2 IS NOT NULL AND NOT EXISTS (SELECT 1 FROM commitment s WHERE s.state "
      "= 'sending' AND s.calling_ae_title = o.calling_ae_title) ORDER BY o.next_at, o.id",
      0, now);
}

Status CommitmentStore::Confirm(const Commitment& commitment, const CommitmentReport& report,
                                const std::string& way, TimePoint now) {
  auto outcome = database_.Write([&](SQLite::Database& db) -> Status {
    AXIAL_RETURN_IF_ERROR(End(db, commitment, CommitmentEvent::kConfirm, now, nullptr));
    SQLite::Statement tell(db, "UPDATE commitment SET way = ? WHERE id = ?");
    tell.bind(1, way);
    tell.bind(2, commitment.id);
    tell.exec();
    SQLite::Statement clear(
        db,
        "UPDATE commitment_item SET failure_reason = NULL WHERE commitment_id = "
        "? AND failure_reason IS NOT NULL");
    clear.bind(1, commitment.id);
    clear.exec();
    // Both lists are in the order of the positions.
    SQLite::Statement rows(db,
                           "SELECT position, sop_class_uid, sop_instance_uid FROM commitment_item "
                           "WHERE commitment_id = ? ORDER BY position");
    rows.bind(1, commitment.id);
    std::vector<std::pair<std::int64_t, std::uint16_t>> reasons;
    for (auto failure = report.failed.begin();
         failure != report.failed.end() && rows.executeStep();)
      if (rows.getColumn(1).getString() == failure->instance.sop_class_uid &&
          rows.getColumn(2).getString() == failure->instance.sop_instance_uid)
        reasons.emplace_back(rows.getColumn(0).getInt64(), (failure++)->reason);
    rows.reset();
    SQLite::Statement mark(db,
                           "UPDATE commitment_item SET failure_reason = ? WHERE commitment_id = ? "
                           "AND position = ?");
    for (const auto& [position, reason] : reasons) {
      mark.bind(1, static_cast<int>(reason));
      mark.bind(2, commitment.id);
      mark.bind(3, position);
      mark.exec();
      mark.reset();
    }
    return {};
  });
  if (outcome.ok()) CrashPoint("commitment_reported");
  return outcome;
}

Status CommitmentStore::Postpone(const Commitment& commitment, const Error& reason,
                                 TimePoint next_at) {
  return database_.Write([&](SQLite::Database& db) -> Status {
    return End(db, commitment, CommitmentEvent::kPostpone, next_at, &reason);
  });
}

Status CommitmentStore::GiveUp(const Commitment& commitment, const Error& reason, TimePoint now) {
  return database_.Write([&](SQLite::Database& db) -> Status {
    return End(db, commitment, CommitmentEvent::kGiveUp, now, &reason);
  });
}

Result<int> CommitmentStore::ReclaimSending(TimePoint now) {
  return database_.Write<int>([&](SQLite::Database& db) -> Result<int> {
    SQLite::Statement update(
        db,
        "UPDATE commitment SET state = ?1, next_at = ?2 WHERE state = 'sending' OR (state = 'owed' "
        "AND attempt = 0)");
    update.bind(1, To(CommitmentState::kSending, CommitmentEvent::kPostpone));
    update.bind(2, ToMicros(now));
    return update.exec();
  });
}

Status CommitmentStore::MakeDue(std::int64_t id, TimePoint now) {
  return database_.Write([&](SQLite::Database& db) -> Status {
    SQLite::Statement update(db,
                             "UPDATE commitment SET next_at = ? WHERE id = ? AND state = 'owed'");
    update.bind(1, ToMicros(now));
    update.bind(2, id);
    update.exec();
    return {};
  });
}

Result<int> CommitmentStore::RetryNow(TimePoint now) {
  return database_.Write<int>([&](SQLite::Database& db) -> Result<int> {
    SQLite::Statement update(db,
                             "UPDATE commitment SET next_at = ?1 WHERE state = 'owed' AND next_at "
                             "> ?1");
    update.bind(1, ToMicros(now));
    return update.exec();
  });
}

Result<int> CommitmentStore::Forget(TimePoint before, int limit) {
  return database_.Write<int>([&](SQLite::Database& db) -> Result<int> {
    std::vector<std::int64_t> old;
    {
      SQLite::Statement rows(
          db, "SELECT id FROM commitment WHERE finished_at < ? ORDER BY finished_at LIMIT ?");
      rows.bind(1, ToMicros(before));
      rows.bind(2, limit);
      while (rows.executeStep()) old.push_back(rows.getColumn(0).getInt64());
    }
    for (const std::int64_t id : old) {
      DeleteItems(db, id);
      SQLite::Statement remove(db, "DELETE FROM commitment WHERE id = ?");
      remove.bind(1, id);
      remove.exec();
    }
    return static_cast<int>(old.size());
  });
}

Result<std::optional<TimePoint>> CommitmentStore::NextDue() const {
  return database_.Read<std::optional<TimePoint>>(
      [](SQLite::Database& db) -> Result<std::optional<TimePoint>> {
        SQLite::Statement row(db,
                              "SELECT min(due) FROM (SELECT min(next_at) AS due FROM commitment "
                              "WHERE state = 'owed' UNION ALL SELECT min(next_at) FROM commitment "
                              "WHERE state = 'sending')");
        if (!row.executeStep() || row.getColumn(0).isNull()) return std::optional<TimePoint>{};
        return std::optional<TimePoint>(TimeOf(row.getColumn(0)));
      });
}

Result<std::string> CommitmentStore::LastWay(const std::string& calling_ae_title) const {
  return database_.Read<std::string>([&](SQLite::Database& db) -> Result<std::string> {
    SQLite::Statement row(db,
                          "SELECT way FROM commitment WHERE calling_ae_title = ? AND way <> '' "
                          "ORDER BY finished_at DESC LIMIT 1");
    row.bind(1, calling_ae_title);
    return row.executeStep() ? row.getColumn(0).getString() : std::string();
  });
}

Result<std::vector<Commitment>> CommitmentStore::List(int limit) const {
  using Rows = std::vector<Commitment>;
  return database_.Read<Rows>([&](SQLite::Database& db) -> Result<Rows> {
    SQLite::Statement rows(
        db, fmt::format("SELECT {} FROM commitment ORDER BY requested_at DESC, id DESC LIMIT ?",
                        kColumns));
    rows.bind(1, limit);
    Rows list;
    while (rows.executeStep()) list.push_back(Read(rows));
    return list;
  });
}

Result<std::vector<std::pair<std::string, std::int64_t>>> CommitmentStore::CountByState() const {
  using Counts = std::vector<std::pair<std::string, std::int64_t>>;
  return database_.Read<Counts>([](SQLite::Database& db) -> Result<Counts> {
    SQLite::Statement rows(db,
                           "SELECT state, count(*) FROM commitment GROUP BY state ORDER BY state");
    Counts counts;
    while (rows.executeStep())
      counts.emplace_back(rows.getColumn(0).getString(), rows.getColumn(1).getInt64());
    return counts;
  });
}

Result<std::optional<Commitment>> CommitmentStore::OldestOwed() const {
  using Found = std::optional<Commitment>;
  return database_.Read<Found>([](SQLite::Database& db) -> Result<Found> {
    SQLite::Statement row(
        db,
        fmt::format("SELECT {} FROM commitment WHERE state IN ('owed', 'sending') AND attempt > "
                    "0 AND error_code IS NOT NULL ORDER BY requested_at LIMIT 1",
                    kColumns));
    if (!row.executeStep()) return Found{};
    return Found(Read(row));
  });
}

}  // namespace axial::store
