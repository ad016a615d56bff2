#pragma once

#include <string>

#include "core/base/result.h"

class DcmFileFormat;

namespace axial::deliver {

/// Whether pixels in this Transfer Syntax cannot be rewritten as Explicit or Implicit VR Little
/// Endian without a codec.
[[nodiscard]] bool IsCompressed(const std::string& transfer_syntax_uid);

/// Whether what is in `own` can be sent in `other` without the loss of a bit: uncompressed ones, in
/// each other; RLE Lossless, in these.
[[nodiscard]] bool CanTranscode(const std::string& own, const std::string& other);

/// Takes the compression of RLE Lossless away, whatever codecs the process has registered with
/// DCMTK (inside Orthanc those are Orthanc's). Error: Unsupported.
[[nodiscard]] Status Decompress(DcmFileFormat& file);

/// The whole file in Explicit VR Little Endian. Errors: Unsupported (not without loss), Corrupt.
[[nodiscard]] Result<std::string> UncompressedBytes(const std::string& path);

}  // namespace axial::deliver
