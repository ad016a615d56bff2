#pragma once

#include <ostream>
#include <string>

namespace axial::gateway {

/// `axial models`: the models found, what each needs and gives, which rules run it, and whether a
/// worker can load it; for a broken card, its problems. Exit status: 0; 1 when the configuration or
/// a card has problems, or a model does not load.
[[nodiscard]] int RunModels(const std::string& config_path, std::ostream& out, std::ostream& err);

}  // namespace axial::gateway
