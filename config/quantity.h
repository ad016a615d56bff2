#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "core/base/clock.h"
#include "core/base/result.h"

namespace axial::config {

/// A number and a unit: "1500 ms", "5 s", "10 min", "2 h", "7 d"; decimals allowed, the space
/// optional. Error: InvalidInput, saying what to write.
[[nodiscard]] Result<Duration> ParseDuration(std::string_view text);

/// Bytes from a number and a unit: "512 MiB", "5 GiB" (powers of 1024), "5 GB" (powers of 1000),
/// "4096 B". Error: InvalidInput, saying what to write.
[[nodiscard]] Result<std::int64_t> ParseSize(std::string_view text);

/// The shortest exact form of a duration in one unit, as ParseDuration reads it.
[[nodiscard]] std::string FormatDuration(Duration duration);

/// The same for a size, in powers of 1024.
[[nodiscard]] std::string FormatSize(std::int64_t bytes);

/// A size for people, in the unit that suits it, rounded down: "63.9 MiB", "512 B".
[[nodiscard]] std::string FormatSizeRounded(std::int64_t bytes);

}  // namespace axial::config
