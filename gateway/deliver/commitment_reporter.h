#pragma once

#include <chrono>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "config/config.h"
#include "core/base/clock.h"
#include "core/base/metrics.h"
#include "core/base/result.h"
#include "gateway/deliver/back_off.h"
#include "gateway/deliver/destination.h"
#include "gateway/store/commitment_store.h"

namespace axial::deliver {

class OpenSockets;

struct CommitmentReporterOptions {
  DestinationOptions association;
  BackOff::Options back_off;
  /// An answer that nobody took for so long is given up; the modality has asked again since, or
  /// nobody waits for it.
  Duration give_up_after = std::chrono::hours(48);
  int threads = 4;  ///< so many peers at a time; a dead one keeps one of them waiting
  const Clock* clock = &Clock::System();
  Metrics* metrics = nullptr;  ///< required
  /// The answer to a request, as it is true now.
  std::function<Result<CommitmentReport>(std::int64_t id)> report_of;
};

/// Tells modalities the answers to their Storage Commitment requests on Associations of its own
/// (PS3.4 J.3.3), to the addresses that the configuration names, until they confirm them.
/// Thread-safe.
class CommitmentReporter {
 public:
  /// `commitments` outlives the reporter.
  CommitmentReporter(store::CommitmentStore& commitments, const config::Node& node,
                     CommitmentReporterOptions options);
  ~CommitmentReporter();  ///< stops
  CommitmentReporter(const CommitmentReporter&) = delete;
  CommitmentReporter& operator=(const CommitmentReporter&) = delete;

  /// Takes back what an earlier process had in hand, and starts. Error: of the store.
  [[nodiscard]] Status Start();
  /// Ends Associations in progress; what was not confirmed stays owed.
  void Stop();
  /// Something may have become due.
  void Nudge();
  /// A reloaded configuration: what is owed is tried at once, because addresses may be new.
  void SetNode(const config::Node& node);

  /// Tells one answer that is due, if any: true. `now`: what is due by then.
  [[nodiscard]] Result<bool> TellOne(TimePoint now);

  /// The address to tell a peer that asked from there, or nullopt; and on which Association the
  /// configuration wants it told.
  [[nodiscard]] std::optional<config::Destination> AddressOf(const std::string& calling_ae_title,
                                                             const std::string& peer_address) const;
  [[nodiscard]] config::CommitmentAssociation AssociationFor(const std::string& calling_ae_title,
                                                             const std::string& peer_address) const;

  /// The reason, and when to try again; given up when it is too old. For an answer that could not
  /// be told on the Association that asked, too.
  void NotTold(const store::Commitment& commitment, const Error& reason, bool try_elsewhere_now);

 private:
  void Run();
  Status Tell(const store::Commitment& commitment, CommitmentReport& report);
  void Count(const char* result);

  store::CommitmentStore& commitments_;
  const CommitmentReporterOptions options_;
  const BackOff back_off_;
  std::unique_ptr<OpenSockets> sockets_;
  mutable std::mutex mutex_;
  std::condition_variable wake_;
  config::Node node_;
  std::uint64_t nudges_ = 0;
  bool stopping_ = false;
  std::vector<std::thread> threads_;
};

}  // namespace axial::deliver
