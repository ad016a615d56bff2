#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/base/clock.h"
#include "core/base/result.h"
#include "gateway/store/database.h"

namespace axial::store {

/// One artifact owed to one Destination.
struct Delivery {
  std::int64_t id = 0;
  std::int64_t job_id = 0;
  std::string study_uid;
  std::string destination;
  std::string kind;  ///< of the artifact: seg | sr
  std::string path;
  std::string sop_class_uid;
  std::string sop_instance_uid;
  std::string state;  ///< pending | sending | confirmed | refused
  int attempt = 0;
  TimePoint next_at{};
  std::string error_code;
  std::string error_message;
  TimePoint confirmed_at{};
};

/// The durable queue of every Destination. A delivery is owed until it is confirmed; 'refused' (the
/// Destination said a lasting no) is still owed and waits for a person. Thread-safe.
class DeliveryStore {
 public:
  explicit DeliveryStore(Database& database) : database_(database) {}

  /// Takes up to `limit` due deliveries of one Destination, oldest first; attempt is raised by one.
  /// The artifacts of one Job come in the order they were produced (SEG before the SR that names
  /// it). What replaces an object that is still pending for the same Destination waits for it.
  [[nodiscard]] Result<std::vector<Delivery>> Take(const std::string& destination, int limit,
                                                   TimePoint now);

  /// Confirmed; when it was the last of its Job, the Job becomes `delivered` in the same
  /// transaction.
  [[nodiscard]] Status Confirm(const Delivery& delivery, TimePoint now);

  /// Back to the queue until `next_at`, with the reason.
  [[nodiscard]] Status Postpone(const Delivery& delivery, const Error& reason, TimePoint next_at);

  /// The Destination refused it for good; shown, never forgotten.
  [[nodiscard]] Status Refuse(const Delivery& delivery, const Error& reason, TimePoint now);

  /// At start: whoever was sending is dead; all of it is pending again. Returns how many.
  [[nodiscard]] Result<int> ReclaimSending();

  /// When the Destination's next pending delivery falls due; nullopt: nothing is owed.
  [[nodiscard]] Result<std::optional<TimePoint>> NextDue(const std::string& destination) const;

  /// Makes refused and waiting deliveries of a Destination due now. Returns how many.
  [[nodiscard]] Result<int> RetryNow(const std::string& destination, TimePoint now);

  [[nodiscard]] Result<std::vector<Delivery>> ListOfStudy(const std::string& study_uid) const;

  struct Owed {
    std::string destination;
    std::int64_t pending = 0;  ///< pending and sending
    std::int64_t refused = 0;
    TimePoint oldest{};  ///< when the oldest owed artifact's Job was created; 0: nothing owed
  };
  [[nodiscard]] Result<std::vector<Owed>> OwedByDestination() const;

  /// Refused deliveries with one reason in common.
  struct Refusal {
    std::string destination;
    std::string kind;  ///< of the artifacts
    std::string sop_class_uid;
    std::string error_code;
    std::string error_message;
    std::int64_t count = 0;
  };
  /// The most frequent ones first, at most 100.
  [[nodiscard]] Result<std::vector<Refusal>> Refusals() const;

 private:
  Database& database_;
};

}  // namespace axial::store
