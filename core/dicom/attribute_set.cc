#include "core/dicom/attribute_set.h"

#include <nlohmann/json.hpp>

namespace axial {

const AttributeValue* FindAttribute(const AttributeSet& attributes, std::string_view keyword) {
  const auto found = attributes.find(std::string(keyword));
  return found == attributes.end() ? nullptr : &found->second;
}

std::string FirstValue(const AttributeSet& attributes, std::string_view keyword) {
  const AttributeValue* attribute = FindAttribute(attributes, keyword);
  return attribute == nullptr || attribute->values.empty() ? "" : attribute->values.front();
}

std::string ToJson(const AttributeSet& attributes) {
  nlohmann::json object = nlohmann::json::object();
  for (const auto& [keyword, attribute] : attributes) {
    nlohmann::json entry = nlohmann::json::array({attribute.vr});
    for (const std::string& value : attribute.values) entry.push_back(value);
    object[keyword] = std::move(entry);
  }
  // Readers already deliver UTF-8; a value that lies about it must not make the row unwritable.
  return object.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

Result<AttributeSet> AttributeSetFromJson(std::string_view json) {
  const nlohmann::json object = nlohmann::json::parse(json, nullptr, false);
  if (!object.is_object())
    return Error(ErrorCode::kCorrupt, "stored attributes are not a JSON object");
  AttributeSet attributes;
  for (const auto& [keyword, entry] : object.items()) {
    AttributeValue attribute;
    if (!entry.is_array() || entry.empty())
      return MakeError(ErrorCode::kCorrupt, "stored attribute {} is not an array", keyword);
    for (std::size_t i = 0; i < entry.size(); ++i) {
      if (!entry[i].is_string())
        return MakeError(ErrorCode::kCorrupt, "stored attribute {} has a value that is no text",
                         keyword);
      if (i == 0)
        attribute.vr = entry[i].get<std::string>();
      else
        attribute.values.push_back(entry[i].get<std::string>());
    }
    attributes.emplace(keyword, std::move(attribute));
  }
  return attributes;
}

}  // namespace axial
