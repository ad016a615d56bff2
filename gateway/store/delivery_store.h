#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
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
  std::string state;  ///< pending | sending | stored | checking | confirmed | refused
  int attempt = 0;    ///< how often it was sent
  TimePoint next_at{};
  std::string error_code;
  std::string error_message;
  TimePoint confirmed_at{};
  std::string series_uid = {};
  TimePoint owed_since{};
  TimePoint stored_at{};          ///< the Destination answered Success
  int checks = 0;                 ///< how often it was asked since whether it has it
  std::string confirmed_by = {};  ///< one of the names below
};

/// What proved that a Destination has an object.
inline constexpr const char* kByStorageCommitment = "storage_commitment";
inline constexpr const char* kByQuery = "query";    ///< C-FIND or QIDO-RS found it
inline constexpr const char* kByStatus = "status";  ///< its answer to the transfer, nothing better

/// The durable queue of every Destination. A delivery is owed until it is confirmed: 'stored' (it
/// answered Success, and is asked from next_at on whether it has the object) and 'refused' (it said
/// a lasting no; waits for a person) are still owed. Thread-safe.
class DeliveryStore {
 public:
  explicit DeliveryStore(Database& database) : database_(database) {}

  /// Takes up to `limit` due deliveries of one Destination, oldest first; attempt is raised by one.
  /// The artifacts of one Job come in the order they were produced (SEG before the SR that names
  /// it). What replaces an object that is still pending for the same Destination waits for it.
  /// One that failed before comes alone, so that it cannot take others along. With `one_study` the
  /// deliveries are of one study, none of which is being sent to the Destination by somebody else.
  [[nodiscard]] Result<std::vector<Delivery>> Take(const std::string& destination, int limit,
                                                   TimePoint now, bool one_study = false);

  /// Takes up to `limit` stored deliveries that are to be proven now; checks is raised by one. With
  /// a `transaction_uid`, those that the Destination may be asked to commit to, whose answer then
  /// finds them (ApplyCommitment); without, those that it does not commit to (`all`: the others,
  /// too).
  [[nodiscard]] Result<std::vector<Delivery>> TakeStored(const std::string& destination, int limit,
                                                         TimePoint now,
                                                         const std::string& transaction_uid,
                                                         bool all = true);

  /// Confirmed, `by` one of the names above; when it was the last of its Job, the Job becomes
  /// `delivered` in the same transaction.
  [[nodiscard]] Status Confirm(const Delivery& delivery, const std::string& by, TimePoint now);

  /// The Destination answered Success; it is to be proven from `check_at` on.
  [[nodiscard]] Status Store(const Delivery& delivery, TimePoint check_at, TimePoint now);

  /// Not proven yet; to be asked again at `next_at`. `reason`: nullptr when nothing is wrong.
  /// `commits`: false once it said that it does not commit to the object. Error: Conflict, also
  /// when the answer to a commitment came in meanwhile.
  [[nodiscard]] Status PostponeCheck(const Delivery& delivery, const Error* reason,
                                     TimePoint next_at, bool commits = true);

  /// The answer to a Storage Commitment request, from whichever Association it came. What is
  /// committed is confirmed; a failure is sent again (0112H: it has it no more), refused (0119H: it
  /// has another object under this UID), proven by a query (0122H: it does not commit to this
  /// class), or asked again. Gives how many are confirmed now, for each Destination concerned.
  /// Error: NotFound (no such request).
  struct CommitmentOutcome {
    std::string transaction_uid;
    std::vector<std::string> committed;                         ///< SOP Instance UIDs
    std::vector<std::pair<std::string, std::uint16_t>> failed;  ///< with Failure Reasons
  };
  [[nodiscard]] Result<std::map<std::string, int>> ApplyCommitment(const CommitmentOutcome& outcome,
                                                                   TimePoint now);

  /// Whether the answer to a request still stands out for any delivery.
  [[nodiscard]] Result<bool> AwaitsCommitment(const std::string& transaction_uid) const;

  /// Back to the queue until `next_at`, with the reason; also of one that was stored, when the
  /// Destination turns out not to have it. `tried`: whether it counts as an attempt.
  [[nodiscard]] Status Postpone(const Delivery& delivery, const Error& reason, TimePoint next_at,
                                bool tried = true);

  /// The Destination refused it for good; shown, never forgotten.
  [[nodiscard]] Status Refuse(const Delivery& delivery, const Error& reason, TimePoint now);

  /// At start: whoever was sending is dead; all of it is pending (or, when it was being proven,
  /// stored) again. Returns how many.
  [[nodiscard]] Result<int> ReclaimSending();

  /// When the Destination's next delivery is to be sent or proven; nullopt: nothing is owed.
  [[nodiscard]] Result<std::optional<TimePoint>> NextDue(const std::string& destination) const;

  /// Makes refused and waiting deliveries of a Destination due now, as if they had not been tried.
  /// Returns how many.
  [[nodiscard]] Result<int> RetryNow(const std::string& destination, TimePoint now);

  /// The same for what one Job owes. Returns the Destinations concerned.
  [[nodiscard]] Result<std::vector<std::string>> RetryOfJob(std::int64_t job_id, TimePoint now);

  [[nodiscard]] Result<std::vector<Delivery>> ListOfStudy(const std::string& study_uid) const;

  struct Owed {
    std::string destination;
    std::int64_t pending = 0;  ///< all that is not confirmed and not refused
    std::int64_t stored = 0;  ///< of these, those that the Destination took and that are not proven
    std::int64_t refused = 0;
    TimePoint oldest{};  ///< since when the oldest one is owed; 0: nothing owed
  };
  [[nodiscard]] Result<std::vector<Owed>> OwedByDestination() const;

  /// What is owed to one Destination.
  [[nodiscard]] Result<Owed> OwedTo(const std::string& destination) const;

  /// How many are owed to it since `before` or longer.
  [[nodiscard]] Result<std::int64_t> CountOwedSince(const std::string& destination,
                                                    TimePoint before) const;

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
