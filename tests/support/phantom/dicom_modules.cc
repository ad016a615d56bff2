#include "tests/support/phantom/dicom_modules.h"

#include <algorithm>
#include <cmath>

#include "tests/support/phantom/dataset_writer.h"

namespace axial::phantom {
namespace {

std::string Number(double value) {
  const double rounded = std::round(value * 1e6) / 1e6;
  return fmt::format("{:g}", rounded == 0.0 ? 0.0 : rounded);
}

/// A Decimal String of at most 16 characters that keeps the precision geometry needs.
std::string Decimal(double value) {
  std::string text = fmt::format("{:.7f}", value == 0.0 ? 0.0 : value);
  if (text.size() > 16) text.resize(16);
  while (text.back() == '0') text.pop_back();
  if (text.back() == '.') text.pop_back();
  return text == "-0" ? "0" : text;
}

std::string Triple(Vec3 p) {
  return fmt::format("{}\\{}\\{}", Decimal(static_cast<double>(p.x)),
                     Decimal(static_cast<double>(p.y)), Decimal(static_cast<double>(p.z)));
}

double StoredLow(const Storage& storage) {
  return storage.is_signed ? -std::exp2(storage.bits_stored - 1) : 0.0;
}
double StoredHigh(const Storage& storage) {
  return std::exp2(storage.is_signed ? storage.bits_stored - 1 : storage.bits_stored) - 1.0;
}

void PutPatientAndStudy(DatasetWriter& out, const PhantomOptions& options,
                        const PhantomStudy& study) {
  out.Text(DCM_PatientName, options.patient_name);
  out.Text(DCM_PatientID, options.patient_id.empty() ? fmt::format("AXIAL-PHANTOM-{}", options.seed)
                                                     : options.patient_id);
  out.Text(DCM_PatientBirthDate, "19700101");
  out.Text(DCM_PatientSex, "O");
  out.Text(DCM_StudyInstanceUID, study.study_uid);
  out.Text(DCM_StudyDate, "20240115");
  out.Text(DCM_StudyTime, "101500");
  out.Text(DCM_ReferringPhysicianName, "");
  out.Text(DCM_StudyID, fmt::format("{}", options.seed % 100000));
  out.Text(DCM_AccessionNumber, fmt::format("PH{}", options.seed % 100000));
  out.Text(DCM_StudyDescription, "Axial phantom");
}

void PutSeries(DatasetWriter& out, const PhantomOptions& options, const PhantomStudy& study) {
  const bool chest = options.kind != PhantomKind::kMr;
  out.Text(DCM_Modality, options.kind == PhantomKind::kCt   ? "CT"
                         : options.kind == PhantomKind::kMr ? "MR"
                                                            : "DX");
  out.Text(DCM_SeriesInstanceUID, study.series_uid);
  out.Text(DCM_SeriesNumber, "2");
  out.Text(DCM_SeriesDate, "20240115");
  out.Text(DCM_SeriesTime, "101600");
  out.Text(DCM_SeriesDescription, options.series_description);
  out.Text(DCM_BodyPartExamined, chest ? "CHEST" : "BRAIN");
  if (options.kind != PhantomKind::kDx) {
    out.Text(DCM_PatientPosition, "HFS");
    out.Text(DCM_FrameOfReferenceUID, study.series_uid + ".1");
    out.Text(DCM_PositionReferenceIndicator, "");
    out.Text(DCM_ProtocolName, chest ? "Chest" : "Head");
  }
  out.Text(DCM_Manufacturer, "Axial");
  out.Text(DCM_ManufacturerModelName, "Phantom");
  out.Text(DCM_DeviceSerialNumber, "1");
  out.Text(DCM_SoftwareVersions, "1");
}

void PutPlane(DatasetWriter& out, const PhantomImage& made, int slice) {
  const VoxelGrid& grid = made.image.grid;
  out.Text(DCM_ImagePositionPatient, Triple(grid.At(static_cast<float>(slice), 0.0F, 0.0F)));
  out.Text(DCM_ImageOrientationPatient, Triple(grid.across) + "\\" + Triple(grid.down));
  out.Text(DCM_PixelSpacing, Decimal(static_cast<double>(grid.row_spacing_mm)) + "\\" +
                                 Decimal(static_cast<double>(grid.column_spacing_mm)));
  out.Text(DCM_SliceThickness, Number(static_cast<double>(made.slice_thickness_mm)));
  const Vec3 normal = Cross(grid.across, grid.down);
  out.Text(DCM_SliceLocation,
           Decimal(static_cast<double>(Dot(normal, grid.At(static_cast<float>(slice), 0, 0)))));
}

void PutPixel(DatasetWriter& out, const PhantomImage& made, const Storage& storage) {
  out.Word(DCM_SamplesPerPixel, 1);
  out.Word(DCM_Rows, static_cast<unsigned>(made.image.grid.rows));
  out.Word(DCM_Columns, static_cast<unsigned>(made.image.grid.columns));
  out.Word(DCM_BitsAllocated, 16);
  out.Word(DCM_BitsStored, static_cast<unsigned>(storage.bits_stored));
  out.Word(DCM_HighBit, static_cast<unsigned>(storage.bits_stored - 1));
  out.Word(DCM_PixelRepresentation, storage.is_signed ? 1 : 0);
}

void PutCt(DatasetWriter& out, const PhantomOptions& options, const PhantomImage& made,
           const Storage& storage) {
  const bool axial = options.plane == Plane::kAxial;
  out.Text(DCM_ImageType, axial ? "ORIGINAL\\PRIMARY\\AXIAL" : "DERIVED\\SECONDARY\\MPR");
  out.Text(DCM_PhotometricInterpretation, "MONOCHROME2");
  out.Text(DCM_RescaleIntercept, Number(storage.intercept));
  out.Text(DCM_RescaleSlope, Number(storage.slope));
  out.Text(DCM_RescaleType, "HU");
  out.Text(DCM_KVP, "120");
  out.Text(DCM_ConvolutionKernel, "STANDARD");
  out.Text(DCM_GantryDetectorTilt, Number(static_cast<double>(options.tilt_deg)));
  out.Text(DCM_WindowCenter, "-500");
  out.Text(DCM_WindowWidth, "1500");
  if (!made.has_padding) return;
  // PS3.3 C.7.5.1.1.2: the stored value of what lies outside the reconstructed circle.
  const auto stored = static_cast<std::int16_t>(Quantise(&made.padding, 1, storage).front());
  if (storage.is_signed) {
    out.SignedWord(DCM_PixelPaddingValue, stored);
  } else {
    out.Word(DCM_PixelPaddingValue, static_cast<std::uint16_t>(stored));
  }
}

void PutMr(DatasetWriter& out) {
  out.Text(DCM_ImageType, "ORIGINAL\\PRIMARY\\OTHER");
  out.Text(DCM_PhotometricInterpretation, "MONOCHROME2");
  out.Text(DCM_ScanningSequence, "GR");
  out.Text(DCM_SequenceVariant, "SP\\MP");
  out.Text(DCM_ScanOptions, "");
  out.Text(DCM_MRAcquisitionType, "3D");
  out.Text(DCM_RepetitionTime, "2300");
  out.Text(DCM_EchoTime, "2.98");
  out.Text(DCM_EchoTrainLength, "1");
  out.Text(DCM_MagneticFieldStrength, "3");
  out.Text(DCM_WindowCenter, "450");
  out.Text(DCM_WindowWidth, "900");
}

void PutDx(DatasetWriter& out, const PhantomOptions& options, const PhantomImage& made) {
  const bool lateral = options.view == ChestView::kLateral;
  out.Text(DCM_ImageType, "ORIGINAL\\PRIMARY");
  out.Text(DCM_PresentationIntentType, "FOR PRESENTATION");
  out.Text(DCM_PhotometricInterpretation, options.monochrome1 ? "MONOCHROME1" : "MONOCHROME2");
  out.Text(DCM_PixelIntensityRelationship, "LOG");
  out.SignedWord(DCM_PixelIntensityRelationshipSign, options.monochrome1 ? -1 : 1);
  out.Text(DCM_RescaleIntercept, "0");
  out.Text(DCM_RescaleSlope, "1");
  out.Text(DCM_RescaleType, "US");
  out.Text(DCM_PresentationLUTShape, options.monochrome1 ? "INVERSE" : "IDENTITY");
  out.Text(DCM_LossyImageCompression, "00");
  out.Text(DCM_BurnedInAnnotation, "NO");
  out.Text(DCM_WindowCenter, "2048");
  out.Text(DCM_WindowWidth, "4096");
  out.Text(DCM_ImageLaterality, "U");
  out.Text(DCM_PatientOrientation, lateral ? "P\\F" : "L\\F");
  out.Text(DCM_ViewPosition, lateral ? "LL" : "PA");
  // CID 4030 and CID 4010 (PS3.16).
  out.Code(DCM_AnatomicRegionSequence, "51185008", "SCT", "Chest");
  if (lateral) {
    out.Code(DCM_ViewCodeSequence, "399173006", "SCT", "left lateral");
  } else {
    out.Code(DCM_ViewCodeSequence, "272479007", "SCT", "postero-anterior");
  }
  out.EmptySequence(DCM_AcquisitionContextSequence);
  out.Text(DCM_DetectorType, "DIRECT");
  out.Text(DCM_ImagerPixelSpacing,
           Decimal(static_cast<double>(made.image.grid.row_spacing_mm)) + "\\" +
               Decimal(static_cast<double>(made.image.grid.column_spacing_mm)));
  out.Text(DCM_PositionerType, "NONE");
}

}  // namespace

Result<Storage> PlanStorage(const PhantomOptions& options) {
  if (options.kind != PhantomKind::kCt) return Storage{false, 12, 1.0, 0.0};
  if (options.slope <= 0.0) {
    return MakeError(ErrorCode::kInvalidInput, "slope {} is not above zero", options.slope);
  }
  return Storage{options.is_signed, 16, options.slope, options.intercept};
}

std::vector<std::uint16_t> Quantise(const float* values, std::size_t count,
                                    const Storage& storage) {
  std::vector<std::uint16_t> words(count);
  const double low = StoredLow(storage), high = StoredHigh(storage);
  for (std::size_t i = 0; i < count; ++i) {
    const double stored =
        std::round((static_cast<double>(values[i]) - storage.intercept) / storage.slope);
    words[i] = static_cast<std::uint16_t>(static_cast<std::int32_t>(std::clamp(stored, low, high)));
  }
  return words;
}

float Restore(std::uint16_t word, const Storage& storage) {
  const double stored = storage.is_signed ? static_cast<double>(static_cast<std::int16_t>(word))
                                          : static_cast<double>(word);
  return static_cast<float>(stored * storage.slope + storage.intercept);
}

Status PutCommonModules(DcmDataset& dataset, const PhantomOptions& options,
                        const PhantomStudy& study) {
  DatasetWriter out(dataset);
  out.Text(DCM_SpecificCharacterSet, options.charset);
  out.Text(DCM_SOPClassUID, study.sop_class_uid);
  PutPatientAndStudy(out, options, study);
  PutSeries(out, options, study);
  return out.status();
}

Status PutImageModules(DcmDataset& dataset, const PhantomOptions& options, const PhantomImage& made,
                       const Storage& storage, const PhantomInstance& instance) {
  DatasetWriter out(dataset);
  out.Text(DCM_SOPInstanceUID, instance.sop_instance_uid);
  out.Text(DCM_InstanceNumber, fmt::format("{}", instance.instance_number));
  out.Text(DCM_AcquisitionNumber, "1");
  out.Text(DCM_AcquisitionDate, "20240115");
  out.Text(DCM_AcquisitionTime, "101700");
  out.Text(DCM_ContentDate, "20240115");
  out.Text(DCM_ContentTime, "101800");
  PutPixel(out, made, storage);
  if (options.kind != PhantomKind::kDx) PutPlane(out, made, instance.slice);
  if (options.kind == PhantomKind::kCt) PutCt(out, options, made, storage);
  if (options.kind == PhantomKind::kMr) PutMr(out);
  if (options.kind == PhantomKind::kDx) PutDx(out, options, made);
  return out.status();
}

}  // namespace axial::phantom
