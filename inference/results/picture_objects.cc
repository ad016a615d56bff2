#include "inference/results/picture_objects.h"

#include <dcmtk/dcmdata/dctk.h>
#include <fmt/core.h>

#include "inference/results/check_common.h"
#include "inference/results/written_object.h"

namespace axial::results {

void PutBodyPart(const ResultRun& run, AttributeWriter& writer) {
  const std::string body_part = TextOf(run.source, DCM_BodyPartExamined);
  std::string laterality = TextOf(run.source, DCM_Laterality);
  // Radiographs say it of each image (PS3.3 C.8.11.8), and a Series may show both sides.
  const std::string image = TextOf(run.source, DCM_ImageLaterality);
  if (laterality.empty() && run.findings.source.frames.size() == 1 &&
      (image == "L" || image == "R"))
    laterality = image;
  if (!body_part.empty()) writer.Put(DCM_BodyPartExamined, body_part);
  // Type 2C: asked for where the body part may be one of a pair; "U" is none.
  const bool of_pair = !image.empty() && image != "U";
  if (body_part.empty() || of_pair || run.source.tagExists(DCM_Laterality))
    writer.Put(DCM_Laterality, laterality);
}

void PutFrameReference(const SourceFrame& frame, AttributeWriter& item) {
  item.Put(DCM_ReferencedSOPClassUID, frame.sop_class_uid.str());
  item.Put(DCM_ReferencedSOPInstanceUID, frame.sop_instance_uid.str());
  if (frame.multi_frame) item.Put(DCM_ReferencedFrameNumber, fmt::format("{}", frame.frame_number));
}

void PutSourceImage(const SourceFrame& frame, const DcmTagKey& sequence, AttributeWriter& writer) {
  AttributeWriter image = writer.AddItem(sequence);
  PutFrameReference(frame, image);
  image.AddCode(DCM_PurposeOfReferenceCodeSequence,
                {"121322", "DCM", "Source image for image processing operation"});
}

Status CheckSourceImage(const SourceFrame& frame, const DcmTagKey& sequence, DcmItem& dataset,
                        std::string_view object) {
  DcmItem* image = ItemOf(dataset, sequence);
  if (image == nullptr) return MakeError(ErrorCode::kCorrupt, "{}: no source image", object);
  AXIAL_RETURN_IF_ERROR(
      ExpectValue(*image, DCM_ReferencedSOPClassUID, frame.sop_class_uid.str(), object));
  AXIAL_RETURN_IF_ERROR(
      ExpectValue(*image, DCM_ReferencedSOPInstanceUID, frame.sop_instance_uid.str(), object));
  return ExpectValue(*image, DCM_ReferencedFrameNumber,
                     frame.multi_frame ? fmt::format("{}", frame.frame_number) : "", object);
}

Status CheckPictureObject(const ResultRun& run, DcmItem& dataset, std::string_view object) {
  for (const DcmTagKey& tag : {DCM_ContentDate, DCM_ContentTime})
    if (!dataset.tagExistsWithValue(tag))
      return MakeError(ErrorCode::kCorrupt, "{}: {} has no value", object,
                       DcmTag(tag).getTagName());
  return CheckCommonModules(run, dataset, object);
}

Status CheckContentUid(const ResultRun& run, const std::string& role, DcmDataset& dataset,
                       std::string_view object) {
  const std::string instance = TextOf(dataset, DCM_SOPInstanceUID);
  for (const DcmTagKey& tag :
       {DCM_SOPInstanceUID, DCM_InstanceCreationDate, DCM_InstanceCreationTime, DCM_SeriesDate,
        DCM_SeriesTime, DCM_ContentDate, DCM_ContentTime})
    dataset.findAndDeleteElement(tag);
  AXIAL_ASSIGN_OR_RETURN(const std::string digest, DigestOf(dataset));
  if (RunUid(run, role + "|" + digest).str() != instance)
    return MakeError(ErrorCode::kCorrupt, "{}: its content is not what was made", object);
  return {};
}

}  // namespace axial::results
