#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.h"

namespace axial {

/// One attribute's values, as text in UTF-8 whatever the Specific Character Set of the source.
struct AttributeValue {
  std::string vr;  ///< two letters, PS3.5 6.2
  std::vector<std::string>
      values;  ///< one per value of a multi-valued attribute; empty: present, no value

  bool operator==(const AttributeValue&) const = default;
};

/// The top-level attributes of a data set by keyword (PS3.6): what rules look at.
///
/// Sequences, binary values, private attributes and group lengths are not in it. Bounded by the
/// reader (see HeaderLimits). A plain value; not thread-safe while written.
using AttributeSet = std::map<std::string, AttributeValue>;

/// The DICOM keyword's attribute, or nullptr when absent.
[[nodiscard]] const AttributeValue* FindAttribute(const AttributeSet& attributes,
                                                  std::string_view keyword);

/// First value, or "" when absent or empty.
[[nodiscard]] std::string FirstValue(const AttributeSet& attributes, std::string_view keyword);

/// One JSON object: {"Modality":["CS","CT"], ...} (VR first, then values), as stored in rows.
[[nodiscard]] std::string ToJson(const AttributeSet& attributes);

/// The inverse of ToJson. Error: Corrupt.
[[nodiscard]] Result<AttributeSet> AttributeSetFromJson(std::string_view json);

}  // namespace axial
