#include "gateway/store/delivery_store.h"

#include <SQLiteCpp/SQLiteCpp.h>
#include <fmt/format.h>

#include "core/base/crash_point.h"
#include "gateway/store/rows.h"

namespace axial::store {
namespace {

constexpr std::string_view kSelect =
    "SELECT d.id, (SELECT max(job_id) FROM job_artifact l WHERE l.artifact_id = a.id), "
    "a.study_uid, d.destination, a.kind, a.path, a.sop_class_uid, "
    "a.sop_instance_uid, d.state, d.attempt, d.next_at, d.error_code, d.error_message, "
    "d.confirmed_at FROM delivery d JOIN artifact a ON a.id = d.artifact_id";

/// Condition on delivery `d`: nothing that it replaces is still on its way to the same Destination,
/// so that a reader who sorts by arrival sees the newer result last.
constexpr std::string_view kOvertakesNothing =
    "NOT EXISTS (SELECT 1 FROM job_artifact n JOIN job o ON o.superseded_by = n.job_id JOIN "
    "job_artifact l ON l.job_id = o.id JOIN delivery w ON w.artifact_id = l.artifact_id WHERE "
    "n.artifact_id = d.artifact_id AND l.artifact_id <> d.artifact_id AND w.destination = "
    "d.destination AND w.state IN ('pending', 'sending')) AND NOT EXISTS (SELECT 1 FROM "
    "job_artifact n JOIN job_artifact l ON l.job_id = n.job_id AND l.failure_report_id IS NOT NULL "
    "JOIN delivery w ON w.artifact_id = l.artifact_id WHERE n.artifact_id = d.artifact_id AND "
    "l.failure_report_id IS NOT n.failure_report_id AND l.artifact_id < d.artifact_id AND "
    "w.destination = d.destination AND w.state IN ('pending', 'sending'))";

std::vector<Delivery> ReadDeliveries(SQLite::Statement& rows) {
  std::vector<Delivery> deliveries;
  while (rows.executeStep()) {
    Delivery delivery;
    int i = 0;
    delivery.id = rows.getColumn(i++).getInt64();
    delivery.job_id = rows.getColumn(i++).getInt64();
    delivery.study_uid = rows.getColumn(i++).getString();
    delivery.destination = rows.getColumn(i++).getString();
    delivery.kind = rows.getColumn(i++).getString();
    delivery.path = rows.getColumn(i++).getString();
    delivery.sop_class_uid = rows.getColumn(i++).getString();
    delivery.sop_instance_uid = rows.getColumn(i++).getString();
    delivery.state = rows.getColumn(i++).getString();
    delivery.attempt = rows.getColumn(i++).getInt();
    delivery.next_at = TimeOf(rows.getColumn(i++));
    delivery.error_code = rows.getColumn(i++).getString();
    delivery.error_message = rows.getColumn(i++).getString();
    delivery.confirmed_at = TimeOf(rows.getColumn(i++));
    deliveries.push_back(std::move(delivery));
  }
  return deliveries;
}

Error NotSending(const Delivery& delivery) {
  return MakeError(ErrorCode::kConflict, "delivery {} attempt {} is no longer ours", delivery.id,
                   delivery.attempt);
}

/// Ends one sending attempt; returns whether it was still ours.
bool EndSending(SQLite::Database& db, const Delivery& delivery, const std::string& state,
                TimePoint next_at, TimePoint confirmed_at, const Error* reason) {
  SQLite::Statement update(db,
                           "UPDATE delivery SET state = ?1, next_at = ?2, confirmed_at = ?3, "
                           "error_code = ?4, error_message = ?5 WHERE id = ?6 AND state = "
                           "'sending' AND attempt = ?7");
  update.bind(1, state);
  update.bind(2, ToMicros(next_at));
  if (confirmed_at != TimePoint{}) update.bind(3, ToMicros(confirmed_at));
  if (reason != nullptr) {
    update.bind(4, std::string(ErrorCodeName(reason->code())));
    update.bind(5, reason->message());
  }
  update.bind(6, delivery.id);
  update.bind(7, delivery.attempt);
  return update.exec() == 1;
}

}  // namespace

Result<std::vector<Delivery>> DeliveryStore::Take(const std::string& destination, int limit,
                                                  TimePoint now) {
  auto outcome = database_.Write<std::vector<Delivery>>(
      [&](SQLite::Database& db) -> Result<std::vector<Delivery>> {
        // Artifact order: a viewer must find the SEG when it opens the SR that references it.
        SQLite::Statement rows(
            db, fmt::format("{} WHERE d.destination = ? AND d.state = 'pending' AND d.next_at <= ? "
                            "AND {} ORDER BY a.id LIMIT ?",
                            kSelect, kOvertakesNothing));
        rows.bind(1, destination);
        rows.bind(2, ToMicros(now));
        rows.bind(3, limit);
        std::vector<Delivery> deliveries = ReadDeliveries(rows);
        for (Delivery& delivery : deliveries) {
          SQLite::Statement update(
              db, "UPDATE delivery SET state = 'sending', attempt = attempt + 1 WHERE id = ?");
          update.bind(1, delivery.id);
          update.exec();
          delivery.state = "sending";
          ++delivery.attempt;
        }
        return deliveries;
      });
  if (outcome.ok() && !outcome->empty()) CrashPoint("sending");
  return outcome;
}

Status DeliveryStore::Confirm(const Delivery& delivery, TimePoint now) {
  auto outcome = database_.Write([&](SQLite::Database& db) -> Status {
    if (!EndSending(db, delivery, "confirmed", now, now, nullptr)) return NotSending(delivery);
    AddEvent(db, delivery.study_uid, now, "delivered",
             fmt::format("{} to {}", delivery.kind, delivery.destination));
    SQLite::Statement jobs(db,
                           "SELECT l.job_id FROM job_artifact l JOIN delivery d ON d.artifact_id = "
                           "l.artifact_id WHERE d.id = ?");
    jobs.bind(1, delivery.id);
    while (jobs.executeStep()) FinishJob(db, jobs.getColumn(0).getInt64(), delivery.study_uid, now);
    return {};
  });
  if (outcome.ok()) CrashPoint("confirmed");
  return outcome;
}

Status DeliveryStore::Postpone(const Delivery& delivery, const Error& reason, TimePoint next_at) {
  return database_.Write([&](SQLite::Database& db) -> Status {
    if (!EndSending(db, delivery, "pending", next_at, TimePoint{}, &reason))
      return NotSending(delivery);
    return {};
  });
}

Status DeliveryStore::Refuse(const Delivery& delivery, const Error& reason, TimePoint now) {
  return database_.Write([&](SQLite::Database& db) -> Status {
    if (!EndSending(db, delivery, "refused", now, TimePoint{}, &reason))
      return NotSending(delivery);
    AddEvent(db, delivery.study_uid, now, "delivery_refused",
             fmt::format("{} by {}: {}", delivery.kind, delivery.destination, reason.message()));
    return {};
  });
}

Result<int> DeliveryStore::ReclaimSending() {
  return database_.Write<int>([](SQLite::Database& db) -> Result<int> {
    return db.exec("UPDATE delivery SET state = 'pending' WHERE state = 'sending'");
  });
}

Result<std::optional<TimePoint>> DeliveryStore::NextDue(const std::string& destination) const {
  return database_.Read<std::optional<TimePoint>>(
      [&](SQLite::Database& db) -> Result<std::optional<TimePoint>> {
        SQLite::Statement row(
            db, fmt::format("SELECT min(next_at) FROM delivery d WHERE destination = ? AND state = "
                            "'pending' AND {}",
                            kOvertakesNothing));
        row.bind(1, destination);
        if (!row.executeStep() || row.getColumn(0).isNull()) return std::optional<TimePoint>{};
        return std::optional<TimePoint>(TimeOf(row.getColumn(0)));
      });
}

Result<int> DeliveryStore::RetryNow(const std::string& destination, TimePoint now) {
  return database_.Write<int>([&](SQLite::Database& db) -> Result<int> {
    SQLite::Statement update(db,
                             "UPDATE delivery SET state = 'pending', next_at = ? WHERE destination "
                             "= ? AND state IN ('pending', 'refused')");
    update.bind(1, ToMicros(now));
    update.bind(2, destination);
    return update.exec();
  });
}

Result<std::vector<Delivery>> DeliveryStore::ListOfStudy(const std::string& study_uid) const {
  return database_.Read<std::vector<Delivery>>(
      [&](SQLite::Database& db) -> Result<std::vector<Delivery>> {
        SQLite::Statement rows(db, fmt::format("{} WHERE a.study_uid = ? ORDER BY d.id", kSelect));
        rows.bind(1, study_uid);
        return ReadDeliveries(rows);
      });
}

Result<std::vector<DeliveryStore::Owed>> DeliveryStore::OwedByDestination() const {
  return database_.Read<std::vector<Owed>>([](SQLite::Database& db) -> Result<std::vector<Owed>> {
    SQLite::Statement rows(
        db,
        "SELECT d.destination, count(DISTINCT iif(d.state = 'refused', NULL, d.id)), "
        "count(DISTINCT iif(d.state = 'refused', d.id, NULL)), "
        "min(j.created_at) FROM delivery d JOIN job_artifact l ON l.artifact_id = d.artifact_id "
        "JOIN job j ON j.id = l.job_id WHERE d.state <> 'confirmed' GROUP BY d.destination");
    std::vector<Owed> owed;
    while (rows.executeStep())
      owed.push_back({rows.getColumn(0).getString(), rows.getColumn(1).getInt64(),
                      rows.getColumn(2).getInt64(), TimeOf(rows.getColumn(3))});
    return owed;
  });
}

Result<std::vector<DeliveryStore::Refusal>> DeliveryStore::Refusals() const {
  using Refusals = std::vector<Refusal>;
  return database_.Read<Refusals>([](SQLite::Database& db) -> Result<Refusals> {
    SQLite::Statement rows(
        db,
        "SELECT d.destination, a.kind, a.sop_class_uid, coalesce(d.error_code, ''), "
        "coalesce(d.error_message, ''), count(*) FROM delivery d "
        "JOIN artifact a ON a.id = d.artifact_id WHERE d.state = 'refused' "
        "GROUP BY 1, 2, 3, 4, 5 ORDER BY 6 DESC, 1, 2 LIMIT 100");
    Refusals refusals;
    while (rows.executeStep())
      refusals.push_back({rows.getColumn(0).getString(), rows.getColumn(1).getString(),
                          rows.getColumn(2).getString(), rows.getColumn(3).getString(),
                          rows.getColumn(4).getString(), rows.getColumn(5).getInt64()});
    return refusals;
  });
}

}  // namespace axial::store
