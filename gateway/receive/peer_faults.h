#pragma once

#include <chrono>
#include <map>
#include <mutex>
#include <string>
#include <string_view>

#include "core/base/clock.h"
#include "core/base/metrics.h"

namespace axial::receive {

/// What a peer did wrong: the label of axial_receive_faults_total and `fault` in the log.
enum class Fault {
  kSilent,                 ///< connected and sent nothing
  kSlowRequest,            ///< no whole A-ASSOCIATE-RQ in time
  kClosedEarly,            ///< closed before a whole A-ASSOCIATE-RQ
  kNotDicom,               ///< the first PDU is no A-ASSOCIATE-RQ
  kBrokenRequest,          ///< an A-ASSOCIATE-RQ whose items do not fit
  kCrowdedOut,             ///< the oldest of too many connections without a request
  kRefusedSopClass,        ///< proposed an abstract syntax that is not accepted
  kRefusedTransferSyntax,  ///< proposed only transfer syntaxes that cannot be stored
  kIdle,                   ///< nothing on an open Association for too long
  kStalled,                ///< stopped inside a PDU or a message
  kTooSlow,                ///< a data set that comes in drop by drop
  kTooLarge,               ///< a data set without an end
  kBrokenPdu,              ///< unknown type, wrong length, longer than agreed
  kUnexpectedPdu,          ///< a PDU that has no place there (PS3.8 9.2)
  kBrokenMessage,          ///< no DIMSE message, or one that is not supported
  kAborted,                ///< A-ABORT
  kConnectionLost,         ///< TCP ended without A-RELEASE or A-ABORT
  kUnreadableInstance,     ///< not a data set, or beyond the limits on depth and length
  kTlsHandshake,           ///< no TLS: certificates, versions, or not in time
  kPlainOnTlsPort,         ///< DICOM without TLS where TLS is spoken
  kTlsOnPlainPort,         ///< TLS where none is configured
};
inline constexpr int kFaultCount = static_cast<int>(Fault::kTlsOnPlainPort) + 1;

[[nodiscard]] std::string_view FaultName(Fault fault);

/// Counts what peers do wrong, and says who should say it in the log. Thread-safe.
class PeerFaults {
 public:
  explicit PeerFaults(Metrics& metrics, const Clock& clock = Clock::System());

  void Count(Fault fault);

  /// Counts, and logs once per hour for each fault, peer and `detail`, so that a port scanner or a
  /// load balancer's probe does not fill the log. `calling_ae_title`: "" when not known yet.
  void CountAndLog(Fault fault, const std::string& address, const std::string& calling_ae_title,
                   const std::string& detail);

 private:
  bool IsNews(const std::string& key);

  const Clock& clock_;
  Counter* counters_[kFaultCount];
  std::mutex mutex_;
  std::map<std::string, TimePoint> logged_;  ///< guarded by mutex_
};

}  // namespace axial::receive
