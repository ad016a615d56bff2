#pragma once

#include <string>
#include <vector>

#include "config/problem.h"

namespace axial::config {

/// The whole file; "" fails the test.
[[nodiscard]] std::string ReadFile(const std::string& path);

/// The problems as a person sees them, one per line.
[[nodiscard]] std::string Lines(const std::vector<Problem>& problems);

/// The text with some of its bytes replaced, removed, repeated or swapped; the same seed gives the
/// same mutation.
[[nodiscard]] std::string Mutate(const std::string& text, unsigned seed);

}  // namespace axial::config
