#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "core/base/result.h"

namespace axial {

/// Whether the DICOM data dictionary (PS3.6) was found. Debian's DCMTK reads it from a file
/// (/usr/share/libdcmtk*/dicom.dic; DCMDICTPATH names another); without it no keyword is known.
/// Error: NotFound, saying where it was looked for and what to do. Thread-safe.
[[nodiscard]] Status CheckDictionary();

/// The value representation of a public attribute ("DS"; "US" for those that may be US or SS), or
/// nullopt for a keyword that the dictionary does not have. Thread-safe.
[[nodiscard]] std::optional<std::string> VrOfKeyword(std::string_view keyword);

/// The dictionary's keyword that was most likely meant, or "" when none is near. Thread-safe.
[[nodiscard]] std::string NearestKeyword(std::string_view keyword);

}  // namespace axial
