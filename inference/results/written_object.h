#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.h"

class DcmFileFormat;
class DcmItem;
class DcmTagKey;

/// What the checks of all result kinds share: reading a written object again. `object` is what the
/// messages call it: "segmentation", "report".
namespace axial::results {

/// Reads the file (long values stay in it) and looks whether its File Meta Information names the
/// Instance it holds. Error: Corrupt.
[[nodiscard]] Result<std::unique_ptr<DcmFileFormat>> ReadWrittenObject(const std::string& path,
                                                                       std::string_view object);

/// Error: Corrupt, "<object>: <attribute> is ... instead of ...".
[[nodiscard]] Status ExpectValue(DcmItem& item, const DcmTagKey& tag, const std::string& expected,
                                 std::string_view object);

/// An item of a sequence; nullptr when there is none. It belongs to `item`.
[[nodiscard]] DcmItem* ItemOf(DcmItem& item, const DcmTagKey& sequence, long index = 0);

/// The finite numbers that a Decimal String of several values begins with.
[[nodiscard]] std::vector<double> NumbersOf(const std::string& decimals);

/// 0 when the sequence is absent.
[[nodiscard]] unsigned long ItemCount(DcmItem& item, const DcmTagKey& sequence);

}  // namespace axial::results
