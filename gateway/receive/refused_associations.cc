#include "gateway/receive/refused_associations.h"

#include <algorithm>
#include <utility>

namespace axial::receive {
namespace {
constexpr auto kNewsAgainAfter = std::chrono::hours(1);
}

bool RefusedAssociations::Add(RefusedAssociation refused) {
  const TimePoint now = clock_.Now();
  Key key{refused.peer_address, refused.calling_ae_title, refused.called_ae_title, refused.reason,
          refused.configuration};
  const std::lock_guard lock(mutex_);
  const auto known = rows_.find(key);
  if (known == rows_.end()) {
    if (rows_.size() >= kMaxRows) MakeRoom();
    refused.count = 1;
    refused.first_at = refused.last_at = now;
    rows_.emplace(std::move(key), std::move(refused));
    return true;
  }
  RefusedAssociation& row = known->second;
  const bool news = now - row.last_at >= kNewsAgainAfter;
  refused.count = row.count + 1;
  refused.first_at = row.first_at;
  refused.last_at = now;
  row = std::move(refused);
  return news;
}

void RefusedAssociations::MakeRoom() {
  std::map<std::string, int> rows_of;
  for (const auto& [key, row] : rows_) ++rows_of[row.peer_address];
  const auto crowd = std::max_element(
      rows_of.begin(), rows_of.end(),
      [](const auto& one, const auto& other) { return one.second < other.second; });
  // Where nobody has more than others, the oldest of all goes.
  const bool any_address = crowd->second == 1;
  auto oldest = rows_.end();
  for (auto row = rows_.begin(); row != rows_.end(); ++row)
    if ((any_address || row->second.peer_address == crowd->first) &&
        (oldest == rows_.end() || row->second.last_at < oldest->second.last_at))
      oldest = row;
  rows_.erase(oldest);
}

std::vector<RefusedAssociation> RefusedAssociations::List() const {
  std::vector<RefusedAssociation> list;
  {
    const std::lock_guard lock(mutex_);
    for (const auto& [key, row] : rows_) list.push_back(row);
  }
  std::stable_sort(list.begin(), list.end(),
                   [](const auto& one, const auto& other) { return one.last_at > other.last_at; });
  return list;
}

void RefusedAssociations::RemoveIf(
    const std::function<bool(const RefusedAssociation&)>& is_admitted) {
  const std::lock_guard lock(mutex_);
  std::erase_if(rows_, [&](const auto& entry) { return is_admitted(entry.second); });
}

}  // namespace axial::receive
