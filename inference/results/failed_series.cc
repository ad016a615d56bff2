#include "inference/results/failed_series.h"

#include <optional>

#include "core/dicom/instance_header.h"
#include "core/dicom/patient_identity.h"

namespace axial::results {
namespace {

SourceFrame FrameOf(const std::string& file, const InstanceHeader& header) {
  return {.file = file,
          .sop_class_uid = header.sop_class_uid,
          .sop_instance_uid = header.sop_instance_uid,
          .frame_number = 1,
          .multi_frame = header.frames > 1,
          .image_position_patient = {},
          .image_orientation_patient = {},
          .pixel_spacing = {},
          .slice_thickness = {},
          .position_mm = 0};
}

SourceSeries SeriesOf(const InstanceHeader& header) {
  return {.study_instance_uid = header.study_instance_uid,
          .series_instance_uid = header.series_instance_uid,
          .modality = FirstValue(header.attributes, "Modality"),
          .frame_of_reference_uid = FirstValue(header.attributes, "FrameOfReferenceUID"),
          .rows = 0,
          .columns = 0,
          .frames = {},
          .lossy = false};
}

}  // namespace

Result<SourceSeries> DescribeFailedSeries(const std::vector<std::string>& files) {
  std::optional<SourceSeries> series;
  OnePatient patient;
  for (const std::string& file : files) {
    const Result<InstanceHeader> header = ReadInstanceHeader(file);
    if (!header.ok()) continue;
    AXIAL_RETURN_IF_ERROR(
        patient.Add(PatientIdentityOf(header->attributes), header->sop_instance_uid.str()));
    if (!series) series = SeriesOf(*header);
    if (header->study_instance_uid == series->study_instance_uid &&
        header->series_instance_uid == series->series_instance_uid &&
        FirstValue(header->attributes, "FrameOfReferenceUID") == series->frame_of_reference_uid)
      series->frames.push_back(FrameOf(file, *header));
  }
  if (!series)
    return MakeError(ErrorCode::kInvalidInput, "none of the {} files of the Series can be read",
                     files.size());
  return *std::move(series);
}

}  // namespace axial::results
