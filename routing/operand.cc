#include "routing/operand.h"

#include <re2/re2.h>

#include <array>
#include <optional>

namespace axial::routing {
namespace {

using Relation = Operand::Relation;

struct Sign {
  std::string_view text;
  Relation relation;
};
// The longer sign first.
constexpr std::array kSigns = {
    Sign{"<=", Relation::kLessOrEqual}, Sign{">=", Relation::kGreaterOrEqual},
    Sign{"!=", Relation::kNotEqual},    Sign{"<", Relation::kLess},
    Sign{">", Relation::kGreater},
};

std::string_view Trim(std::string_view text) {
  while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\0')) text.remove_suffix(1);
  return text;
}

Relation TakeRelation(std::string_view& text) {
  for (const Sign& sign : kSigns) {
    if (!text.starts_with(sign.text)) continue;
    text = Trim(text.substr(sign.text.size()));
    return sign.relation;
  }
  return Relation::kEqual;
}

std::optional<Interval> ParseRange(std::string_view text, ValueClass value_class) {
  const std::size_t dots = text.find("..");
  if (dots == std::string_view::npos) return std::nullopt;
  std::optional<Interval> from = ParseInterval(text.substr(0, dots), value_class);
  std::optional<Interval> to = ParseInterval(text.substr(dots + 2), value_class);
  if (!from || !to) return std::nullopt;
  return Interval{std::move(from->first), std::move(to->last)};
}

std::string_view ExampleOf(ValueClass value_class) {
  switch (value_class) {
    case ValueClass::kDate:
      return "2026-11-23, \">= 2026-01\" or 2025..2026";
    case ValueClass::kTime:
      return "\"14:30\", \"< 08:00\" or \"08:00..17:59\"";
    case ValueClass::kDateTime:
      return "\"2026-11-23 14:30\" or \">= 2026-11-23\"";
    case ValueClass::kAge:
      return "18Y, \">= 18Y\" or 0D..11M";
    default:
      return "3, \"<= 3\" or 20..40";
  }
}

Result<Interval> ParseOperandInterval(std::string_view text, ValueClass value_class,
                                      Relation relation) {
  std::optional<Interval> interval = ParseInterval(text, value_class);
  if (!interval && relation == Relation::kEqual) interval = ParseRange(text, value_class);
  if (!interval)
    return MakeError(ErrorCode::kInvalidInput, "'{}' is not {}; write {}", text,
                     NameOf(value_class), ExampleOf(value_class));
  if (interval->last < interval->first)
    return MakeError(ErrorCode::kInvalidInput, "the range '{}' is empty; write the lower end first",
                     text);
  return *std::move(interval);
}

/// Refuses what only makes sense for numbers, so that "<= 3" on a text is not silently compared as
/// text.
Status CheckTextOperand(std::string_view text, ValueClass value_class, Relation relation) {
  if (relation != Relation::kEqual && relation != Relation::kNotEqual)
    return MakeError(ErrorCode::kInvalidInput,
                     "'<' and '>' compare numbers, dates and times, and the attribute is {}; write "
                     "a value, or {{matches: ...}}",
                     NameOf(value_class));
  if (relation == Relation::kEqual && ParseRange(text, ValueClass::kNumber))
    return MakeError(ErrorCode::kInvalidInput,
                     "'{}' is a range of numbers, and the attribute is {}; write a value, or "
                     "{{matches: ...}}",
                     text, NameOf(value_class));
  if (text.empty())
    return Error(ErrorCode::kInvalidInput,
                 "the value is empty; write absent to test that there is none");
  return {};
}

re2::RE2::Options LiteralOptions() {
  re2::RE2::Options options;
  options.set_literal(true);
  options.set_case_sensitive(false);
  options.set_log_errors(false);
  options.set_max_mem(256 << 10);
  return options;
}

}  // namespace

FoldedText::FoldedText(const std::string& text)
    : pattern_(std::make_shared<const re2::RE2>(text, LiteralOptions())) {}

bool FoldedText::Equals(std::string_view value) const {
  return re2::RE2::FullMatch(re2::StringPiece(value.data(), value.size()), *pattern_);
}

bool FoldedText::IsIn(std::string_view value) const {
  return re2::RE2::PartialMatch(re2::StringPiece(value.data(), value.size()), *pattern_);
}

Result<Operand> Operand::Parse(const std::string& text, ValueClass value_class) {
  constexpr std::size_t kMaxOperandBytes = 1024;
  if (text.size() > kMaxOperandBytes)
    return MakeError(ErrorCode::kInvalidInput, "the value is longer than {} bytes; shorten it",
                     kMaxOperandBytes);
  std::string_view rest = Trim(text);
  Operand operand(value_class, TakeRelation(rest));
  if (IsOrdered(value_class)) {
    AXIAL_ASSIGN_OR_RETURN(operand.interval_,
                           ParseOperandInterval(rest, value_class, operand.relation_));
    return operand;
  }
  AXIAL_RETURN_IF_ERROR(CheckTextOperand(rest, value_class, operand.relation_));
  if (value_class == ValueClass::kUid)
    operand.uid_ = rest;
  else
    operand.text_ = std::make_shared<FoldedText>(std::string(rest));
  return operand;
}

bool Operand::Holds(std::string_view value) const {
  const bool negated = IsNegated();
  if (value_class_ == ValueClass::kUid) return (Trim(value) == uid_) != negated;
  if (value_class_ == ValueClass::kText) return text_->Equals(Trim(value)) != negated;
  const std::optional<Ordinal> ordinal = ParseOrdinal(value, value_class_);
  return ordinal && HoldsOrdinal(*ordinal);
}

bool Operand::HoldsOrdinal(const Ordinal& value) const {
  switch (relation_) {
    case Relation::kEqual:
      return interval_.first <= value && value <= interval_.last;
    case Relation::kNotEqual:
      return value < interval_.first || interval_.last < value;
    case Relation::kLess:
      return value < interval_.first;
    case Relation::kLessOrEqual:
      return value <= interval_.last;
    case Relation::kGreater:
      return interval_.last < value;
    case Relation::kGreaterOrEqual:
      return interval_.first <= value;
  }
  return false;
}

}  // namespace axial::routing
