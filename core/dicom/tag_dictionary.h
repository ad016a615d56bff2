#pragma once

#include <cstdint>
#include <string>

namespace axial {

/// What the data dictionary (PS3.6) says of one standard attribute.
struct DictionaryEntry {
  std::string keyword;  ///< for example "PatientID"; retired attributes carry their plain keyword
  std::string vr;       ///< two letters; where PS3.6 leaves a choice, "xs" (US or SS), "ox" (OB or
                        ///< OW) or "lt" (US, SS or OW)
};

/// False for private attributes, group lengths and what the dictionary does not know.
/// Thread-safe.
[[nodiscard]] bool LookUpAttribute(std::uint16_t group, std::uint16_t element,
                                   DictionaryEntry& entry);

/// True when the dictionary says that the attribute is a sequence. Thread-safe.
[[nodiscard]] bool IsSequenceByDictionary(std::uint16_t group, std::uint16_t element);

}  // namespace axial
