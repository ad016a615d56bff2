#pragma once

#include <dcmtk/config/osconfig.h>
#include <dcmtk/dcmdata/dcfcache.h>
#include <dcmtk/dcmdata/dctk.h>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "inference/volume/functional_groups.h"
#include "inference/volume/pixel_file.h"
#include "inference/volume/stored_values.h"

// Heavy (DCMTK): only for the .cc files of this room.
namespace axial {

/// The attributes of PS3.3 C.11.1 that are numbers.
struct Rescale {
  double slope = 1;
  double intercept = 0;
};

struct PixelFile::State {
  DcmFileFormat file;
  DcmFileCache cache;
  DcmElement* pixels = nullptr;
  SampleFormat format;
  std::string photometric;
  int frame_count = 1;
  E_TransferSyntax transfer_syntax = EXS_Unknown;
  std::optional<FunctionalGroups> groups;
  std::optional<std::int32_t> padding;
  std::optional<std::int32_t> padding_limit;

  DcmDataset& data_set() { return *file.getDataset(); }
  Status ReadAttributes();
  Result<std::vector<std::int32_t>> ReadSamples(int frame);
  Result<std::vector<std::int32_t>> ReadJpeg2000(int frame);
  Result<Rescale> RescaleOf(int frame);
  /// Empty without Pixel Padding Value, else one per sample.
  [[nodiscard]] std::vector<bool> PaddingOf(const std::vector<std::int32_t>& samples) const;
  Result<std::vector<float>> Luminance(const std::vector<std::int32_t>& samples);
  Result<std::vector<std::uint8_t>> Colours(const std::vector<std::int32_t>& samples);
  Result<std::vector<std::uint8_t>> Greys(int frame, const std::vector<std::int32_t>& samples);
  /// Row spacing by column spacing, or Pixel Aspect Ratio.
  [[nodiscard]] double PixelAspect(int frame);
};

}  // namespace axial
