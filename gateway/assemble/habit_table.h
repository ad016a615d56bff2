#pragma once

#include <cstddef>
#include <map>
#include <set>
#include <string>
#include <utility>

#include "core/base/clock.h"
#include "gateway/assemble/sender_habit.h"

namespace axial::assemble {

/// The habits of all senders, by calling AE Title. Bounded: of more than kMaxSenders the one that
/// was not heard of for longest is forgotten. Not thread-safe.
class HabitTable {
 public:
  static constexpr std::size_t kMaxSenders = 1000;

  [[nodiscard]] const SenderHabit& Of(const std::string& calling_ae_title) const;
  /// To be changed; counts as heard of at `now`.
  [[nodiscard]] SenderHabit& Change(const std::string& calling_ae_title, TimePoint now);
  /// As read from its row.
  void Restore(const std::string& calling_ae_title, SenderHabit habit, TimePoint heard_at);

  struct Entry {
    SenderHabit habit;
    TimePoint heard_at{};
  };
  [[nodiscard]] const std::map<std::string, Entry>& entries() const { return entries_; }
  /// Those changed or forgotten since the last call: what their rows do not show yet.
  [[nodiscard]] std::set<std::string> TakeChanged() { return std::exchange(changed_, {}); }

 private:
  std::map<std::string, Entry> entries_;
  std::set<std::string> changed_;
};

}  // namespace axial::assemble
