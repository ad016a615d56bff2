#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "core/base/result.h"
#include "core/dicom/instance_header.h"

namespace axial {

/// One element at the top level of a data set, as met on the way.
struct DataElement {
  std::uint16_t group = 0;
  std::uint16_t element = 0;
  std::string_view vr;  ///< as written in the file; "" with implicit VR
  bool big_endian = false;
  std::string_view value;  ///< raw bytes; valid during the call only
};

/// Called once per top-level element before Pixel Data whose value has a defined length of at
/// most HeaderLimits::value_bytes and is no sequence; in file order.
using DataElementSink = std::function<void(const DataElement&)>;

struct StructureSummary {
  std::string transfer_syntax_uid;  ///< from the File Meta Information; "" when absent
  bool has_pixel_data = false;
};

/// Walks a whole DICOM file (PS3.10), or a bare data set, without recursion: every element's
/// length lies within its parent and the file, nesting and header stay within `limits`, sequences
/// and encapsulated Pixel Data are closed. What follows Pixel Data is walked too.
/// Tolerated, as real files have them: elements out of order or twice, odd lengths, unknown VRs,
/// stray delimiters, UN of undefined length (PS3.5 6.2.2: implicit VR inside), a wrong group
/// length, fewer than 8 bytes or zeros after the last element.
/// Errors: InvalidInput; NotFound, Unavailable (file). Thread-safe.
[[nodiscard]] Result<StructureSummary> WalkStructure(const std::string& path,
                                                     const HeaderLimits& limits,
                                                     const DataElementSink& sink = {});

/// The same over a regular file that is open for reading, from its start, wherever it is written
/// next. Errors: InvalidInput; Unavailable.
[[nodiscard]] Result<StructureSummary> WalkStructureOfOpenFile(int descriptor,
                                                               const HeaderLimits& limits,
                                                               const DataElementSink& sink = {});

/// The same over bytes in memory.
[[nodiscard]] Result<StructureSummary> WalkStructureOfBytes(std::string_view bytes,
                                                            const HeaderLimits& limits,
                                                            const DataElementSink& sink = {});

/// A data set without File Meta Information, as a message has it, whose Transfer Syntax is known.
[[nodiscard]] Status CheckStructureOfDataSet(std::string_view bytes,
                                             const std::string& transfer_syntax_uid,
                                             const HeaderLimits& limits);

}  // namespace axial
