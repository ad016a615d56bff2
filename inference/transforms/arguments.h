#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "config/model_card.h"

namespace axial {

/// The known name that differs least from `name`; "" when none is near.
[[nodiscard]] std::string NearestName(std::string_view name, const std::vector<std::string>& known);

/// Reads a step's arguments by name with their types. Everything wrong is collected, so that one
/// look at model.yaml finds all of it. A value of null or None counts as not given.
class ArgumentReader {
 public:
  explicit ArgumentReader(const config::StepSpec& step) : step_(step) {}

  [[nodiscard]] std::optional<double> Number(const char* name);
  [[nodiscard]] double Number(const char* name, double fallback);
  [[nodiscard]] double RequiredNumber(const char* name);
  [[nodiscard]] bool Bool(const char* name, bool fallback);
  [[nodiscard]] std::string Text(const char* name, const std::string& fallback);
  /// A scalar counts as a list of one; empty when not given.
  [[nodiscard]] std::vector<double> Numbers(const char* name);
  /// One of `allowed`.
  [[nodiscard]] std::string Choice(const char* name, const std::string& fallback,
                                   const std::vector<std::string>& allowed);
  /// Arguments that exist in MONAI and change nothing here.
  void Ignore(std::initializer_list<const char*> names);
  /// An argument that is understood only with its default value.
  void OnlyBool(const char* name, bool value);

  void Fail(std::string what) { wrong_.push_back(std::move(what)); }
  /// Call last: everything wrong, arguments that nobody asked for included.
  [[nodiscard]] std::vector<std::string> Finish();

 private:
  const config::Argument* Find(const char* name);

  const config::StepSpec& step_;
  std::vector<std::string> known_;
  std::vector<std::string> wrong_;
};

}  // namespace axial
