#include "gateway/dispatch/failed_run.h"

namespace axial::dispatch {

store::FailureCause CauseOf(const protocol::JobFailed& failed) {
  if (failed.not_applicable) return store::FailureCause::kNotApplicable;
  switch (failed.code) {
    case ErrorCode::kExhausted:
      return store::FailureCause::kExhausted;
    case ErrorCode::kTimeout:
      return store::FailureCause::kTimeout;
    case ErrorCode::kCorrupt:
      return store::FailureCause::kBadResult;
    default:
      return store::FailureCause::kError;
  }
}

protocol::FailedModel DescribeFailedModel(const config::ModelCard& card,
                                          const std::string& digest) {
  return {card.name,
          card.version,
          digest,
          card.algorithm.name,
          card.algorithm.manufacturer,
          card.algorithm.version};
}

protocol::FailedModel DescribeMissingModel(const std::string& name, const std::string& version) {
  const std::string known = version.empty() ? "unknown" : version;
  return {name, known, "", name, "unknown", known};
}

}  // namespace axial::dispatch
