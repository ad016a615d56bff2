#pragma once

#include <map>
#include <string>
#include <vector>

#include "tests/sim/policy.h"
#include "tests/sim/sender.h"

namespace axial::sim {

/// How a policy did, over all Studies or those of one behaviour.
struct Score {
  int series = 0;
  int premature_series = 0;  ///< taken for complete, and then got an Instance
  int studies = 0;
  int premature_studies = 0;  ///< taken for complete before the sender's transfer was over
  int reopened_studies = 0;   ///< taken for complete before a Series that came minutes later
  int never_closed = 0;       ///< Series and Studies that nothing ever closed: a defect
  std::vector<double> series_seconds;  ///< from its last Instance until it was closed for good
  std::vector<double> study_seconds;
};

struct Report {
  std::string policy;
  Score all;
  std::map<std::string, Score> by_behaviour;
};

/// Plays the corpus to the policy, event by event, all senders side by side.
[[nodiscard]] Report Play(const std::string& name, const std::vector<SentStudy>& corpus,
                          Policy& policy);

/// The value that `share` (0 to 1) of the values do not exceed; 0 without values.
[[nodiscard]] double Quantile(std::vector<double> values, double share);

/// Axial and the fixed times of its peers over the corpus.
[[nodiscard]] std::vector<Report> PlayAll(const std::vector<SentStudy>& corpus);

}  // namespace axial::sim
