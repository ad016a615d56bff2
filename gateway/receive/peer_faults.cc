#include "gateway/receive/peer_faults.h"

#include <algorithm>

#include "core/base/log.h"

namespace axial::receive {
namespace {

constexpr std::size_t kMaxRemembered = 1024;
constexpr auto kNewsAgainAfter = std::chrono::hours(1);

constexpr std::string_view kNames[kFaultCount] = {"silent",
                                                  "slow_request",
                                                  "closed_early",
                                                  "not_dicom",
                                                  "broken_request",
                                                  "crowded_out",
                                                  "refused_sop_class",
                                                  "refused_transfer_syntax",
                                                  "idle",
                                                  "stalled",
                                                  "too_slow",
                                                  "too_large",
                                                  "broken_pdu",
                                                  "unexpected_pdu",
                                                  "broken_message",
                                                  "aborted",
                                                  "connection_lost",
                                                  "unreadable_instance",
                                                  "tls_handshake",
                                                  "plain_on_tls_port",
                                                  "tls_on_plain_port"};

}  // namespace

std::string_view FaultName(Fault fault) { return kNames[static_cast<std::size_t>(fault)]; }

PeerFaults::PeerFaults(Metrics& metrics, const Clock& clock) : clock_(clock) {
  for (int i = 0; i < kFaultCount; ++i)
    counters_[i] =
        &metrics.GetCounter("axial_receive_faults_total", "What peers did wrong, by what it was",
                            {{"fault", std::string(kNames[i])}});
}

void PeerFaults::Count(Fault fault) { counters_[static_cast<std::size_t>(fault)]->Increment(); }

void PeerFaults::CountAndLog(Fault fault, const std::string& address,
                             const std::string& calling_ae_title, const std::string& detail) {
  Count(fault);
  const std::string_view name = FaultName(fault);
  if (!IsNews(std::string(name) + '\n' + address + '\n' + calling_ae_title + '\n' + detail)) return;
  Log(LogLevel::kWarning, "peer_fault",
      {{"fault", name},
       {"address", address},
       {"calling_ae_title", calling_ae_title},
       {"detail", detail}});
}

bool PeerFaults::IsNews(const std::string& key) {
  const TimePoint now = clock_.Now();
  const std::lock_guard lock(mutex_);
  const auto known = logged_.find(key);
  if (known != logged_.end()) {
    if (now - known->second < kNewsAgainAfter) return false;
    known->second = now;
    return true;
  }
  if (logged_.size() >= kMaxRemembered)
    logged_.erase(std::min_element(
        logged_.begin(), logged_.end(),
        [](const auto& one, const auto& other) { return one.second < other.second; }));
  logged_.emplace(key, now);
  return true;
}

}  // namespace axial::receive
