// SPDX-License-Identifier: GPL-3.0-or-later
#include "orthanc-plugin/senders.h"

#include <algorithm>
#include <atomic>
#include <utility>

namespace axial::plugin {
namespace {

/// A browser keeps its connection long after an upload, and which connection brought what a plugin
/// stored cannot be known.
constexpr Duration kHttpPause = std::chrono::seconds(1);

bool IsConnected(const Sender& sender, const Connections& connections, Duration pause) {
  switch (sender.way) {
    case Way::kDicom:
      return connections.dicom.contains(sender.address);
    case Way::kHttp:
      return pause < kHttpPause && connections.http.contains(sender.address);
    case Way::kPlugin:
      return pause < kHttpPause && !connections.http.empty();
    case Way::kOther:
      break;
  }
  return false;
}

}  // namespace

receive::AssociationInfo Senders::NewAssociation(const Sender& sender) {
  static std::atomic<std::int64_t> last{0};
  std::int64_t before = last;
  std::int64_t id = 0;
  do id = std::max(before + 1, ToMicros(Clock::System().Now()));
  while (!last.compare_exchange_weak(before, id));
  return {id, sender.calling_ae_title, sender.called_ae_title, sender.address};
}

const receive::AssociationInfo& Senders::Of(const Sender& sender, TimePoint now) {
  auto found = open_.find(sender);
  if (found == open_.end()) {
    found = open_.emplace(sender, Open{NewAssociation(sender), now}).first;
    static_cast<void>(events_.OnAssociationOpened(found->second.association));  // refuses nobody
  }
  found->second.last_at = now;
  return found->second.association;
}

bool Senders::AnyNotIn(const Connections& connections, TimePoint now) const {
  return std::any_of(open_.begin(), open_.end(), [&](const auto& entry) {
    return !IsConnected(entry.first, connections, now - entry.second.last_at);
  });
}

void Senders::EndThoseNotIn(const Connections& connections, TimePoint now) {
  for (auto entry = open_.begin(); entry != open_.end();) {
    if (IsConnected(entry->first, connections, now - entry->second.last_at)) {
      ++entry;
      continue;
    }
    events_.OnAssociationClosed(entry->second.association, {}, receive::AssociationEnd::kReleased);
    entry = open_.erase(entry);
  }
}

}  // namespace axial::plugin
