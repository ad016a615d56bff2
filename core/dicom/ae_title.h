#pragma once

#include <compare>
#include <string>
#include <string_view>

#include "core/base/result.h"

namespace axial {

/// A DICOM Application Entity Title (PS3.5 6.2, VR AE): 1 to 16 characters without backslash or
/// control characters; leading and trailing spaces carry no meaning and are removed.
class AeTitle {
 public:
  /// Error: InvalidInput.
  [[nodiscard]] static Result<AeTitle> Parse(std::string_view text);

  [[nodiscard]] const std::string& str() const { return text_; }
  auto operator<=>(const AeTitle&) const = default;

 private:
  explicit AeTitle(std::string text) : text_(std::move(text)) {}
  std::string text_;
};

}  // namespace axial
