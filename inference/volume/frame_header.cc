#include "inference/volume/frame_header.h"

#include <dcmtk/config/osconfig.h>
#include <dcmtk/dcmdata/dcpixel.h>
#include <dcmtk/dcmdata/dcpixseq.h>
#include <dcmtk/dcmdata/dctk.h>

#include <cmath>
#include <cstdlib>

#include "core/dicom/dcmtk_error.h"
#include "core/dicom/instance_header.h"
#include "inference/volume/functional_groups.h"
#include "inference/volume/vector3.h"

namespace axial {
namespace {

/// Values longer than this stay in the file while its header is read.
constexpr Uint32 kMaxReadBytes = 4096;

/// `count` decimal strings separated by backslashes; nothing when one is not a finite number.
template <std::size_t count>
std::optional<std::array<double, count>> NumbersOf(const std::string& text) {
  std::array<double, count> numbers{};
  const char* at = text.c_str();
  for (std::size_t i = 0; i < count; ++i) {
    char* end = nullptr;
    numbers[i] = std::strtod(at, &end);
    if (end == at || !std::isfinite(numbers[i])) return std::nullopt;
    while (*end == ' ') ++end;
    if (*end != (i + 1 < count ? '\\' : '\0')) return std::nullopt;
    at = end + 1;
  }
  return numbers;
}

/// Two perpendicular unit vectors, within what devices round to; nothing otherwise.
std::optional<PlaneOrientation> OrientationOf(const std::string& text) {
  const auto numbers = NumbersOf<6>(text);
  if (!numbers) return std::nullopt;
  const auto& n = *numbers;
  const PlaneOrientation raw{{n[0], n[1], n[2]}, {n[3], n[4], n[5]}};
  constexpr double kTolerance = 0.01;
  if (std::abs(Length(raw.row) - 1) > kTolerance || std::abs(Length(raw.column) - 1) > kTolerance ||
      std::abs(Dot(raw.row, raw.column)) > kTolerance)
    return std::nullopt;
  return PlaneOrientation{Unit(raw.row), Unit(raw.column)};
}

double PositiveNumber(const std::string& text) {
  const auto number = NumbersOf<1>(text);
  return number && (*number)[0] > 0 ? (*number)[0] : 0;
}

void ReadGeometry(FunctionalGroups& groups, std::size_t index, FrameHeader& frame) {
  frame.source.image_position_patient =
      groups.Text(index, DCM_PlanePositionSequence, DCM_ImagePositionPatient);
  frame.source.image_orientation_patient =
      groups.Text(index, DCM_PlaneOrientationSequence, DCM_ImageOrientationPatient);
  frame.source.pixel_spacing = groups.Text(index, DCM_PixelMeasuresSequence, DCM_PixelSpacing);
  frame.source.slice_thickness = groups.Text(index, DCM_PixelMeasuresSequence, DCM_SliceThickness);
  frame.slice_distance_mm =
      PositiveNumber(groups.Text(index, DCM_PixelMeasuresSequence, DCM_SpacingBetweenSlices));
  if (frame.slice_distance_mm == 0)
    frame.slice_distance_mm = PositiveNumber(frame.source.slice_thickness);
  if (const auto p = NumbersOf<3>(frame.source.image_position_patient)) frame.position = *p;
  frame.orientation = OrientationOf(frame.source.image_orientation_patient);
  if (const auto s = NumbersOf<2>(frame.source.pixel_spacing); s && (*s)[0] > 0 && (*s)[1] > 0)
    frame.spacing_mm = *s;
}

/// Frame Type of an enhanced object lives in a group named after the kind of image.
std::string FrameTypeOf(FunctionalGroups& groups, DcmDataset& data_set, std::size_t index) {
  if (groups.present()) {
    for (const DcmTagKey& group : {DCM_CTImageFrameTypeSequence, DCM_MRImageFrameTypeSequence})
      if (std::string text = groups.Text(index, group, DCM_FrameType); !text.empty()) return text;
  }
  return AttributeText(data_set, DCM_ImageType);
}

Result<Uid> UidOf(DcmDataset& data_set, const DcmTagKey& tag, const std::string& file) {
  Result<Uid> uid = Uid::Parse(AttributeText(data_set, tag));
  if (!uid.ok())
    return uid.error().WithContext("{}: {}", FileLabel(file), DcmTag(tag).getTagName());
  return uid;
}

Result<std::size_t> FrameCountOf(DcmDataset& data_set, const std::string& file,
                                 std::size_t max_frames) {
  const std::string text = AttributeText(data_set, DCM_NumberOfFrames);
  if (text.empty()) return std::size_t{1};
  const auto number = NumbersOf<1>(text);
  if (!number || (*number)[0] < 1 || (*number)[0] != std::floor((*number)[0]))
    return MakeError(ErrorCode::kInvalidInput, "{}: Number of Frames is broken", FileLabel(file));
  if ((*number)[0] > static_cast<double>(max_frames))
    return MakeError(ErrorCode::kExhausted, "{}: more than {} frames", FileLabel(file), max_frames);
  return static_cast<std::size_t>((*number)[0]);
}

/// Whether the pixels can be those that the header promises, before memory of that size is taken.
/// How long decompressed pixels are is known only afterwards, but each frame has a fragment.
Status CheckPixelData(DcmDataset& data_set, const FrameHeader& common, std::size_t frames,
                      const std::string& file) {
  DcmElement* pixels = nullptr;
  if (data_set.findAndGetElement(DCM_PixelData, pixels).bad() || pixels == nullptr)
    return MakeError(ErrorCode::kInvalidInput, "{}: no Pixel Data (7FE0,0010)", FileLabel(file));
  const E_TransferSyntax syntax = data_set.getOriginalXfer();
  DcmPixelSequence* fragments = nullptr;
  if (auto* pixel_data = dynamic_cast<DcmPixelData*>(pixels);
      pixel_data != nullptr &&
      pixel_data->getEncapsulatedRepresentation(syntax, nullptr, fragments).good() &&
      fragments != nullptr) {
    const auto count = static_cast<std::size_t>(fragments->card());  // with the offset table
    if (count <= frames)
      return MakeError(ErrorCode::kInvalidInput, "{}: {} frames, but {} fragments of Pixel Data",
                       FileLabel(file), frames, count == 0 ? 0 : count - 1);
    return {};
  }
  Uint16 bits = 0;
  Uint16 samples = 1;
  if (data_set.findAndGetUint16(DCM_BitsAllocated, bits).bad() || bits == 0)
    return MakeError(ErrorCode::kInvalidInput, "{}: Bits Allocated missing", FileLabel(file));
  if (data_set.findAndGetUint16(DCM_SamplesPerPixel, samples).bad()) samples = 1;
  if (common.photometric_interpretation == "YBR_FULL_422") samples = 2;  // of two pixels, one each
  // As real numbers: the product of the largest values has more than 64 bits.
  const double promised = std::floor(static_cast<double>(common.rows) * common.columns * samples *
                                     static_cast<double>(frames) * bits / 8);
  const Uint32 there = pixels->getLengthField();
  if (static_cast<double>(there) < promised)
    return MakeError(
        ErrorCode::kInvalidInput,
        "{}: Pixel Data has {} bytes, but {} rows x {} columns x {} samples of {} bits "
        "in {} frames are {:.0f}",
        FileLabel(file), there, common.rows, common.columns, samples, bits, frames, promised);
  return {};
}

/// What all frames of the file share.
Result<FrameHeader> CommonHeader(DcmDataset& data_set, const std::string& file) {
  AXIAL_ASSIGN_OR_RETURN(Uid sop_class, UidOf(data_set, DCM_SOPClassUID, file));
  AXIAL_ASSIGN_OR_RETURN(Uid sop_instance, UidOf(data_set, DCM_SOPInstanceUID, file));
  FrameHeader common{.source = {.file = file,
                                .sop_class_uid = std::move(sop_class),
                                .sop_instance_uid = std::move(sop_instance),
                                .image_position_patient = {},
                                .image_orientation_patient = {},
                                .pixel_spacing = {},
                                .slice_thickness = {}},
                     .position = {},
                     .orientation = {},
                     .spacing_mm = {},
                     .frame_type = {},
                     .photometric_interpretation = {},
                     .frame_of_reference_uid = {}};
  Uint16 rows = 0;
  Uint16 columns = 0;
  if (data_set.findAndGetUint16(DCM_Rows, rows).bad() ||
      data_set.findAndGetUint16(DCM_Columns, columns).bad() || rows == 0 || columns == 0)
    return MakeError(ErrorCode::kInvalidInput, "{}: no image (Rows or Columns missing)",
                     FileLabel(file));
  common.rows = rows;
  common.columns = columns;
  common.photometric_interpretation = AttributeText(data_set, DCM_PhotometricInterpretation);
  common.frame_of_reference_uid = AttributeText(data_set, DCM_FrameOfReferenceUID);
  return common;
}

}  // namespace

std::string FileLabel(const std::string& file) { return file.substr(file.find_last_of('/') + 1); }

Result<InstanceFrames> ReadInstanceFrames(const std::string& file, std::size_t max_frames) {
  const Result<InstanceHeader> header = ReadInstanceHeader(file);
  if (!header.ok()) return header.error().WithContext("{}", FileLabel(file));
  DcmFileFormat format;
  if (const OFCondition loaded =
          format.loadFile(file.c_str(), EXS_Unknown, EGL_noChange, kMaxReadBytes);
      loaded.bad())
    return FromOFCondition(loaded).WithContext("{}", FileLabel(file));
  DcmDataset& data_set = *format.getDataset();
  AXIAL_ASSIGN_OR_RETURN(const FrameHeader common, CommonHeader(data_set, file));
  AXIAL_ASSIGN_OR_RETURN(const std::size_t count, FrameCountOf(data_set, file, max_frames));
  AXIAL_RETURN_IF_ERROR(CheckPixelData(data_set, common, count, file));
  FunctionalGroups groups(data_set);
  if (!groups.Covers(count))
    return MakeError(ErrorCode::kInvalidInput, "{}: {} frames but fewer functional groups",
                     FileLabel(file), count);
  InstanceFrames instance{header->study_instance_uid,
                          header->series_instance_uid,
                          AttributeText(data_set, DCM_Modality),
                          AttributeText(data_set, DCM_LossyImageCompression) == "01",
                          {},
                          AttributeText(data_set, DCM_Units),
                          AttributeText(data_set, DCM_SUVType),
                          PatientIdentityOf(header->attributes)};
  for (std::size_t i = 0; i < count; ++i) {
    FrameHeader frame = common;
    frame.source.frame_number = static_cast<int>(i) + 1;
    frame.source.multi_frame = count > 1 || groups.present();
    frame.frame_type = FrameTypeOf(groups, data_set, i);
    // A multi-frame object without functional groups has one position for all frames: none is its
    // own.
    if (count == 1 || groups.present()) ReadGeometry(groups, i, frame);
    instance.frames.push_back(std::move(frame));
  }
  return instance;
}

}  // namespace axial
