#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "routing/value_class.h"

namespace axial::routing {

/// A place on the scale of an ordered ValueClass. Numbers and days of an age are doubles; dates and
/// times are digits of full length (YYYYMMDD, HHMMSSffffff or both), whose order is that of time.
using Ordinal = std::variant<double, std::string>;

/// What a person wrote covers: "2026" is a whole year, "14:30" a whole minute, "3" one point.
struct Interval {
  Ordinal first;
  Ordinal last;
};

/// Reads an operand of a rule: 3, 2.5, 1e3; 2026, 2026-11, 2026-11-23 or 20261123; 14, 14:30,
/// 14:30:05 or 143005; 2026-11-23 14:30 or 202611231430; 18Y, 6M, 2W, 3D. nullopt when it is not
/// one of `value_class` (which must be ordered).
[[nodiscard]] std::optional<Interval> ParseInterval(std::string_view text, ValueClass value_class);

/// Reads an attribute's value, lenient as devices write it (old separators, padding); a value of
/// less precision counts as its first moment. nullopt when it is none.
[[nodiscard]] std::optional<Ordinal> ParseOrdinal(std::string_view value, ValueClass value_class);

}  // namespace axial::routing
