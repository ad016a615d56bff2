#include "config/problem.h"

#include <fmt/format.h>

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

}  // namespace axial::config
