#include "gateway/assemble/habit_table.h"

#include <algorithm>

namespace axial::assemble {

const SenderHabit& HabitTable::Of(const std::string& calling_ae_title) const {
  static const SenderHabit kUnknown;
  const auto found = entries_.find(calling_ae_title);
  return found == entries_.end() ? kUnknown : found->second.habit;
}

SenderHabit& HabitTable::Change(const std::string& calling_ae_title, TimePoint now) {
  if (!entries_.contains(calling_ae_title) && entries_.size() >= kMaxSenders) {
    const auto oldest = std::min_element(
        entries_.begin(), entries_.end(),
        [](const auto& a, const auto& b) { return a.second.heard_at < b.second.heard_at; });
    changed_.insert(oldest->first);
    entries_.erase(oldest);
  }
  Entry& entry = entries_[calling_ae_title];
  entry.heard_at = std::max(entry.heard_at, now);
  changed_.insert(calling_ae_title);
  return entry.habit;
}

void HabitTable::Restore(const std::string& calling_ae_title, SenderHabit habit,
                         TimePoint heard_at) {
  if (entries_.size() < kMaxSenders) entries_[calling_ae_title] = {habit, heard_at};
}

}  // namespace axial::assemble
