#pragma once

#include <iosfwd>
#include <vector>

#include "config/result_profile.h"
#include "tests/support/random_findings.h"
#include "tests/support/synthetic_results.h"

/// Every form a Segmentation can have, on sources of every shape.
namespace axial::testing {

struct SegmentationForm {
  const char* name;
  config::ResultProfile profile;
  bool probabilities = false;
};
void PrintTo(const SegmentationForm& form, std::ostream* stream);

[[nodiscard]] const std::vector<SegmentationForm>& EverySegmentationForm();

struct SegmentationCase {
  SegmentationForm form;
  const char* name;
  SyntheticSource source;
  RandomFindings findings;
};
void PrintTo(const SegmentationCase& one, std::ostream* stream);

/// Each form on each source.
[[nodiscard]] std::vector<SegmentationCase> EverySegmentationCase();

}  // namespace axial::testing
