#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "inference/results/result_run.h"

class DcmItem;

/// How the source's images are meant to be looked at, in the source's own words: what a
/// presentation state repeats.
namespace axial::results {

/// Texts are Decimal Strings as the source wrote them; "" when absent.
struct FrameDisplay {
  int slice = 0;            ///< into SourceSeries::frames
  int instance_frames = 1;  ///< Number of Frames of its Instance
  int bits_stored = 16;
  bool inverted = false;  ///< MONOCHROME1, or Presentation LUT Shape INVERSE
  std::string slope;      ///< PS3.3 C.11.1, with intercept
  std::string intercept;
  std::string rescale_type;
  std::string centre;  ///< the first window (PS3.3 C.11.2), with width
  std::string width;
  std::string function;
  std::string explanation;
  std::shared_ptr<DcmItem> modality_table;  ///< the first of the Modality LUT Sequence; or nullptr
  std::shared_ptr<DcmItem> voi_table;       ///< of the VOI LUT Sequence; nullptr with a window
  std::string pixel_spacing;                ///< "row\\column", or else
  std::string aspect_ratio;                 ///< "vertical\\horizontal", whole numbers
};

struct SourceDisplay {
  std::vector<FrameDisplay> frames;  ///< those that one presentation state can show, ascending
  /// The Rescale differs between them, which one state cannot say: windows are in stored values.
  bool stored_values = false;
  std::size_t colour = 0;  ///< left out because they are not grey
  /// Left out because their polarity or their Modality LUT is not that of the others.
  std::size_t different = 0;
};

/// From the headers of all source files. Errors: as ReadSourceHeader.
[[nodiscard]] Result<SourceDisplay> ReadSourceDisplay(const ResultRun& run);

/// Gives a common window to frames that have none and more than 8 bits, of which nearly nothing
/// would be seen otherwise: from the 1st to the 99th percentile of five of them, which are decoded.
/// Then, when display.stored_values, turns all windows into such. Errors: as PixelFile.
[[nodiscard]] Status CompleteWindows(const ResultRun& run, SourceDisplay& display);

/// What makes two frames' Modality LUT, or VOI LUT, the same. "" when there is none.
[[nodiscard]] std::string ModalityKey(const FrameDisplay& frame);
[[nodiscard]] std::string VoiKey(const FrameDisplay& frame);

}  // namespace axial::results
