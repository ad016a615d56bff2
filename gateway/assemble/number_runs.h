#pragma once

#include <cstddef>
#include <cstdint>
#include <iterator>
#include <map>

namespace axial::assemble {

/// A set of integers as runs of neighbours: 1..120 is one run, whatever order the numbers come in.
/// Bounded: numbers that would make more than kMaxRuns runs are dropped and `overflowed` is set.
class NumberRuns {
 public:
  static constexpr std::size_t kMaxRuns = 4096;

  /// false when the number was in it before (or did not fit).
  bool Add(std::int64_t number) {
    auto next = runs_.upper_bound(number);
    if (next != runs_.begin()) {
      const auto previous = std::prev(next);
      if (number <= previous->second) return false;
      if (number == previous->second + 1) {
        previous->second = number;
        JoinWithNext(previous);
        ++count_;
        return true;
      }
    }
    if (next != runs_.end() && next->first == number + 1) {
      const std::int64_t last = next->second;
      runs_.erase(next);
      runs_.emplace(number, last);
    } else if (runs_.size() == kMaxRuns) {
      overflowed_ = true;
      return false;
    } else {
      runs_.emplace(number, number);
    }
    ++count_;
    return true;
  }

  [[nodiscard]] bool empty() const { return runs_.empty(); }
  [[nodiscard]] bool overflowed() const { return overflowed_; }
  [[nodiscard]] std::int64_t count() const { return count_; }
  /// First number of each run to its last.
  [[nodiscard]] const std::map<std::int64_t, std::int64_t>& runs() const { return runs_; }

 private:
  void JoinWithNext(std::map<std::int64_t, std::int64_t>::iterator run) {
    const auto next = std::next(run);
    if (next == runs_.end() || next->first != run->second + 1) return;
    run->second = next->second;
    runs_.erase(next);
  }

  std::map<std::int64_t, std::int64_t> runs_;
  std::int64_t count_ = 0;
  bool overflowed_ = false;
};

}  // namespace axial::assemble
