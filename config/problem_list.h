#pragma once

#include <string>
#include <utility>
#include <vector>

#include "config/problem.h"

namespace axial::config {

/// Collects what is wrong with one file. At most kMaxProblems are kept, so that a garbage file
/// cannot fill a screen or the memory. Not thread-safe.
class ProblemList {
 public:
  static constexpr std::size_t kMaxProblems = 100;

  explicit ProblemList(std::string file) : file_(std::move(file)) {}

  /// `line`: from 1; 0 for the file as a whole.
  void Add(int line, std::string what, std::string remedy);

  [[nodiscard]] bool empty() const { return problems_.empty(); }
  [[nodiscard]] std::size_t size() const { return problems_.size(); }
  /// In the file's order.
  [[nodiscard]] std::vector<Problem> Take();

 private:
  std::string file_;
  std::vector<Problem> problems_;
};

}  // namespace axial::config
