#pragma once

#include <cstdint>

#include "core/base/result.h"

namespace axial {

/// What a worker process does to itself before it loads a model.
struct ProcessOptions {
  std::int64_t memory_bytes = 0;  ///< of private data (RLIMIT_DATA); 0: no limit
};

/// Runs only when nothing else wants the processor (SCHED_IDLE), ends when its parent ends
/// (PR_SET_PDEATHSIG), writes no core file, and cannot take more memory than allowed: an allocation
/// beyond it fails, which the engine reports. RLIMIT_DATA and not RLIMIT_AS, because LibTorch maps
/// far more address space than it uses. Error: Internal (a system call failed).
[[nodiscard]] Status PrepareProcess(const ProcessOptions& options);

}  // namespace axial
