#pragma once

#include <dcmtk/config/osconfig.h>
#include <dcmtk/dcmdata/dctk.h>

#include <cstdint>
#include <optional>
#include <vector>

// Heavy (DCMTK): only for the .cc files of this room.
namespace axial {

/// A lookup table as palettes, Modality LUT and VOI LUT have it (PS3.3 C.7.6.3.1.5, C.11.1.1):
/// values below the first and beyond the last entry get that entry's.
struct LookupTable {
  std::int32_t first = 0;  ///< input that gets values[0]
  unsigned bits = 16;      ///< of an entry
  std::vector<std::uint16_t> values;

  [[nodiscard]] std::uint16_t At(double input) const;
  /// The entry as 0..255.
  [[nodiscard]] float ByteAt(double input) const;
};

/// nullopt when the table is missing, segmented, or shorter than its descriptor says. Entries of 8
/// bits may be packed two to a word. `is_signed`: inputs may be negative.
[[nodiscard]] std::optional<LookupTable> ReadLookupTable(DcmItem& item, const DcmTagKey& descriptor,
                                                         const DcmTagKey& data, bool is_signed);

}  // namespace axial
