#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>

namespace axial {

/// Insertions, deletions, replacements and swaps of neighbours that turn one word into the other,
/// letters of either case counting as equal. Bytes, not characters; at most 64 of each are looked
/// at.
[[nodiscard]] std::size_t EditDistance(std::string_view a, std::string_view b);

/// The candidate a person most likely meant, or "" when none is near (more than a third of the
/// letters differ).
[[nodiscard]] std::string_view NearestWord(std::string_view word,
                                           std::span<const std::string_view> candidates);

}  // namespace axial
