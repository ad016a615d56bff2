#include "config/problem.h"

#include <fmt/format.h>

#include <algorithm>

#include "config/problem_list.h"

namespace axial::config {

std::string Problem::ToString() const {
  const std::string place = line > 0 ? fmt::format("{}:{}", file, line) : file;
  return remedy.empty() ? fmt::format("{}: {}", place, what)
                        : fmt::format("{}: {}; {}", place, what, remedy);
}

void ProblemList::Add(int line, std::string what, std::string remedy) {
  if (problems_.size() < kMaxProblems)
    problems_.push_back({file_, line, std::move(what), std::move(remedy)});
}

std::vector<Problem> ProblemList::Take() {
  std::stable_sort(problems_.begin(), problems_.end(),
                   [](const Problem& a, const Problem& b) { return a.line < b.line; });
  return std::move(problems_);
}

}  // namespace axial::config
