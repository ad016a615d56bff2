#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "config/model_card.h"
#include "core/base/result.h"
#include "inference/transforms/arguments.h"
#include "inference/volume/tensor.h"

namespace axial {

/// Runs the network on one batch [N][C][spatial...]; outputs in the model's order.
using EngineCall = std::function<Result<std::vector<Tensor>>(const Tensor& batch)>;

/// Told how much of the inference is done, 0..1.
using FractionCall = std::function<void(double)>;

/// How an image meets the network: whole, slice by slice, or in overlapping windows. Immutable.
class Inferer {
 public:
  virtual ~Inferer() = default;

  /// `input`: [C][spatial...]. Outputs: the first, and for whole images every, output of the model,
  /// without the batch dimension.
  /// Errors: the engine's; InvalidInput (the model's output does not fit the inferer).
  [[nodiscard]] virtual Result<std::vector<Tensor>> Run(const Tensor& input,
                                                        const EngineCall& engine,
                                                        const FractionCall& progress) const = 0;

  /// The shape [N][C][spatial...] of the batches to come, when it does not depend on the image;
  /// empty otherwise. For warming up.
  [[nodiscard]] virtual std::vector<std::int64_t> FixedBatchShape() const { return {}; }
};

struct InfererKind {
  const char* name;
  std::unique_ptr<Inferer> (*make)(ArgumentReader& arguments);
};

/// SimpleInferer, SlidingWindowInferer, SliceInferer.
[[nodiscard]] const std::vector<InfererKind>& Inferers();

}  // namespace axial
