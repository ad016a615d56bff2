#include "routing/interval.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>

namespace axial::routing {
namespace {

std::string_view Trim(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\0')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\0')) text.remove_suffix(1);
  return text;
}

std::optional<double> ParseNumber(std::string_view text) {
  if (text.size() > 1 && text.front() == '+' && text[1] != '-') text.remove_prefix(1);
  double number = 0;
  const auto [stop, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || stop != text.data() + text.size() || !std::isfinite(number))
    return std::nullopt;
  return number;
}

/// PS3.5 6.2, VR AS; leading zeros may be left out.
std::optional<double> ParseAgeInDays(std::string_view text) {
  if (text.size() < 2 || text.size() > 4) return std::nullopt;
  int count = 0;
  const auto [stop, error] = std::from_chars(text.data(), text.data() + text.size() - 1, count);
  if (error != std::errc() || stop != text.data() + text.size() - 1 || count < 0)
    return std::nullopt;
  switch (text.back()) {
    case 'D':
      return count;
    case 'W':
      return count * 7;
    case 'M':
      return count * 365.25 / 12;
    case 'Y':
      return count * 365.25;
    default:
      return std::nullopt;
  }
}

struct Field {
  std::size_t digits;
  int min;
  int max;
};
constexpr std::array kDateFields = {Field{4, 0, 9999}, Field{2, 1, 12}, Field{2, 1, 31}};
constexpr std::array kTimeFields = {Field{2, 0, 23}, Field{2, 0, 59}, Field{2, 0, 60}};
constexpr std::size_t kFractionDigits = 6;

/// Digits of a date or a time, least precise first, with the separators people and old devices
/// write between the fields; consumed from `text`. False when a field is out of range.
template <std::size_t kCount>
bool TakeFields(std::string_view& text, const std::array<Field, kCount>& fields,
                std::string_view separators, std::string& digits) {
  for (std::size_t i = 0; i < fields.size() && !text.empty(); ++i) {
    std::string_view rest = text;
    if (i > 0 && separators.find(rest.front()) != std::string_view::npos) rest.remove_prefix(1);
    const std::string_view field = rest.substr(0, fields[i].digits);
    const bool all_digits =
        field.size() == fields[i].digits &&
        std::all_of(field.begin(), field.end(), [](char c) { return c >= '0' && c <= '9'; });
    if (!all_digits) return i > 0;  // the caller refuses what is left over
    int number = 0;
    std::from_chars(field.data(), field.data() + field.size(), number);
    if (number < fields[i].min || number > fields[i].max) return false;
    digits += field;
    text = rest.substr(fields[i].digits);
  }
  return !digits.empty();
}

bool TakeFraction(std::string_view& text, std::string& digits) {
  if (text.empty() || text.front() != '.') return true;
  const std::size_t end = std::min(text.find_first_not_of("0123456789", 1), text.size());
  if (end < 2 || end > kFractionDigits + 1) return false;
  digits += text.substr(1, end - 1);
  text.remove_prefix(end);
  return true;
}

/// The digits that were written, at most `length`; nullopt when the text is something else.
std::optional<std::string> ParseDigits(std::string_view text, ValueClass value_class) {
  std::string date;
  if (value_class != ValueClass::kTime) {
    if (!TakeFields(text, kDateFields, "-.", date)) return std::nullopt;
    if (value_class == ValueClass::kDate || text.empty())
      return text.empty() ? std::optional(date) : std::nullopt;
    if (text.front() == ' ' || text.front() == 'T') text.remove_prefix(1);
  }
  // A DT may end with its offset from UTC, "+0100"; local time is what people write in rules.
  if (value_class == ValueClass::kDateTime && text.size() > 5) {
    const char sign = text[text.size() - 5];
    if (sign == '+' || sign == '-') text.remove_suffix(5);
  }
  if (value_class == ValueClass::kDateTime && date.size() == 8 && text.size() == 5 &&
      (text.front() == '+' || text.front() == '-'))
    return date;
  std::string time;
  const bool date_is_whole = value_class == ValueClass::kTime || date.size() == 8;
  if (!date_is_whole || !TakeFields(text, kTimeFields, ":", time)) return std::nullopt;
  if (time.size() == 6 && !TakeFraction(text, time)) return std::nullopt;
  return text.empty() ? std::optional(date + time) : std::nullopt;
}

std::size_t LengthOf(ValueClass value_class) {
  if (value_class == ValueClass::kDate) return 8;
  return value_class == ValueClass::kTime ? 12 : 20;
}

}  // namespace

std::optional<Interval> ParseInterval(std::string_view text, ValueClass value_class) {
  text = Trim(text);
  if (value_class == ValueClass::kNumber || value_class == ValueClass::kAge) {
    const auto point =
        value_class == ValueClass::kNumber ? ParseNumber(text) : ParseAgeInDays(text);
    if (!point) return std::nullopt;
    return Interval{*point, *point};
  }
  const std::optional<std::string> digits = ParseDigits(text, value_class);
  if (!digits) return std::nullopt;
  std::string first = *digits;
  std::string last = *digits;
  first.resize(LengthOf(value_class), '0');
  last.resize(LengthOf(value_class), '9');  // beyond any moment of the interval; only compared
  return Interval{std::move(first), std::move(last)};
}

std::optional<Ordinal> ParseOrdinal(std::string_view value, ValueClass value_class) {
  std::optional<Interval> interval = ParseInterval(value, value_class);
  if (!interval) return std::nullopt;
  return std::move(interval->first);
}

}  // namespace axial::routing
