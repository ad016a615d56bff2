#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "core/base/result.h"

class DcmDataset;

namespace axial::results {

/// How Pixel Data, which SaveDataset's caller appends, is stored.
enum class PixelCoding { kNative, kRleLossless };

/// Longest uncompressed Pixel Data: a 32-bit even length (PS3.5 7.1.2).
inline constexpr std::uint64_t kMaxPixelBytes = 0xFFFFFFFE;

/// Writes a data set without Pixel Data as a DICOM file (PS3.10) with explicit VR, little endian,
/// explicit lengths; its File Meta Information names the Transfer Syntax of `coding`.
/// Error: Unavailable.
[[nodiscard]] Status SaveDataset(DcmDataset& dataset, const std::string& path,
                                 PixelCoding coding = PixelCoding::kNative);

/// Appends encoded attributes to a file whose data set has only smaller tags. Error: Unavailable.
[[nodiscard]] Status AppendAttributes(const std::string& path, std::span<const std::uint8_t> bytes);

/// Gives the next piece of Pixel Data in `bytes` (replaced); an empty piece ends it.
using PixelProducer = std::function<void(std::vector<std::uint8_t>& bytes)>;

/// Appends Pixel Data (7FE0,0010) of `length` bytes (at most kMaxPixelBytes) to a file whose data
/// set has only smaller tags, piece by piece, so that it is never in memory as a whole. Pads to
/// even length. `words`: VR OW, for more than 8 bits per pixel; otherwise OB.
/// Errors: Unavailable (disk), Internal (the pieces are not `length` bytes).
[[nodiscard]] Status AppendPixelData(const std::string& path, std::uint32_t length,
                                     const PixelProducer& produce, bool words = false);

/// The same for compressed frames (PS3.5 A.4): each piece is one frame in one fragment, of even
/// length; the Basic Offset Table is empty.
[[nodiscard]] Status AppendEncapsulatedPixelData(const std::string& path,
                                                 const PixelProducer& produce);

/// Waits until a file or directory is on disk. Error: Unavailable.
[[nodiscard]] Status SyncToDisk(const std::string& path);

}  // namespace axial::results
