#pragma once

#include <span>
#include <string_view>

namespace axial::config {

/// One kind of map in a file a person writes, with every key it may have. The readers take their
/// keys from here, and the JSON Schema for editors is tested against it.
struct Section {
  std::string_view name;  ///< the definition's name in config/axial.schema.json
  std::span<const std::string_view> keys;
};

/// Of the configuration file (design 4.2); the whole file is the section "config".
[[nodiscard]] std::span<const Section> ConfigSections();

/// Of model.yaml (design 4.3); the whole file is the section "model".
[[nodiscard]] std::span<const Section> ModelCardSections();

/// The section of that name, which must exist.
[[nodiscard]] const Section& ConfigSection(std::string_view name);
[[nodiscard]] const Section& ModelCardSection(std::string_view name);

}  // namespace axial::config
