#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/base/clock.h"
#include "core/base/result.h"
#include "core/dicom/storage_commitment.h"
#include "gateway/store/commitment_state.h"
#include "gateway/store/database.h"

namespace axial::store {

/// On which Association an answer was given (PS3.4 J.3.3 leaves it to the SCP).
inline constexpr const char* kSameAssociation = "same_association";
inline constexpr const char* kNewAssociation = "new_association";

struct NewCommitment {
  std::string calling_ae_title;
  std::string peer_address;
  CommitmentRequest request;
};

/// A Storage Commitment request and its answer.
struct Commitment {
  std::int64_t id = 0;
  std::string calling_ae_title;
  std::string peer_address;
  std::string transaction_uid;
  CommitmentState state = CommitmentState::kOwed;
  int attempt = 0;
  TimePoint next_at{};
  TimePoint requested_at{};
  TimePoint finished_at{};
  std::string way;  ///< kSameAssociation, kNewAssociation; "" not told yet
  std::string error_code;
  std::string error_message;
  std::int64_t instances = 0;
  std::int64_t failed = 0;                       ///< as told
  std::map<std::string, std::int64_t> failures;  ///< by Failure Reason, "0112"
};

/// What modalities ask before they delete their images (PS3.4 J.3): a request is a row before it is
/// acknowledged, and its answer is owed until the one who asked confirms it. Thread-safe.
class CommitmentStore {
 public:
  explicit CommitmentStore(Database& database) : database_(database) {}

  /// A peer may be owed so many answers; it asks again later.
  static constexpr int kMaxOwedPerPeer = 1000;

  /// Keeps the request, due at `due`. The same request again (AE Title, Transaction UID, Instances)
  /// is told again. Errors: Conflict (the Transaction UID is in use for other Instances), Exhausted
  /// (kMaxOwedPerPeer).
  [[nodiscard]] Result<std::int64_t> Request(const NewCommitment& commitment, TimePoint due,
                                             TimePoint now);

  /// So long an answer is in hand, longer than any Association needs for one; then it is owed
  /// again, because whoever had it could not even write down what became of it.
  static constexpr Duration kLease = std::chrono::minutes(10);

  /// Takes one answer in hand: a certain one, or the one that is due longest of a peer of whom none
  /// is in hand. attempt is raised by one. nullopt: it is not owed, or none is due.
  [[nodiscard]] Result<std::optional<Commitment>> Take(std::int64_t id, TimePoint now);
  [[nodiscard]] Result<std::optional<Commitment>> TakeDue(TimePoint now);

  /// The answer, from what is stored at this moment: an Instance is committed when its row and a
  /// file of the row's size are there and its class is the one that was named; whatever was refused
  /// or quarantined has no row. Error: NotFound.
  [[nodiscard]] Result<CommitmentReport> Report(std::int64_t id) const;

  /// It was told and confirmed. `report`: what was told; `way`: on which Association.
  [[nodiscard]] Status Confirm(const Commitment& commitment, const CommitmentReport& report,
                               const std::string& way, TimePoint now);
  /// Owed again from `next_at` on, with the reason.
  [[nodiscard]] Status Postpone(const Commitment& commitment, const Error& reason,
                                TimePoint next_at);
  /// Given up, with the reason; shown until it is forgotten.
  [[nodiscard]] Status GiveUp(const Commitment& commitment, const Error& reason, TimePoint now);

  /// At start: whoever had them in hand, or wanted to take them, is dead. Returns how many.
  [[nodiscard]] Result<int> ReclaimSending(TimePoint now);
  /// If it is owed, it is due now.
  [[nodiscard]] Status MakeDue(std::int64_t id, TimePoint now);
  /// All that is owed is due now: addresses may have become known. Returns how many.
  [[nodiscard]] Result<int> RetryNow(TimePoint now);
  [[nodiscard]] Result<std::optional<TimePoint>> NextDue() const;

  /// The way of the newest answer that this AE Title confirmed, or "".
  [[nodiscard]] Result<std::string> LastWay(const std::string& calling_ae_title) const;

  /// Newest first, at most `limit`.
  [[nodiscard]] Result<std::vector<Commitment>> List(int limit) const;
  /// Number of requests per state name, for metrics.
  [[nodiscard]] Result<std::vector<std::pair<std::string, std::int64_t>>> CountByState() const;
  /// The one that waits longest, after at least one attempt.
  [[nodiscard]] Result<std::optional<Commitment>> OldestOwed() const;

  /// Forgets at most `limit` answers that were finished before `before`. Returns how many.
  [[nodiscard]] Result<int> Forget(TimePoint before, int limit);

 private:
  Result<std::optional<Commitment>> TakeWhere(const char* condition, std::int64_t id,
                                              TimePoint now);

  Database& database_;
};

}  // namespace axial::store
