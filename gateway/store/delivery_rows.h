#pragma once

// Private to gateway/store: what every statement about deliveries needs.

#include <string>
#include <string_view>
#include <vector>

#include "gateway/store/delivery_store.h"

namespace SQLite {
class Database;
class Statement;
}  // namespace SQLite

namespace axial::store {

/// Of delivery `d` and its artifact `a`, in the order that ReadDeliveries expects.
inline constexpr std::string_view kSelectDelivery =
    "SELECT d.id, (SELECT max(job_id) FROM job_artifact l WHERE l.artifact_id = a.id), "
    "a.study_uid, d.destination, a.kind, a.path, a.sop_class_uid, a.sop_instance_uid, d.state, "
    "d.attempt, d.next_at, d.error_code, d.error_message, d.confirmed_at, a.series_uid, "
    "d.owed_since, d.stored_at, d.checks, d.confirmed_by FROM delivery d JOIN artifact a ON a.id = "
    "d.artifact_id";

[[nodiscard]] std::vector<Delivery> ReadDeliveries(SQLite::Statement& rows);

/// What becomes of a delivery that was being sent or proven.
struct TryEnd {
  std::string state;
  TimePoint next_at{};
  const Error* reason = nullptr;
  bool tried = true;  ///< false: the attempt is not counted
};

/// Ends a try. Error: Conflict, when it is no longer ours (another state, another attempt).
[[nodiscard]] Status EndTry(SQLite::Database& db, const Delivery& delivery, const TryEnd& end);

/// EndTry, with the event, and the Jobs that it finishes.
[[nodiscard]] Status ConfirmDelivery(SQLite::Database& db, const Delivery& delivery,
                                     const std::string& by, TimePoint now);

/// EndTry, with the event.
[[nodiscard]] Status RefuseDelivery(SQLite::Database& db, const Delivery& delivery,
                                    const Error& reason, TimePoint now);

}  // namespace axial::store
