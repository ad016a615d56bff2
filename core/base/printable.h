#pragma once

#include <string>
#include <string_view>

namespace axial {

/// Text of somebody else that is safe to show anywhere: what is not printable ASCII becomes \xNN,
/// and a backslash is doubled, so that nothing steers a terminal or looks like something else.
[[nodiscard]] std::string Printable(std::string_view text);

/// The same for text that is meant to be UTF-8: only control characters and line ends are replaced.
[[nodiscard]] std::string WithoutControls(std::string_view text);

}  // namespace axial
