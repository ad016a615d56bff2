#include <algorithm>
#include <array>
#include <cmath>
#include <cstdlib>
#include <utility>

#include "inference/volume/grey_display.h"
#include "inference/volume/lookup_table.h"
#include "inference/volume/pixel_file_state.h"

/// How samples become colours and greys.
namespace axial {
namespace {

constexpr float kRed = 0.299F;
constexpr float kGreen = 0.587F;
constexpr float kBlue = 0.114F;

/// Palette Color Lookup Tables (PS3.3 C.7.9).
using Palette = std::array<LookupTable, 3>;

Result<Palette> ReadPalette(DcmItem& item, bool is_signed) {
  const std::pair<DcmTagKey, DcmTagKey> tags[3] = {
      {DCM_RedPaletteColorLookupTableDescriptor, DCM_RedPaletteColorLookupTableData},
      {DCM_GreenPaletteColorLookupTableDescriptor, DCM_GreenPaletteColorLookupTableData},
      {DCM_BluePaletteColorLookupTableDescriptor, DCM_BluePaletteColorLookupTableData}};
  Palette palette;
  for (std::size_t colour = 0; colour < 3; ++colour) {
    std::optional<LookupTable> table =
        ReadLookupTable(item, tags[colour].first, tags[colour].second, is_signed);
    if (!table)
      return Error(ErrorCode::kUnsupported,
                   "palette colour whose lookup tables are missing, segmented or broken");
    palette[colour] = std::move(*table);
  }
  return palette;
}

/// The first `count` numbers of a value; nullopt when there are fewer.
template <std::size_t count>
std::optional<std::array<double, count>> FirstNumbers(const std::string& text) {
  std::array<double, count> numbers{};
  const char* at = text.c_str();
  for (double& number : numbers) {
    char* end = nullptr;
    number = std::strtod(at, &end);
    if (end == at || !std::isfinite(number)) return std::nullopt;
    at = *end == '\\' ? end + 1 : end;
  }
  return numbers;
}

Window::Function WindowFunction(const std::string& name) {
  if (name == "SIGMOID") return Window::Function::kSigmoid;
  if (name == "LINEAR_EXACT") return Window::Function::kLinearExact;
  return Window::Function::kLinear;
}

/// The first item's table of a Modality or VOI LUT Sequence.
Result<std::optional<LookupTable>> ReadLutSequence(DcmItem& item, const DcmTagKey& sequence,
                                                   bool is_signed) {
  DcmItem* lut = nullptr;
  if (item.findAndGetSequenceItem(sequence, lut).bad() || lut == nullptr)
    return std::optional<LookupTable>();
  std::optional<LookupTable> table =
      ReadLookupTable(*lut, DCM_LUTDescriptor, DCM_LUTData, is_signed);
  if (!table)
    return MakeError(ErrorCode::kInvalidInput, "{} is broken", DcmTag(sequence).getTagName());
  return table;
}

std::uint8_t ToByte(double value) {
  return static_cast<std::uint8_t>(std::clamp(std::lround(value), 0L, 255L));
}

}  // namespace

/// One value per pixel, in the stored domain or 0..255 for palette colour.
Result<std::vector<float>> PixelFile::State::Luminance(const std::vector<std::int32_t>& samples) {
  const std::size_t pixel_count = format.PixelCount();
  std::vector<float> values(pixel_count);
  if (photometric == "RGB" || photometric == "YBR_RCT" || photometric == "YBR_ICT") {
    for (std::size_t i = 0; i < pixel_count; ++i)
      values[i] = kRed * static_cast<float>(samples[i]) +
                  kGreen * static_cast<float>(samples[pixel_count + i]) +
                  kBlue * static_cast<float>(samples[2 * pixel_count + i]);
  } else if (photometric == "PALETTE COLOR") {
    AXIAL_ASSIGN_OR_RETURN(const Palette palette, ReadPalette(data_set(), format.is_signed));
    for (std::size_t i = 0; i < pixel_count; ++i)
      values[i] = kRed * palette[0].ByteAt(samples[i]) + kGreen * palette[1].ByteAt(samples[i]) +
                  kBlue * palette[2].ByteAt(samples[i]);
  } else if (photometric.starts_with("MONOCHROME") || photometric.starts_with("YBR_")) {
    const double low = format.is_signed ? -std::ldexp(1.0, format.bits_stored - 1) : 0.0;
    const double sum = 2 * low + std::ldexp(1.0, format.bits_stored) - 1;  // lowest plus highest
    const bool invert = photometric == "MONOCHROME1";
    for (std::size_t i = 0; i < pixel_count; ++i)  // the first sample of YBR is luminance
      values[i] = static_cast<float>(invert ? sum - samples[i] : samples[i]);
  } else {
    return MakeError(ErrorCode::kUnsupported, "Photometric Interpretation {}", photometric);
  }
  return values;
}

/// [pixel][3].
Result<std::vector<std::uint8_t>> PixelFile::State::Colours(
    const std::vector<std::int32_t>& samples) {
  const std::size_t pixel_count = format.PixelCount();
  std::vector<std::uint8_t> rgb(pixel_count * 3);
  if (photometric == "PALETTE COLOR") {
    AXIAL_ASSIGN_OR_RETURN(const Palette palette, ReadPalette(data_set(), format.is_signed));
    for (std::size_t i = 0; i < pixel_count; ++i)
      for (std::size_t colour = 0; colour < 3; ++colour)
        rgb[3 * i + colour] = ToByte(palette[colour].ByteAt(samples[i]));
    return rgb;
  }
  if (format.samples != 3)
    return MakeError(ErrorCode::kUnsupported, "Photometric Interpretation {}", photometric);
  const double scale = 255 / (std::ldexp(1.0, format.bits_stored) - 1);
  const bool is_ybr = photometric.starts_with("YBR_FULL");
  for (std::size_t i = 0; i < pixel_count; ++i) {
    const double first = scale * samples[i];
    const double second = scale * samples[pixel_count + i];
    const double third = scale * samples[2 * pixel_count + i];
    if (!is_ybr) {  // DCMTK and OpenJPEG have undone the transforms of their codecs
      rgb[3 * i] = ToByte(first);
      rgb[3 * i + 1] = ToByte(second);
      rgb[3 * i + 2] = ToByte(third);
    } else {  // PS3.3 C.7.6.3.1.2
      rgb[3 * i] = ToByte(first + 1.402 * (third - 128));
      rgb[3 * i + 1] = ToByte(first - 0.344136 * (second - 128) - 0.714136 * (third - 128));
      rgb[3 * i + 2] = ToByte(first + 1.772 * (second - 128));
    }
  }
  return rgb;
}

Result<std::vector<std::uint8_t>> PixelFile::State::Greys(
    int frame, const std::vector<std::int32_t>& samples) {
  AXIAL_ASSIGN_OR_RETURN(const std::optional<LookupTable> modality_table,
                         ReadLutSequence(data_set(), DCM_ModalityLUTSequence, format.is_signed));
  AXIAL_ASSIGN_OR_RETURN(const Rescale rescale, RescaleOf(frame));
  std::vector<float> values(samples.size());
  for (std::size_t i = 0; i < samples.size(); ++i)
    values[i] = modality_table ? static_cast<float>(modality_table->At(samples[i]))
                               : static_cast<float>(samples[i] * rescale.slope + rescale.intercept);

  const auto text = [&](const DcmTagKey& tag) {
    std::string value = groups->Text(static_cast<std::size_t>(frame), DCM_FrameVOILUTSequence, tag);
    return value.empty() ? AttributeText(data_set(), tag) : value;
  };
  GreyDisplay display;
  const auto centre = FirstNumbers<1>(text(DCM_WindowCenter));
  const auto width = FirstNumbers<1>(text(DCM_WindowWidth));
  if (centre && width && (*width)[0] > 0) {
    display.window = {(*centre)[0], (*width)[0], WindowFunction(text(DCM_VOILUTFunction))};
  } else {
    const bool is_signed = format.is_signed || rescale.intercept < 0;
    AXIAL_ASSIGN_OR_RETURN(display.voi, ReadLutSequence(data_set(), DCM_VOILUTSequence, is_signed));
  }
  display.inverted = photometric == "MONOCHROME1" ||
                     AttributeText(data_set(), DCM_PresentationLUTShape) == "INVERSE";
  return display.Apply(values, PaddingOf(samples));
}

double PixelFile::State::PixelAspect(int frame) {
  const std::string spacing =
      groups->Text(static_cast<std::size_t>(frame), DCM_PixelMeasuresSequence, DCM_PixelSpacing);
  for (const std::string& text : {spacing, AttributeText(data_set(), DCM_PixelSpacing),
                                  AttributeText(data_set(), DCM_ImagerPixelSpacing),
                                  AttributeText(data_set(), DCM_PixelAspectRatio)}) {
    const auto numbers = FirstNumbers<2>(text);
    if (!numbers || (*numbers)[0] <= 0 || (*numbers)[1] <= 0) continue;
    return std::clamp((*numbers)[0] / (*numbers)[1], 0.1, 10.0);
  }
  return 1;
}

Result<Picture> PixelFile::ReadPicture(int frame) {
  if (frame < 0 || frame >= state_->frame_count)
    return MakeError(ErrorCode::kInvalidInput, "no frame {}", frame + 1);
  AXIAL_ASSIGN_OR_RETURN(const std::vector<std::int32_t> samples, state_->ReadSamples(frame));
  Picture picture{state_->format.rows, state_->format.columns, state_->PixelAspect(frame), {}};
  if (!state_->photometric.starts_with("MONOCHROME")) {
    AXIAL_ASSIGN_OR_RETURN(picture.rgb, state_->Colours(samples));
    return picture;
  }
  AXIAL_ASSIGN_OR_RETURN(const std::vector<std::uint8_t> grey, state_->Greys(frame, samples));
  picture.rgb.resize(3 * grey.size());
  for (std::size_t i = 0; i < picture.rgb.size(); ++i) picture.rgb[i] = grey[i / 3];
  return picture;
}

}  // namespace axial
