#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "core/base/result.h"
#include "core/dicom/attribute_set.h"
#include "core/dicom/uid.h"

namespace axial {

/// What Axial knows of one Instance without decoding its pixels.
struct InstanceHeader {
  Uid study_instance_uid;
  Uid series_instance_uid;
  Uid sop_instance_uid;
  Uid sop_class_uid;
  std::string transfer_syntax_uid;  ///< "" when the file has no File Meta Information
  std::int64_t frames = 1;          ///< Number of Frames, at least 1
  AttributeSet attributes;          ///< top-level attributes up to Pixel Data, values in UTF-8
};

/// Bounds on what is read before anything is parsed by DCMTK, whose parser recurses per nested
/// sequence and dies by stack exhaustion (about 3.6 MB of nested items are enough).
struct HeaderLimits {
  int sequence_depth = 16;
  std::size_t value_bytes = 4096;      ///< longer values are left out of `attributes`
  std::size_t attribute_count = 4096;  ///< elements at top level
  /// Everything before Pixel Data, not counting single values longer than value_bytes (an
  /// encapsulated document, a waveform), which nobody holds in memory.
  std::size_t header_bytes = 64u << 20;
  std::uint64_t inflated_bytes = 1u << 30;  ///< a deflated data set, inflated
};

/// Walks the element structure of a DICOM file (PS3.10, or a bare data set) without recursion and
/// without DCMTK's parser (core/dicom/structure.h says what is tolerated): explicit or implicit VR,
/// either byte order, deflated. Errors: InvalidInput (not DICOM, nested too deep, a length beyond
/// the file or the limits); NotFound, Unavailable (file). Every other reader of files from outside
/// calls this first. Thread-safe.
[[nodiscard]] Status CheckStructure(const std::string& path, const HeaderLimits& limits = {});

/// CheckStructure and the header up to Pixel Data, in one pass.
/// Errors as CheckStructure; InvalidInput names the identifying attribute that is missing or
/// broken. Thread-safe.
[[nodiscard]] Result<InstanceHeader> ReadInstanceHeader(const std::string& path,
                                                        const HeaderLimits& limits = {});

/// The same of a regular file that is open for reading, from its start; it stays open, and where it
/// is written is not moved. Thread-safe.
[[nodiscard]] Result<InstanceHeader> ReadInstanceHeaderOfOpenFile(int descriptor,
                                                                  const HeaderLimits& limits = {});

}  // namespace axial
