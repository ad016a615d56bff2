#pragma once

#include <string>
#include <vector>

#include "core/base/result.h"

class DcmElement;
class DcmItem;

namespace axial::results {

/// The attributes by which a result belongs to its patient and study (PS3.3 C.7.1 to C.7.2,
/// C.12.1): one list for SEG and SR, so that they cannot differ.

/// The source's attributes that results repeat. The elements belong to `source`.
[[nodiscard]] std::vector<DcmElement*> CompositeContextElements(DcmItem& source);

/// Removes from a header in memory what no result may repeat: of the attributes above, those whose
/// value representation knows ASCII only (code strings, dates, times, numbers, UIDs) and that hold
/// something else, such as a Patient's Sex in Cyrillic. Returns their names.
[[nodiscard]] std::vector<std::string> DropForeignBytes(DcmItem& source);

/// Copies them byte for byte into `target`; attributes of Type 2 that the source lacks are written
/// empty. Errors: InvalidInput (no Study Instance UID), Internal.
[[nodiscard]] Status CopyCompositeContext(DcmItem& source, DcmItem& target);

/// Error: Corrupt, with the first attribute that is not the source's.
[[nodiscard]] Status CompareCompositeContext(DcmItem& source, DcmItem& result);

}  // namespace axial::results
