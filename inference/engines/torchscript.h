#pragma once

#include <memory>

#include "inference/engines/engine.h"

namespace axial {

/// Loads a TorchScript archive through LibTorch, frozen and in inference mode. Sets LibTorch's
/// thread counts for the whole process and logs which BLAS is used.
[[nodiscard]] Result<std::unique_ptr<Engine>> LoadTorchScript(const config::ModelCard& card,
                                                              const EngineOptions& options);

}  // namespace axial
