#include "config/quantity.h"

#include <fmt/format.h>

#include <array>
#include <charconv>
#include <cmath>
#include <optional>
#include <span>

namespace axial::config {
namespace {

struct Unit {
  std::string_view name;
  std::int64_t factor;  ///< in microseconds or bytes
};

// Largest first: the formatters take the first that divides evenly.
constexpr std::array kTimeUnits = {
    Unit{"d", 86'400'000'000}, Unit{"h", 3'600'000'000}, Unit{"min", 60'000'000},
    Unit{"s", 1'000'000},      Unit{"ms", 1'000},
};
constexpr std::array kSizeUnits = {
    Unit{"TiB", std::int64_t{1} << 40},
    Unit{"GiB", 1 << 30},
    Unit{"MiB", 1 << 20},
    Unit{"KiB", 1 << 10},
    Unit{"B", 1},
    Unit{"TB", 1'000'000'000'000},
    Unit{"GB", 1'000'000'000},
    Unit{"MB", 1'000'000},
    Unit{"kB", 1'000},
};

std::string_view Trim(std::string_view text) {
  while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
  while (!text.empty() && text.back() == ' ') text.remove_suffix(1);
  return text;
}

std::optional<std::int64_t> Parse(std::string_view text, std::span<const Unit> units) {
  text = Trim(text);
  double number = 0;
  const auto [stop, error] =
      std::from_chars(text.data(), text.data() + text.size(), number, std::chars_format::fixed);
  if (error != std::errc() || !std::isfinite(number) || number < 0) return std::nullopt;
  text.remove_prefix(static_cast<std::size_t>(stop - text.data()));
  for (const Unit& unit : units) {
    if (Trim(text) != unit.name) continue;
    const double total = number * static_cast<double>(unit.factor);
    if (total > 9e18) return std::nullopt;
    return static_cast<std::int64_t>(std::llround(total));
  }
  return std::nullopt;
}

std::string Format(std::int64_t amount, std::span<const Unit> units) {
  for (const Unit& unit : units)
    if (amount % unit.factor == 0) return fmt::format("{} {}", amount / unit.factor, unit.name);
  return fmt::format("{} us", amount);
}

}  // namespace

Result<Duration> ParseDuration(std::string_view text) {
  if (const auto micros = Parse(text, kTimeUnits)) return Duration(*micros);
  return MakeError(ErrorCode::kInvalidInput,
                   "'{}' is no duration; write a number and one of ms, s, min, h, d, such as 5 s",
                   text);
}

Result<std::int64_t> ParseSize(std::string_view text) {
  if (const auto bytes = Parse(text, kSizeUnits)) return *bytes;
  return MakeError(
      ErrorCode::kInvalidInput,
      "'{}' is no size; write a number and one of B, KiB, MiB, GiB, TiB, such as 5 GiB", text);
}

std::string FormatDuration(Duration duration) {
  return duration.count() == 0 ? "0 s" : Format(duration.count(), kTimeUnits);
}

std::string FormatSize(std::int64_t bytes) {
  return bytes == 0 ? "0 B" : Format(bytes, kSizeUnits);
}

std::string FormatSizeRounded(std::int64_t bytes) {
  for (const Unit& unit : std::span(kSizeUnits).first<4>()) {  // TiB to KiB
    if (bytes < unit.factor) continue;
    const double tenths =
        std::floor(static_cast<double>(bytes) * 10 / static_cast<double>(unit.factor));
    return fmt::format("{:.1f} {}", tenths / 10, unit.name);
  }
  return fmt::format("{} B", bytes);
}

}  // namespace axial::config
