#pragma once

#include <cstdint>
#include <functional>

namespace axial {

/// Calls body(begin, end) on `threads` threads so that [0, count) is covered once; returns when all
/// are done. `threads` below 1 counts as 1. `body` must not throw.
void ParallelRanges(int threads, std::int64_t count,
                    const std::function<void(std::int64_t, std::int64_t)>& body);

}  // namespace axial
