#include "inference/volume/pixel_file.h"

#include <dcmtk/config/osconfig.h>
#include <dcmtk/dcmdata/dccodec.h>
#include <dcmtk/dcmdata/dcpixseq.h>
#include <dcmtk/dcmdata/dcpxitem.h>
#include <dcmtk/dcmdata/dcrledrg.h>
#include <dcmtk/dcmjpeg/djdecode.h>
#include <dcmtk/dcmjpls/djdecode.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <mutex>
#include <optional>

#include "core/dicom/dcmtk_error.h"
#include "inference/volume/jpeg2000.h"
#include "inference/volume/pixel_file_state.h"

namespace axial {
namespace {

constexpr Uint32 kMaxReadBytes = 4096;

void RegisterCodecsOnce() {
  static std::once_flag once;
  std::call_once(once, [] {
    DJDecoderRegistration::registerCodecs();
    DJLSDecoderRegistration::registerCodecs();
    DcmRLEDecoderRegistration::registerCodecs();
  });
}

bool IsCompressed(E_TransferSyntax transfer_syntax) {
#if PACKAGE_VERSION_NUMBER >= 369  // DCMTK's, in osconfig.h
  return DcmXfer(transfer_syntax).isPixelDataCompressed();
#else
  return DcmXfer(transfer_syntax).isEncapsulated();
#endif
}

int IntegerOf(DcmItem& item, const DcmTagKey& tag, int fallback) {
  Uint16 value = 0;
  return item.findAndGetUint16(tag, value).good() ? value : fallback;
}

/// A US-or-SS attribute in the pixels' own representation.
std::optional<std::int32_t> StoredAttribute(DcmItem& item, const DcmTagKey& tag, bool is_signed) {
  Sint16 with_sign = 0;
  Uint16 without = 0;
  if (item.findAndGetSint16(tag, with_sign).good())
    return is_signed ? with_sign : static_cast<std::uint16_t>(with_sign);
  if (item.findAndGetUint16(tag, without).good())
    return is_signed ? static_cast<std::int16_t>(without) : without;
  return std::nullopt;
}

}  // namespace

Status PixelFile::State::ReadAttributes() {
  DcmDataset& item = data_set();
  transfer_syntax = item.getOriginalXfer();
  format.rows = IntegerOf(item, DCM_Rows, 0);
  format.columns = IntegerOf(item, DCM_Columns, 0);
  format.samples = IntegerOf(item, DCM_SamplesPerPixel, 1);
  format.bits_allocated = IntegerOf(item, DCM_BitsAllocated, 0);
  format.bits_stored = IntegerOf(item, DCM_BitsStored, format.bits_allocated);
  format.high_bit = IntegerOf(item, DCM_HighBit, format.bits_stored - 1);
  format.is_signed = IntegerOf(item, DCM_PixelRepresentation, 0) == 1;
  format.planar = IntegerOf(item, DCM_PlanarConfiguration, 0) == 1;
  AXIAL_RETURN_IF_ERROR(CheckSampleFormat(format));
  photometric = AttributeText(item, DCM_PhotometricInterpretation);
  if (photometric == "YBR_FULL_422" && !IsCompressed(transfer_syntax))
    return Error(ErrorCode::kUnsupported, "uncompressed YBR_FULL_422");
  Sint32 frames = 1;
  if (item.findAndGetSint32(DCM_NumberOfFrames, frames).good() && frames > 0) frame_count = frames;
  if (item.findAndGetElement(DCM_PixelData, pixels).bad() || pixels == nullptr)
    return Error(ErrorCode::kInvalidInput, "no Pixel Data (7FE0,0010)");
  padding = StoredAttribute(item, DCM_PixelPaddingValue, format.is_signed);
  padding_limit = StoredAttribute(item, DCM_PixelPaddingRangeLimit, format.is_signed);
  groups.emplace(item);
  return {};
}

/// The stream of one frame: all fragments from its first to the next frame's first (PS3.5 A.4).
Result<std::vector<std::int32_t>> PixelFile::State::ReadJpeg2000(int frame) {
  const Error broken(ErrorCode::kCorrupt, "encapsulated Pixel Data is broken");
  auto* pixel_data = dynamic_cast<DcmPixelData*>(pixels);
  DcmPixelSequence* sequence = nullptr;
  if (pixel_data == nullptr ||
      pixel_data->getEncapsulatedRepresentation(transfer_syntax, nullptr, sequence).bad() ||
      sequence == nullptr)
    return broken;
  Uint32 first = 1;
  auto end = static_cast<Uint32>(sequence->card());
  if (frame_count > 1) {
    if (DcmCodec::determineStartFragment(static_cast<Uint32>(frame), frame_count, sequence, first)
            .bad())
      return broken;
    if (frame + 1 < frame_count &&
        DcmCodec::determineStartFragment(static_cast<Uint32>(frame + 1), frame_count, sequence, end)
            .bad())
      return broken;
  }
  std::vector<std::uint8_t> stream;
  for (Uint32 i = first; i < end; ++i) {
    DcmPixelItem* fragment = nullptr;
    Uint8* bytes = nullptr;
    if (sequence->getItem(fragment, i).bad() || fragment == nullptr ||
        fragment->getUint8Array(bytes).bad() || bytes == nullptr)
      return broken;
    stream.insert(stream.end(), bytes, bytes + fragment->getLength());
    fragment->compact();
  }
  AXIAL_ASSIGN_OR_RETURN(Jpeg2000Image image, DecodeJpeg2000(stream, format.columns, format.rows));
  if (image.components != format.samples)
    return Error(ErrorCode::kCorrupt, "JPEG 2000 code stream has another number of components");
  if (image.components == 3) photometric = "RGB";  // OpenJPEG undoes the colour transform
  // A stream whose signedness contradicts Pixel Representation holds the right bits (seen in the
  // field): the attribute decides, at the stream's own precision.
  SampleFormat cut = format;
  cut.bits_stored = image.precision_bits;
  cut.high_bit = image.precision_bits - 1;
  if (image.is_signed != format.is_signed && image.precision_bits <= 32)
    for (std::int32_t& value : image.values)
      value = static_cast<std::int32_t>(StoredValue(static_cast<std::uint32_t>(value), cut));
  return std::move(image.values);
}

Result<std::vector<std::int32_t>> PixelFile::State::ReadSamples(int frame) {
  switch (transfer_syntax) {
    case EXS_JPEG2000LosslessOnly:
    case EXS_JPEG2000:
      return ReadJpeg2000(frame);
    default:
      break;
  }
  constexpr std::size_t kMaxFrameBytes = std::size_t{1} << 31;  // DCMTK counts in 32 bits
  if (format.FrameBytes() > kMaxFrameBytes)
    return MakeError(ErrorCode::kUnsupported, "a frame of {} bytes", format.FrameBytes());
  std::vector<std::uint8_t> bytes((format.FrameBytes() + 1) / 2 * 2);
  Uint32 start_fragment = 0;
  OFString colour_model;
  const OFCondition read = pixels->getUncompressedFrame(
      &data_set(), static_cast<Uint32>(frame), start_fragment, bytes.data(),
      static_cast<Uint32>(bytes.size()), colour_model, &cache);
  if (read.bad()) {
    const char* name = DcmXfer(transfer_syntax).getXferName();
    if (read == EC_CannotChangeRepresentation || read == EC_UnsupportedEncoding)
      return MakeError(ErrorCode::kUnsupported, "transfer syntax {}", name);
    return MakeError(ErrorCode::kCorrupt, "pixels of frame {} ({}): {}", frame + 1, name,
                     read.text());
  }
  if (!colour_model.empty() && format.samples == 3) photometric = colour_model.c_str();
  return UnpackFrame(bytes, format);
}

Result<Rescale> PixelFile::State::RescaleOf(int frame) {
  Rescale rescale;
  const auto index = static_cast<std::size_t>(frame);
  const auto read = [&](const DcmTagKey& tag, double& to) {
    std::string text = groups->Text(index, DCM_PixelValueTransformationSequence, tag);
    if (text.empty()) text = AttributeText(data_set(), tag);
    if (text.empty()) return true;
    char* end = nullptr;
    to = std::strtod(text.c_str(), &end);
    return end != text.c_str() && std::isfinite(to);
  };
  if (!read(DCM_RescaleSlope, rescale.slope) || !read(DCM_RescaleIntercept, rescale.intercept))
    return Error(ErrorCode::kInvalidInput, "Rescale Slope or Intercept is no number");
  if (rescale.slope == 0) return Error(ErrorCode::kInvalidInput, "Rescale Slope is 0");
  return rescale;
}

std::vector<bool> PixelFile::State::PaddingOf(const std::vector<std::int32_t>& samples) const {
  if (!padding) return {};
  const std::int32_t limit = padding_limit.value_or(*padding);
  const std::int32_t low = std::min(*padding, limit);
  const std::int32_t high = std::max(*padding, limit);
  std::vector<bool> is_padding(samples.size());
  for (std::size_t i = 0; i < samples.size(); ++i)
    is_padding[i] = samples[i] >= low && samples[i] <= high;
  return is_padding;
}

PixelFile::PixelFile(std::unique_ptr<State> state) : state_(std::move(state)) {}
PixelFile::PixelFile(PixelFile&&) noexcept = default;
PixelFile& PixelFile::operator=(PixelFile&&) noexcept = default;
PixelFile::~PixelFile() = default;

Result<PixelFile> PixelFile::Open(const std::string& path) {
  RegisterCodecsOnce();
  auto state = std::make_unique<State>();
  const OFCondition loaded =
      state->file.loadFile(path.c_str(), EXS_Unknown, EGL_noChange, kMaxReadBytes);
  if (loaded.bad()) return FromOFCondition(loaded);
  AXIAL_RETURN_IF_ERROR(state->ReadAttributes());
  return PixelFile(std::move(state));
}

Result<DecodedFrame> PixelFile::ReadFrame(int frame, PixelMeaning meaning) {
  if (frame < 0 || frame >= state_->frame_count)
    return MakeError(ErrorCode::kInvalidInput, "no frame {}", frame + 1);
  if (meaning == PixelMeaning::kModality &&
      (state_->format.samples != 1 || !state_->photometric.starts_with("MONOCHROME")))
    return MakeError(ErrorCode::kUnsupported, "{} pixels in a volume", state_->photometric);
  if (meaning == PixelMeaning::kModality && state_->data_set().tagExists(DCM_ModalityLUTSequence))
    return Error(ErrorCode::kUnsupported, "Modality LUT Sequence");
  AXIAL_ASSIGN_OR_RETURN(const std::vector<std::int32_t> samples, state_->ReadSamples(frame));
  AXIAL_ASSIGN_OR_RETURN(const Rescale rescale, state_->RescaleOf(frame));
  DecodedFrame decoded;
  if (meaning == PixelMeaning::kDisplay) {
    AXIAL_ASSIGN_OR_RETURN(decoded.values, state_->Luminance(samples));
  } else {
    decoded.values.assign(samples.begin(), samples.end());
    decoded.is_padding = state_->PaddingOf(samples);
  }
  for (float& value : decoded.values)
    value = static_cast<float>(value * rescale.slope + rescale.intercept);
  return decoded;
}

}  // namespace axial
