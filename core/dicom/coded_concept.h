#pragma once

#include <compare>
#include <string>

namespace axial {

/// A coded concept (PS3.3 8.8): what DICOM calls Code Value, Coding Scheme Designator, Code
/// Meaning.
struct CodedConcept {
  std::string value;    ///< for example "3341006"
  std::string scheme;   ///< for example "SCT", "DCM", "UCUM"
  std::string meaning;  ///< UTF-8, at most 64 characters

  auto operator<=>(const CodedConcept&) const = default;
};

}  // namespace axial
