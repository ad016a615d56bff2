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

/// Takes the compression of RLE Lossless away. `owns_dcmtk`: false where the host of the process
/// has DCMTK's codecs registered, or not. Error: Unsupported.
[[nodiscard]] Status Decompress(DcmFileFormat& file, bool owns_dcmtk);

/// The whole file in Explicit VR Little Endian. Errors: Unsupported (not without loss), Corrupt.
[[nodiscard]] Result<std::string> UncompressedBytes(const std::string& path, bool owns_dcmtk);

}  // namespace axial::deliver
