#include "tests/support/synthetic_series.h"

#include <dcmtk/config/osconfig.h>
#include <dcmtk/dcmdata/dctk.h>
#include <fmt/format.h>

#include <cstdio>
#include <cstdlib>

#include "inference/volume/vector3.h"

namespace axial::testing {
namespace {

void Must(const OFCondition& condition) {
  if (condition.good()) return;
  std::fprintf(stderr, "synthetic series: %s\n", condition.text());
  std::abort();
}

std::string Join(const Vector3& v) {
  return fmt::format("{:.10g}\\{:.10g}\\{:.10g}", v[0], v[1], v[2]);
}

void PutText(DcmDataset& to, const DcmTagKey& tag, const std::string& text) {
  Must(to.putAndInsertString(tag, text.c_str()));
}

void PutGeometry(DcmDataset& to, const Geometry& g, int slice) {
  PutText(to, DCM_ImagePositionPatient, Join(g.At(slice, 0, 0)));
  PutText(to, DCM_ImageOrientationPatient,
          Join(Unit(g.column_step)) + "\\" + Join(Unit(g.row_step)));
  PutText(to, DCM_PixelSpacing,
          fmt::format("{:.10g}\\{:.10g}", g.RowSpacingMm(), g.ColumnSpacingMm()));
  PutText(to, DCM_SliceThickness, fmt::format("{:.6g}", g.SliceGapMm()));
  PutText(to, DCM_FrameOfReferenceUID, "1.2.826.0.1.3680043.8.498.1.3");
}

void PutPixels(DcmDataset& to, const SyntheticSeries& series, int slice) {
  const GridSize& size = series.geometry.size;
  std::vector<Uint16> pixels;
  for (int r = 0; r < size.rows; ++r)
    for (int c = 0; c < size.columns; ++c)
      pixels.push_back(
          static_cast<Uint16>(series.stored(slice, r, c) & ((1 << series.bits_stored) - 1)));
  Must(to.putAndInsertUint16(DCM_Rows, static_cast<Uint16>(size.rows)));
  Must(to.putAndInsertUint16(DCM_Columns, static_cast<Uint16>(size.columns)));
  Must(to.putAndInsertUint16(DCM_SamplesPerPixel, 1));
  Must(to.putAndInsertUint16(DCM_BitsAllocated, 16));
  Must(to.putAndInsertUint16(DCM_BitsStored, static_cast<Uint16>(series.bits_stored)));
  Must(to.putAndInsertUint16(DCM_HighBit, static_cast<Uint16>(series.bits_stored - 1)));
  Must(to.putAndInsertUint16(DCM_PixelRepresentation, series.is_signed ? 1 : 0));
  PutText(to, DCM_PhotometricInterpretation, "MONOCHROME2");
  PutText(to, DCM_RescaleSlope, fmt::format("{:.10g}", series.slope));
  PutText(to, DCM_RescaleIntercept, fmt::format("{:.10g}", series.intercept));
  Must(to.putAndInsertUint16Array(DCM_PixelData, pixels.data(), pixels.size()));
}

}  // namespace

Geometry AxialGeometry(GridSize size, double column_mm, double row_mm, double slice_mm) {
  return {size, {-10, -20, 30}, {column_mm, 0, 0}, {0, row_mm, 0}, {0, 0, slice_mm}};
}

std::vector<std::string> WriteSeries(const SyntheticSeries& series, const std::string& folder) {
  std::vector<std::string> files;
  const int slices = series.geometry.size.slices;
  for (int s = 0; s < slices; ++s) {
    DcmFileFormat format;
    DcmDataset& to = *format.getDataset();
    PutText(to, DCM_SOPClassUID, series.modality == "CT" ? UID_CTImageStorage : UID_MRImageStorage);
    PutText(to, DCM_SOPInstanceUID, fmt::format("{}.{}", series.series_uid, s + 1));
    PutText(to, DCM_StudyInstanceUID, "1.2.826.0.1.3680043.8.498.1.1");
    PutText(to, DCM_SeriesInstanceUID, series.series_uid);
    PutText(to, DCM_Modality, series.modality);
    PutText(to, DCM_PatientID, "TEST");
    PutText(to, DCM_PatientName, "Test^Phantom");
    PutText(to, DCM_ImageType, "ORIGINAL\\PRIMARY\\AXIAL");
    const int number = series.shuffle_instance_numbers ? (s * 7 + 3) % slices + 1 : s + 1;
    PutText(to, DCM_InstanceNumber, fmt::format("{}", number));
    PutGeometry(to, series.geometry, s);
    PutPixels(to, series, s);
    const std::string file =
        fmt::format("{}/slice-{:03}.dcm", folder, (s * 5 + 2) % slices * 10 + s % 10);
    Must(format.saveFile(file.c_str(), EXS_LittleEndianExplicit));
    files.push_back(file);
  }
  return files;
}

void EditFile(const std::string& file, const std::string& keyword, const std::string& value) {
  DcmFileFormat format;
  Must(format.loadFile(file.c_str()));
  Must(format.loadAllDataIntoMemory());
  DcmTag tag;
  Must(DcmTag::findTagFromName(keyword.c_str(), tag));
  DcmDataset& to = *format.getDataset();
  if (value.empty()) {
    delete to.remove(tag);
  } else {
    if (tag.getEVR() == EVR_xs) tag.setVR(DcmVR(EVR_SS));  // US or SS: by Pixel Representation
    DcmElement* element = nullptr;
    Must(DcmItem::newDicomElementWithVR(element, tag));
    Must(element->putString(value.c_str()));
    Must(to.insert(element, OFTrue));
  }
  const E_TransferSyntax syntax = to.getOriginalXfer();
  Must(format.saveFile(file.c_str(), syntax));
}

}  // namespace axial::testing
