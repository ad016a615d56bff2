#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "core/base/result.h"

class DcmItem;

namespace axial {

/// Parses the data set of one DIMSE message, as it came from outside, and lets `read` see it: by
/// DCMTK, whose parser recurses, and therefore only within HeaderLimits. Not for pixels. Errors:
/// InvalidInput (not a data set, nested too deep), those of `read`. Thread-safe.
[[nodiscard]] Status ReadMessageDataSet(std::string_view bytes,
                                        const std::string& transfer_syntax_uid,
                                        const std::function<Status(DcmItem&)>& read);

}  // namespace axial
