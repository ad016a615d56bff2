// The second half of DeliveryStore: from an answer of Success to the proof that the object is
// there, and what a person may do.

#include <SQLiteCpp/SQLiteCpp.h>
#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "core/base/crash_point.h"
#include "gateway/store/delivery_rows.h"
#include "gateway/store/delivery_store.h"
#include "gateway/store/rows.h"

namespace axial::store {
namespace {

// Failure Reasons (0008,1197) of Storage Commitment (PS3.3 C.14.1.1).
constexpr std::uint16_t kNoSuchInstance = 0x0112;
constexpr std::uint16_t kClassInstanceConflict = 0x0119;
constexpr std::uint16_t kClassNotSupported = 0x0122;

/// After the n-th try that an archive did not commit to.
Duration Pause(int tries) {
  return std::min<Duration>(std::chrono::seconds(1 << std::clamp(tries, 0, 10)),
                            std::chrono::minutes(10));
}

void SetNoCommitment(SQLite::Database& db, const Delivery& delivery) {
  SQLite::Statement update(db, "UPDATE delivery SET no_commitment = 1 WHERE id = ?");
  update.bind(1, delivery.id);
  update.exec();
}

Status ApplyFailure(SQLite::Database& db, const Delivery& delivery, std::uint16_t reason,
                    TimePoint now) {
  const auto error = [&](ErrorCode code, const char* what) {
    return MakeError(code, "Storage Commitment failed, reason {:04X}H: {}", reason, what);
  };
  if (reason == kClassInstanceConflict)
    return RefuseDelivery(
        db, delivery,
        error(ErrorCode::kConflict, "it has another object under this SOP Instance UID"), now);
  if (reason == kNoSuchInstance) {
    const Error lost = error(ErrorCode::kUnavailable, "it does not have it; it is sent again");
    return EndTry(db, delivery, {"pending", now + Pause(delivery.attempt), &lost});
  }
  if (reason == kClassNotSupported) {
    const Error declined = error(ErrorCode::kUnsupported, "it does not commit to this SOP Class");
    SetNoCommitment(db, delivery);
    return EndTry(db, delivery, {"stored", now, &declined});
  }
  const Error later = error(ErrorCode::kUnavailable, "it is asked again");
  return EndTry(db, delivery, {"stored", now + Pause(delivery.checks), &later});
}

}  // namespace

Status DeliveryStore::Store(const Delivery& delivery, TimePoint check_at, TimePoint now) {
  auto outcome = database_.Write([&](SQLite::Database& db) -> Status {
    AXIAL_RETURN_IF_ERROR(EndTry(db, delivery, {"stored", check_at}));
    SQLite::Statement update(db, "UPDATE delivery SET stored_at = ? WHERE id = ?");
    update.bind(1, ToMicros(now));
    update.bind(2, delivery.id);
    update.exec();
    AddEvent(db, delivery.study_uid, now, "sent",
             fmt::format("{} to {}", delivery.kind, delivery.destination));
    return {};
  });
  if (outcome.ok()) CrashPoint("stored");
  return outcome;
}

Result<std::vector<Delivery>> DeliveryStore::TakeStored(const std::string& destination, int limit,
                                                        TimePoint now,
                                                        const std::string& transaction_uid,
                                                        bool all) {
  auto outcome = database_.Write<std::vector<Delivery>>(
      [&](SQLite::Database& db) -> Result<std::vector<Delivery>> {
        const bool commitment = !transaction_uid.empty();
        SQLite::Statement rows(
            db, fmt::format("{} WHERE d.destination = ? AND d.state = 'stored' AND d.next_at <= ? "
                            "AND {} ORDER BY d.next_at, a.id LIMIT ?",
                            kSelectDelivery,
                            commitment ? "d.no_commitment = 0"
                            : all      ? "TRUE"
                                       : "d.no_commitment = 1"));
        rows.bind(1, destination);
        rows.bind(2, ToMicros(now));
        rows.bind(3, limit);
        std::vector<Delivery> deliveries = ReadDeliveries(rows);
        for (Delivery& delivery : deliveries) {
          SQLite::Statement update(
              db, "UPDATE delivery SET state = 'checking', checks = checks + 1 WHERE id = ?");
          update.bind(1, delivery.id);
          update.exec();
          delivery.state = "checking";
          ++delivery.checks;
          if (!commitment) continue;
          SQLite::Statement ask(db, "INSERT INTO delivery_commitment VALUES (?, ?, ?)");
          ask.bind(1, transaction_uid);
          ask.bind(2, delivery.id);
          ask.bind(3, ToMicros(now));
          ask.exec();
        }
        return deliveries;
      });
  if (outcome.ok() && !outcome->empty()) CrashPoint("checking");
  return outcome;
}

Status DeliveryStore::PostponeCheck(const Delivery& delivery, const Error* reason,
                                    TimePoint next_at, bool commits) {
  auto outcome = database_.Write([&](SQLite::Database& db) -> Status {
    AXIAL_RETURN_IF_ERROR(EndTry(db, delivery, {"stored", next_at, reason}));
    if (!commits) SetNoCommitment(db, delivery);
    return {};
  });
  if (outcome.ok()) CrashPoint(reason == nullptr ? "commitment_asked" : "unproven");
  return outcome;
}

Result<std::map<std::string, int>> DeliveryStore::ApplyCommitment(const CommitmentOutcome& outcome,
                                                                  TimePoint now) {
  using Counts = std::map<std::string, int>;
  auto applied = database_.Write<Counts>([&](SQLite::Database& db) -> Result<Counts> {
    SQLite::Statement rows(db, fmt::format("{} JOIN delivery_commitment q ON q.delivery_id = d.id "
                                           "WHERE q.transaction_uid = ?",
                                           kSelectDelivery));
    rows.bind(1, outcome.transaction_uid);
    const std::vector<Delivery> asked = ReadDeliveries(rows);
    if (asked.empty())
      return MakeError(ErrorCode::kNotFound, "no Storage Commitment {} stands out",
                       outcome.transaction_uid);
    const std::set<std::string> committed(outcome.committed.begin(), outcome.committed.end());
    Counts confirmed;
    for (const Delivery& delivery : asked) {
      int& count = confirmed[delivery.destination];
      const auto failure =
          std::find_if(outcome.failed.begin(), outcome.failed.end(),
                       [&](const auto& entry) { return entry.first == delivery.sop_instance_uid; });
      const bool failed = failure != outcome.failed.end();
      // It may be on its way again, or refused, since; proof is proof all the same.
      if (!failed && committed.contains(delivery.sop_instance_uid)) {
        AXIAL_RETURN_IF_ERROR(ConfirmDelivery(db, delivery, kByStorageCommitment, now));
        ++count;
      }
      if (failed && (delivery.state == "stored" || delivery.state == "checking"))
        AXIAL_RETURN_IF_ERROR(ApplyFailure(db, delivery, failure->second, now));
      if (!failed) continue;
      SQLite::Statement forget(
          db, "DELETE FROM delivery_commitment WHERE transaction_uid = ? AND delivery_id = ?");
      forget.bind(1, outcome.transaction_uid);
      forget.bind(2, delivery.id);
      forget.exec();
    }
    return confirmed;
  });
  if (applied.ok()) CrashPoint("commitment_applied");
  return applied;
}

Result<bool> DeliveryStore::AwaitsCommitment(const std::string& transaction_uid) const {
  return database_.Read<bool>([&](SQLite::Database& db) -> Result<bool> {
    SQLite::Statement row(db,
                          "SELECT 1 FROM delivery_commitment WHERE transaction_uid = ? LIMIT 1");
    row.bind(1, transaction_uid);
    return row.executeStep();
  });
}

Result<int> DeliveryStore::RetryNow(const std::string& destination, TimePoint now) {
  return database_.Write<int>([&](SQLite::Database& db) -> Result<int> {
    SQLite::Statement update(db,
                             "UPDATE delivery SET state = iif(state = 'stored', 'stored', "
                             "'pending'), attempt = 0, next_at = ? WHERE "
                             "destination = ? AND state IN ('pending', 'stored', 'refused')");
    update.bind(1, ToMicros(now));
    update.bind(2, destination);
    return update.exec();
  });
}

Result<std::vector<std::string>> DeliveryStore::RetryOfJob(std::int64_t job_id, TimePoint now) {
  using Names = std::vector<std::string>;
  return database_.Write<Names>([&](SQLite::Database& db) -> Result<Names> {
    SQLite::Statement rows(
        db,
        "UPDATE delivery SET state = iif(state = 'stored', 'stored', 'pending'), attempt = 0, "
        "next_at = ? WHERE "
        "artifact_id IN (SELECT artifact_id FROM job_artifact WHERE job_id = ?) AND state IN "
        "('pending', 'stored', 'refused') RETURNING destination");
    rows.bind(1, ToMicros(now));
    rows.bind(2, job_id);
    const Names all = ReadTexts(rows);
    const std::set<std::string> once(all.begin(), all.end());
    return Names(once.begin(), once.end());
  });
}

}  // namespace axial::store
