#include "gateway/deliver/dicom_query.h"

#include <dcmtk/config/osconfig.h>
#include <dcmtk/dcmdata/dctk.h>

#include <algorithm>
#include <array>
#include <optional>
#include <string_view>

namespace axial::deliver {
namespace {

constexpr std::size_t kMaxSeries = 10'000;

Status JudgeFindStatus(const DimseCommand& response) {
  if (response.status == 0x0000) return {};
  const bool later = (response.status & 0xff00) == 0xa700;
  return MakeError(later ? ErrorCode::kExhausted : ErrorCode::kUnsupported,
                   "C-FIND answered status {:04X}H{}{}", response.status,
                   response.error_comment.empty() ? "" : ": ", response.error_comment);
}

std::string TextOf(DcmItem& identifier, const DcmTagKey& tag) {
  OFString text;
  if (identifier.findAndGetOFString(tag, text).bad()) return "";
  return std::string(text.c_str());
}

/// Not images that a modality sends (PS3.3 C.7.3.1.1.1).
bool IsResultOrDocument(std::string_view modality) {
  constexpr std::array<std::string_view, 11> kOthers = {
      "SEG", "SR", "PR", "KO", "DOC", "RTSTRUCT", "RTPLAN", "RTDOSE", "REG", "FID", "PLAN"};
  return std::find(kOthers.begin(), kOthers.end(), modality) != kOthers.end();
}

}  // namespace

Result<Result<bool>> HasInstance(DicomAssociation& association, std::uint8_t context_id,
                                 const store::Delivery& artifact) {
  DcmDataset identifier;
  identifier.putAndInsertString(DCM_QueryRetrieveLevel, "IMAGE");
  identifier.putAndInsertString(DCM_StudyInstanceUID, artifact.study_uid.c_str());
  identifier.putAndInsertString(DCM_SeriesInstanceUID, artifact.series_uid.c_str());
  identifier.putAndInsertString(DCM_SOPInstanceUID, artifact.sop_instance_uid.c_str());
  bool found = false;
  AXIAL_ASSIGN_OR_RETURN(const DimseCommand response,
                         association.Find(context_id, identifier, [&](DcmItem& match) {
                           if (TextOf(match, DCM_SOPInstanceUID) == artifact.sop_instance_uid)
                             found = true;
                         }));
  const Status answered = JudgeFindStatus(response);
  return answered.ok() ? Result<bool>(found) : Result<bool>(answered.error());
}

Result<SeriesCounts> CountSeries(DicomAssociation& association, std::uint8_t context_id,
                                 const std::string& study_uid) {
  DcmDataset identifier;
  identifier.putAndInsertString(DCM_QueryRetrieveLevel, "SERIES");
  identifier.putAndInsertString(DCM_StudyInstanceUID, study_uid.c_str());
  for (const DcmTagKey& wanted :
       {DCM_SeriesInstanceUID, DCM_Modality, DCM_NumberOfSeriesRelatedInstances})
    identifier.insertEmptyElement(wanted);
  SeriesCounts counts;
  bool untold = false;
  bool too_many = false;
  AXIAL_ASSIGN_OR_RETURN(
      const DimseCommand response, association.Find(context_id, identifier, [&](DcmItem& match) {
        const std::string series_uid = TextOf(match, DCM_SeriesInstanceUID);
        if (series_uid.empty() || IsResultOrDocument(TextOf(match, DCM_Modality))) return;
        Sint32 instances = 0;
        if (match.findAndGetSint32(DCM_NumberOfSeriesRelatedInstances, instances).bad() ||
            instances < 1)
          untold = true;
        else if (counts.size() < kMaxSeries)
          counts[series_uid] = instances;
        else
          too_many = true;
      }));
  AXIAL_RETURN_IF_ERROR(JudgeFindStatus(response));
  if (too_many)
    return MakeError(ErrorCode::kCorrupt, "it says that the Study has more than {} Series",
                     kMaxSeries);
  if (untold)
    return Error(ErrorCode::kUnsupported, "it tells no Number of Series Related Instances");
  return counts;
}

}  // namespace axial::deliver
