#include <dcmtk/dcmdata/dctk.h>

#include <memory>

#include "core/dicom/dcmtk_error.h"
#include "core/dicom/instance_header.h"
#include "inference/results/result_run.h"

namespace axial::results {
namespace {

Status Same(DcmItem& item, const DcmTagKey& tag, const std::string& expected) {
  if (TextOf(item, tag) == expected) return {};
  return MakeError(ErrorCode::kInvalidInput, "its {} is not the one the findings name",
                   DcmTag(tag).getTagName());
}

Status CheckAgainst(const SourceSeries& series, const SourceFrame& frame, DcmItem& header) {
  AXIAL_RETURN_IF_ERROR(Same(header, DCM_StudyInstanceUID, series.study_instance_uid.str()));
  AXIAL_RETURN_IF_ERROR(Same(header, DCM_SeriesInstanceUID, series.series_instance_uid.str()));
  AXIAL_RETURN_IF_ERROR(Same(header, DCM_SOPInstanceUID, frame.sop_instance_uid.str()));
  AXIAL_RETURN_IF_ERROR(Same(header, DCM_SOPClassUID, frame.sop_class_uid.str()));
  AXIAL_RETURN_IF_ERROR(Same(header, DCM_FrameOfReferenceUID, series.frame_of_reference_uid));
  if (frame.multi_frame) return {};
  if (!frame.image_position_patient.empty())
    AXIAL_RETURN_IF_ERROR(Same(header, DCM_ImagePositionPatient, frame.image_position_patient));
  if (!frame.image_orientation_patient.empty())
    AXIAL_RETURN_IF_ERROR(
        Same(header, DCM_ImageOrientationPatient, frame.image_orientation_patient));
  return {};
}

}  // namespace

std::string TextOf(DcmItem& item, const DcmTagKey& tag) {
  OFString text;
  if (item.findAndGetOFStringArray(tag, text).bad()) return "";
  std::string value(text.c_str(), text.size());
  // UIDs of some devices keep their padding.
  while (!value.empty() && (value.back() == '\0' || value.back() == ' ')) value.pop_back();
  return value;
}

Result<std::unique_ptr<DcmFileFormat>> ReadSourceHeader(const SourceSeries& series,
                                                        const SourceFrame& frame) {
  if (const Status checked = CheckStructure(frame.file); !checked.ok()) return checked.error();
  auto file = std::make_unique<DcmFileFormat>();
  // Long values, Pixel Data among them, stay in the file.
  const OFCondition loaded = file->loadFile(frame.file.c_str());
  if (loaded.bad()) return FromOFCondition(loaded).WithContext("{}", frame.file);
  if (const Status same = CheckAgainst(series, frame, *file->getDataset()); !same.ok())
    return same.error().WithContext("{}", frame.file);
  return file;
}

}  // namespace axial::results
