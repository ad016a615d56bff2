#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "config/config.h"
#include "core/dicom/uid.h"

namespace axial::routing {

/// Whether one Rule takes one Series, and why.
struct SeriesVerdict {
  Uid series_instance_uid;
  bool matched = false;
  /// For a person: "all conditions hold", or the first condition that failed with the value it saw
  /// ("SliceThickness is 5, wanted <= 3"; "BodyPartExamined is absent"), or the `unless` condition
  /// that held. For rows, the admin API and `axial explain`; never for logs. Values of attributes
  /// that identify the patient are written "(hidden)".
  std::string reason;
};

/// One Rule's verdict on every Series of a Study.
struct RuleDecision {
  std::string rule;
  std::string run;                   ///< the model's name
  std::vector<std::string> send_to;  ///< names of destinations
  config::Priority priority = config::Priority::kNormal;
  std::vector<SeriesVerdict> series;  ///< in the summary's order
};

/// Every Rule's verdict on a StudyRevision; each matched SeriesVerdict becomes one Job.
struct RouteDecision {
  Uid study_instance_uid;
  std::vector<RuleDecision> rules;  ///< in the configuration's order

  /// True when some Rule takes some Series.
  [[nodiscard]] bool IsRouted() const;
};

/// "urgent" | "normal" | "background"
[[nodiscard]] std::string_view PriorityName(config::Priority priority);

/// One JSON object: {"study_instance_uid", "routed", "rules": [{"rule", "run", "send_to",
/// "priority", "series": [{"series_instance_uid", "matched", "reason"}]}]}.
[[nodiscard]] std::string ToJson(const RouteDecision& decision);

}  // namespace axial::routing
