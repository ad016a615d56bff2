#include "gateway/store/delivery_rows.h"

#include <SQLiteCpp/SQLiteCpp.h>
#include <fmt/format.h>

#include "gateway/store/rows.h"

namespace axial::store {

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
    delivery.series_uid = rows.getColumn(i++).getString();
    delivery.owed_since = TimeOf(rows.getColumn(i++));
    delivery.stored_at = TimeOf(rows.getColumn(i++));
    delivery.checks = rows.getColumn(i++).getInt();
    delivery.confirmed_by = rows.getColumn(i++).getString();
    deliveries.push_back(std::move(delivery));
  }
  return deliveries;
}

Status EndTry(SQLite::Database& db, const Delivery& delivery, const TryEnd& end) {
  // What is sent again is to be proven anew.
  SQLite::Statement update(
      db,
      "UPDATE delivery SET state = ?1, next_at = ?2, error_code = ?3, error_message = ?4, checks = "
      "iif(?1 = 'pending', 0, checks), stored_at = iif(?1 = 'pending', NULL, stored_at), "
      "attempt = attempt - ?9 WHERE id = "
      "?5 AND state = ?6 AND attempt = ?7 AND checks = ?8");
  update.bind(1, end.state);
  update.bind(2, ToMicros(end.next_at));
  if (end.reason != nullptr) {
    update.bind(3, std::string(ErrorCodeName(end.reason->code())));
    update.bind(4, end.reason->message());
  }
  update.bind(5, delivery.id);
  update.bind(6, delivery.state);
  update.bind(7, delivery.attempt);
  update.bind(8, delivery.checks);
  update.bind(9, end.tried ? 0 : 1);
  if (update.exec() == 1) return {};
  return MakeError(ErrorCode::kConflict, "delivery {} attempt {} is no longer ours", delivery.id,
                   delivery.attempt);
}

Status ConfirmDelivery(SQLite::Database& db, const Delivery& delivery, const std::string& by,
                       TimePoint now) {
  AXIAL_RETURN_IF_ERROR(EndTry(db, delivery, {"confirmed", now}));
  SQLite::Statement update(
      db, "UPDATE delivery SET confirmed_at = ?1, confirmed_by = ?2 WHERE id = ?3");
  update.bind(1, ToMicros(now));
  update.bind(2, by);
  update.bind(3, delivery.id);
  update.exec();
  SQLite::Statement forget(db, "DELETE FROM delivery_commitment WHERE delivery_id = ?");
  forget.bind(1, delivery.id);
  forget.exec();
  AddEvent(db, delivery.study_uid, now, "delivered",
           fmt::format("{} to {}, confirmed by {}", delivery.kind, delivery.destination, by));
  SQLite::Statement jobs(db,
                         "SELECT l.job_id FROM job_artifact l JOIN delivery d ON d.artifact_id = "
                         "l.artifact_id WHERE d.id = ?");
  jobs.bind(1, delivery.id);
  while (jobs.executeStep()) FinishJob(db, jobs.getColumn(0).getInt64(), delivery.study_uid, now);
  return {};
}

Status RefuseDelivery(SQLite::Database& db, const Delivery& delivery, const Error& reason,
                      TimePoint now) {
  AXIAL_RETURN_IF_ERROR(EndTry(db, delivery, {"refused", now, &reason}));
  AddEvent(db, delivery.study_uid, now, "delivery_refused",
           fmt::format("{} by {}: {}", delivery.kind, delivery.destination, reason.message()));
  return {};
}

}  // namespace axial::store
