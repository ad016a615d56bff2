#include "inference/results/check_common.h"

#include <dcmtk/dcmdata/dctk.h>

#include "inference/results/composite_context.h"
#include "inference/results/written_object.h"

namespace axial::results {
namespace {

Status CheckEquipment(const ResultRun& run, DcmItem& dataset, std::string_view object) {
  DcmItem* contributing = ItemOf(dataset, DCM_ContributingEquipmentSequence);
  DcmItem* purpose =
      contributing == nullptr ? nullptr : ItemOf(*contributing, DCM_PurposeOfReferenceCodeSequence);
  if (purpose == nullptr)
    return MakeError(ErrorCode::kCorrupt,
                     "{}: ContributingEquipmentSequence does not name the "
                     "algorithm",
                     object);
  AXIAL_RETURN_IF_ERROR(ExpectValue(*purpose, DCM_CodeValue, "109102", object));
  AXIAL_RETURN_IF_ERROR(
      ExpectValue(*contributing, DCM_DeviceUID, AlgorithmDeviceUid(run).str(), object));
  for (DcmItem* item : {&dataset, contributing}) {
    AXIAL_RETURN_IF_ERROR(ExpectValue(*item, DCM_Manufacturer, AlgorithmManufacturer(run), object));
    AXIAL_RETURN_IF_ERROR(
        ExpectValue(*item, DCM_ManufacturerModelName, AlgorithmName(run), object));
    AXIAL_RETURN_IF_ERROR(ExpectValue(*item, DCM_SoftwareVersions, AlgorithmVersion(run), object));
  }
  return {};
}

}  // namespace

Status CheckCommonModules(const ResultRun& run, DcmItem& dataset, std::string_view object) {
  AXIAL_RETURN_IF_ERROR(ExpectValue(dataset, DCM_StudyInstanceUID,
                                    run.findings.source.study_instance_uid.str(), object));
  AXIAL_RETURN_IF_ERROR(
      ExpectValue(dataset, DCM_SpecificCharacterSet, run.text.character_set(), object));
  for (const DcmTagKey& tag :
       {DCM_SOPInstanceUID, DCM_SeriesInstanceUID, DCM_SeriesNumber, DCM_InstanceNumber,
        DCM_SeriesDate, DCM_SeriesTime, DCM_InstanceCreationDate, DCM_DeviceSerialNumber})
    if (!dataset.tagExistsWithValue(tag))
      return MakeError(ErrorCode::kCorrupt, "{}: {} has no value", object,
                       DcmTag(tag).getTagName());
  if (const Status same = CompareCompositeContext(run.source, dataset); !same.ok())
    return same.error().WithContext("{}", object);
  return CheckEquipment(run, dataset, object);
}

}  // namespace axial::results
