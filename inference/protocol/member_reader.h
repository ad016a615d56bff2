#pragma once

// Private to inference/protocol: how the members of one JSON object are read.

#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace axial::protocol {

inline constexpr std::size_t kMaxListedTexts = 200'000;

/// Reads members one after the other and remembers the first that is missing or wrong.
class MemberReader {
 public:
  explicit MemberReader(const nlohmann::json& object) : object_(object) {}

  void Read(const char* name, std::string& to) {
    if (const nlohmann::json* member = Find(name, nlohmann::json::value_t::string))
      to = member->get<std::string>();
  }
  void Read(const char* name, double& to) {
    const nlohmann::json* member = Find(name);
    if (member && !member->is_number()) return Fail(name);
    if (member) to = member->get<double>();
  }
  void Read(const char* name, std::int64_t& to) {
    const nlohmann::json* member = Find(name);
    if (member && !member->is_number_integer()) return Fail(name);
    if (member) to = member->get<std::int64_t>();
  }
  void Read(const char* name, int& to) {
    std::int64_t wide = to;
    Read(name, wide);
    if (wide < INT32_MIN || wide > INT32_MAX) return Fail(name);
    to = static_cast<int>(wide);
  }
  void Read(const char* name, bool& to) {
    if (const nlohmann::json* member = Find(name, nlohmann::json::value_t::boolean))
      to = member->get<bool>();
  }
  void Read(const char* name, std::vector<std::string>& to) {
    const nlohmann::json* member = Find(name, nlohmann::json::value_t::array);
    if (!member) return;
    if (member->size() > kMaxListedTexts) return Fail(name);
    for (const nlohmann::json& entry : *member) {
      if (!entry.is_string()) return Fail(name);
      to.push_back(entry.get<std::string>());
    }
  }
  const nlohmann::json* Array(const char* name, std::size_t limit) {
    const nlohmann::json* member = Find(name, nlohmann::json::value_t::array);
    if (!member || member->size() <= limit) return member;
    Fail(name);
    return nullptr;
  }
  /// A member that may be missing.
  const nlohmann::json* Optional(const char* name) {
    const auto found = object_.find(name);
    return found != object_.end() ? &*found : nullptr;
  }
  void Fail(const char* name) {
    if (wrong_.empty()) wrong_ = name;
  }
  [[nodiscard]] const std::string& wrong() const { return wrong_; }

 private:
  const nlohmann::json* Find(const char* name) {
    const auto found = object_.find(name);
    if (found != object_.end()) return &*found;
    Fail(name);
    return nullptr;
  }
  const nlohmann::json* Find(const char* name, nlohmann::json::value_t type) {
    const nlohmann::json* member = Find(name);
    if (!member || member->type() == type) return member;
    Fail(name);
    return nullptr;
  }

  const nlohmann::json& object_;
  std::string wrong_;
};

}  // namespace axial::protocol
