#include "inference/engines/engine.h"

#include <fmt/format.h>

#include "core/dicom/uid.h"
#include "inference/engines/torchscript.h"

namespace axial {

const std::vector<EngineKind>& EngineKinds() {
  static const std::vector<EngineKind> kinds = {
      {"torchscript", LoadTorchScript},
  };
  return kinds;
}

Result<std::unique_ptr<Engine>> LoadEngine(const config::ModelCard& card,
                                           const EngineOptions& options) {
  std::vector<std::string> names;
  for (const EngineKind& kind : EngineKinds()) {
    names.emplace_back(kind.name);
    if (card.engine != kind.name) continue;
    if (!card.weights_sha256.empty()) {
      AXIAL_ASSIGN_OR_RETURN(const std::string digest, Sha256HexOfFile(card.weights_file));
      if (digest != card.weights_sha256)
        return MakeError(ErrorCode::kCorrupt, "weights have SHA-256 {}, model.yaml says {}", digest,
                         card.weights_sha256);
    }
    return kind.load(card, options);
  }
  return MakeError(ErrorCode::kInvalidInput, "unknown engine \"{}\"; known are {}", card.engine,
                   fmt::join(names, ", "));
}

}  // namespace axial
