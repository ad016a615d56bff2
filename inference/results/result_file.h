#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "core/base/result.h"

class DcmDataset;

namespace axial::results {

/// Writes a data set as a DICOM file (PS3.10), Explicit VR Little Endian with explicit lengths.
/// Error: Unavailable.
[[nodiscard]] Status SaveDataset(DcmDataset& dataset, const std::string& path);

/// Gives the next piece of Pixel Data in `bytes` (replaced); an empty piece ends it.
using PixelProducer = std::function<void(std::vector<std::uint8_t>& bytes)>;

/// Appends Pixel Data (7FE0,0010) OB of `length` bytes to a file whose data set has only smaller
/// tags, piece by piece, so that it is never in memory as a whole. Pads to even length.
/// Errors: Unavailable (disk), Internal (the pieces are not `length` bytes).
[[nodiscard]] Status AppendPixelData(const std::string& path, std::uint32_t length,
                                     const PixelProducer& produce);

/// Waits until a file or directory is on disk. Error: Unavailable.
[[nodiscard]] Status SyncToDisk(const std::string& path);

}  // namespace axial::results
