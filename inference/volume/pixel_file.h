#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "core/base/result.h"
#include "inference/volume/picture.h"

namespace axial {

/// How stored values become what a model sees.
enum class PixelMeaning {
  kModality,  ///< rescaled only: a volume's voxels
  kDisplay,   ///< MONOCHROME1 inverted and colour turned into luminance first: an image
};

/// The decoded pixels of one frame.
struct DecodedFrame {
  std::vector<float> values;     ///< [row][column], modality units
  std::vector<bool> is_padding;  ///< empty, or one per pixel: Pixel Padding (PS3.3 C.7.5.1.1.2)
};

/// Decodes the frames of one DICOM file: uncompressed, deflated, JPEG, JPEG-LS, RLE (DCMTK) and
/// JPEG 2000 (OpenJPEG). Not thread-safe; different objects are independent.
class PixelFile {
 public:
  /// Errors: InvalidInput (no pixels, contradictory Image Pixel attributes), Unsupported (bits,
  /// transfer syntax). CheckStructure must have accepted the file.
  [[nodiscard]] static Result<PixelFile> Open(const std::string& path);

  PixelFile(PixelFile&&) noexcept;
  PixelFile& operator=(PixelFile&&) noexcept;
  ~PixelFile();

  /// `frame` from 0. Errors: Corrupt (pixel data too short or broken), Unsupported (transfer
  /// syntax, or colour with kModality).
  [[nodiscard]] Result<DecodedFrame> ReadFrame(int frame, PixelMeaning meaning);

  /// The same frame for people. Errors: as ReadFrame; InvalidInput (a window or table that is
  /// broken).
  [[nodiscard]] Result<Picture> ReadPicture(int frame);

 private:
  struct State;
  explicit PixelFile(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace axial
