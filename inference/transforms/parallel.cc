#include "inference/transforms/parallel.h"

#include <algorithm>
#include <thread>
#include <vector>

namespace axial {

void ParallelRanges(int threads, std::int64_t count,
                    const std::function<void(std::int64_t, std::int64_t)>& body) {
  const std::int64_t parts = std::clamp<std::int64_t>(threads, 1, std::max<std::int64_t>(count, 1));
  std::vector<std::jthread> helpers;
  for (std::int64_t part = 1; part < parts; ++part)
    helpers.emplace_back(body, count * part / parts, count * (part + 1) / parts);
  body(0, count / parts);
}

}  // namespace axial
