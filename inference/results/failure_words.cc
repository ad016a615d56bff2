#include "inference/results/failure_words.h"

#include <dcmtk/dcmdata/dctk.h>
#include <fmt/core.h>

#include "inference/results/written_object.h"

namespace axial::results {
namespace {

std::string SeriesTitle(const ResultRun& run) {
  return run.text.Own(FailureTitle(run), 64, fmt::format("AI could not run: {}", run.card.name));
}

CodedConcept Outcome(const ResultRun& run) {
  if (run.options.failure->not_applicable) return {"111225", "DCM", "Not Attempted"};
  return {"111224", "DCM", "Failed"};
}

}  // namespace

std::string FailureTitle(const ResultRun& run) {
  return fmt::format("AI could not run: {}", AlgorithmTitle(run.card));
}

std::string FailureStatement(const ResultRun& run) {
  return fmt::format(
      "{} could not run on this series. This is no result: nothing is said about what the images "
      "show.",
      AlgorithmTitle(run.card));
}

std::string FailureReason(const ResultRun& run) { return "Reason: " + run.options.failure->reason; }

void PutFailureTitle(const ResultRun& run, AttributeWriter& writer) {
  writer.Put(DCM_SeriesDescription, SeriesTitle(run));
}

void PutCodedFailureTitle(const ResultRun& run, AttributeWriter& writer) {
  PutFailureTitle(run, writer);
  writer.AddCode(DCM_SeriesDescriptionCodeSequence, Outcome(run));
}

Status CheckFailureTitle(const ResultRun& run, DcmItem& dataset, std::string_view object) {
  DcmItem* code = ItemOf(dataset, DCM_SeriesDescriptionCodeSequence);
  if (!run.options.failure) {
    if (code != nullptr)
      return MakeError(ErrorCode::kCorrupt, "{}: a result whose Series is coded as a failure",
                       object);
    return {};
  }
  AXIAL_RETURN_IF_ERROR(ExpectValue(dataset, DCM_SeriesDescription, SeriesTitle(run), object));
  if (code == nullptr)
    return MakeError(ErrorCode::kCorrupt, "{}: the failure is not coded", object);
  const CodedConcept outcome = Outcome(run);
  AXIAL_RETURN_IF_ERROR(ExpectValue(*code, DCM_CodeValue, outcome.value, object));
  return ExpectValue(*code, DCM_CodingSchemeDesignator, outcome.scheme, object);
}

}  // namespace axial::results
