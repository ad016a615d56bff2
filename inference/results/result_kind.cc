#include "inference/results/result_kind.h"

#include "inference/results/check_report.h"
#include "inference/results/check_rt_structure_set.h"
#include "inference/results/check_segmentation.h"
#include "inference/results/encapsulated_pdf.h"
#include "inference/results/key_object_selection.h"
#include "inference/results/presentation_state.h"
#include "inference/results/rt_structure_set.h"
#include "inference/results/secondary_capture.h"
#include "inference/results/segmentation.h"
#include "inference/results/structured_report.h"

namespace axial::results {

const std::vector<ResultKind>& ResultKinds() {
  static const std::vector<ResultKind> kinds = {
      {kSegmentationKind, SegmentationVariant, WriteSegmentation, CheckSegmentation},
      {"sr", ReportVariant, WriteReport, CheckReport, nullptr, /*tells_failures=*/true},
      {"secondary_capture", SecondaryCaptureVariant, WriteSecondaryCapture, CheckSecondaryCapture,
       SecondaryCaptureFiles, /*tells_failures=*/true},
      {"rt_structure_set", RtStructureSetVariant, WriteRtStructureSet, CheckRtStructureSet},
      {"pdf", PdfVariant, WritePdf, CheckPdf, nullptr, /*tells_failures=*/true},
      {"key_objects", KeyObjectsVariant, WriteKeyObjects, CheckKeyObjects},
      {kPresentationStateKind, PresentationStateVariant, WritePresentationState,
       CheckPresentationState},
  };
  return kinds;
}

}  // namespace axial::results
