#include "gateway/store/delivery_store.h"

#include <SQLiteCpp/SQLiteCpp.h>
#include <fmt/format.h>

#include "core/base/crash_point.h"
#include "gateway/store/delivery_rows.h"
#include "gateway/store/rows.h"

namespace axial::store {
namespace {

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

/// Condition on delivery `d` of artifact `a`: nobody else is sending of its study there, so that
/// its results arrive in their order also over several connections.
constexpr std::string_view kStudyIsFree =
    "NOT EXISTS (SELECT 1 FROM artifact b JOIN delivery s ON s.artifact_id = b.id WHERE "
    "b.study_uid = a.study_uid AND s.destination = d.destination AND s.state = 'sending')";

bool FailedBefore(const Delivery& delivery) {
  return delivery.attempt > 0 && !delivery.error_code.empty();
}

}  // namespace

Result<std::vector<Delivery>> DeliveryStore::Take(const std::string& destination, int limit,
                                                  TimePoint now, bool one_study) {
  auto outcome = database_.Write<std::vector<Delivery>>(
      [&](SQLite::Database& db) -> Result<std::vector<Delivery>> {
        // Artifact order: a viewer must find the SEG when it opens the SR that references it.
        SQLite::Statement rows(
            db, fmt::format("{} WHERE d.destination = ? AND d.state = 'pending' AND d.next_at <= ? "
                            "AND {} AND {} ORDER BY a.id LIMIT ?",
                            kSelectDelivery, kOvertakesNothing,
                            one_study ? kStudyIsFree : std::string_view("TRUE")));
        rows.bind(1, destination);
        rows.bind(2, ToMicros(now));
        rows.bind(3, limit);
        std::vector<Delivery> deliveries;
        for (Delivery& delivery : ReadDeliveries(rows)) {
          const bool goes_along =
              deliveries.empty() ||
              (!FailedBefore(deliveries.front()) && !FailedBefore(delivery) &&
               (!one_study || delivery.study_uid == deliveries.front().study_uid));
          if (!goes_along) break;
          deliveries.push_back(std::move(delivery));
        }
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

Status DeliveryStore::Confirm(const Delivery& delivery, const std::string& by, TimePoint now) {
  auto outcome = database_.Write(
      [&](SQLite::Database& db) -> Status { return ConfirmDelivery(db, delivery, by, now); });
  if (outcome.ok()) CrashPoint("confirmed");
  return outcome;
}

Status DeliveryStore::Postpone(const Delivery& delivery, const Error& reason, TimePoint next_at,
                               bool tried) {
  auto outcome = database_.Write([&](SQLite::Database& db) -> Status {
    return EndTry(db, delivery, {"pending", next_at, &reason, tried});
  });
  if (outcome.ok()) CrashPoint("postponed");
  return outcome;
}

Status DeliveryStore::Refuse(const Delivery& delivery, const Error& reason, TimePoint now) {
  auto outcome = database_.Write(
      [&](SQLite::Database& db) -> Status { return RefuseDelivery(db, delivery, reason, now); });
  if (outcome.ok()) CrashPoint("refused");
  return outcome;
}

Result<int> DeliveryStore::ReclaimSending() {
  return database_.Write<int>([](SQLite::Database& db) -> Result<int> {
    return db.exec("UPDATE delivery SET state = 'pending' WHERE state = 'sending'") +
           db.exec("UPDATE delivery SET state = 'stored' WHERE state = 'checking'") +
           // Who answered while the gateway was down found nobody: asked again at once.
           db.exec(
               "UPDATE delivery SET next_at = stored_at WHERE state = 'stored' AND next_at > "
               "stored_at AND id IN (SELECT delivery_id FROM delivery_commitment)");
  });
}

Result<std::optional<TimePoint>> DeliveryStore::NextDue(const std::string& destination) const {
  return database_.Read<std::optional<TimePoint>>(
      [&](SQLite::Database& db) -> Result<std::optional<TimePoint>> {
        SQLite::Statement row(
            db, fmt::format("SELECT min(due) FROM (SELECT * FROM (SELECT next_at AS due FROM "
                            "delivery d WHERE destination = ?1 AND state = 'pending' AND {} ORDER "
                            "BY next_at LIMIT 1) UNION ALL SELECT min(next_at) FROM delivery WHERE "
                            "destination = ?1 AND state = 'stored')",
                            kOvertakesNothing));
        row.bind(1, destination);
        if (!row.executeStep() || row.getColumn(0).isNull()) return std::optional<TimePoint>{};
        return std::optional<TimePoint>(TimeOf(row.getColumn(0)));
      });
}

Result<std::vector<Delivery>> DeliveryStore::ListOfStudy(const std::string& study_uid) const {
  return database_.Read<std::vector<Delivery>>(
      [&](SQLite::Database& db) -> Result<std::vector<Delivery>> {
        SQLite::Statement rows(
            db, fmt::format("{} WHERE a.study_uid = ? ORDER BY d.id", kSelectDelivery));
        rows.bind(1, study_uid);
        return ReadDeliveries(rows);
      });
}

namespace {

constexpr std::string_view kSelectOwed =
    "SELECT destination, count(iif(state = 'refused', NULL, 1)), count(iif(state IN ('stored', "
    "'checking'), 1, NULL)), count(iif(state = 'refused', 1, NULL)), min(owed_since) FROM delivery "
    "WHERE state <> 'confirmed'";

DeliveryStore::Owed ReadOwed(SQLite::Statement& row) {
  return {row.getColumn(0).getString(), row.getColumn(1).getInt64(), row.getColumn(2).getInt64(),
          row.getColumn(3).getInt64(), TimeOf(row.getColumn(4))};
}

}  // namespace

Result<std::vector<DeliveryStore::Owed>> DeliveryStore::OwedByDestination() const {
  return database_.Read<std::vector<Owed>>([](SQLite::Database& db) -> Result<std::vector<Owed>> {
    SQLite::Statement rows(db, fmt::format("{} GROUP BY destination", kSelectOwed));
    std::vector<Owed> owed;
    while (rows.executeStep()) owed.push_back(ReadOwed(rows));
    return owed;
  });
}

Result<DeliveryStore::Owed> DeliveryStore::OwedTo(const std::string& destination) const {
  return database_.Read<Owed>([&](SQLite::Database& db) -> Result<Owed> {
    SQLite::Statement row(db, fmt::format("{} AND destination = ?", kSelectOwed));
    row.bind(1, destination);
    row.executeStep();
    return ReadOwed(row);
  });
}

Result<std::int64_t> DeliveryStore::CountOwedSince(const std::string& destination,
                                                   TimePoint before) const {
  return database_.Read<std::int64_t>([&](SQLite::Database& db) -> Result<std::int64_t> {
    SQLite::Statement row(db,
                          "SELECT count(*) FROM delivery WHERE destination = ? AND state <> "
                          "'confirmed' AND owed_since <= ?");
    row.bind(1, destination);
    row.bind(2, ToMicros(before));
    row.executeStep();
    return row.getColumn(0).getInt64();
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
