#pragma once

#include <string>

#include "config/model_card.h"
#include "gateway/store/failure_cause.h"
#include "inference/protocol/messages.h"

namespace axial::dispatch {

/// Why a run failed whose worker said so itself.
[[nodiscard]] store::FailureCause CauseOf(const protocol::JobFailed& failed);

/// What a failure report says of a model with this card. `digest`: "" when it was never loaded.
[[nodiscard]] protocol::FailedModel DescribeFailedModel(const config::ModelCard& card,
                                                        const std::string& digest);

/// What a failure report says of a model that is not there any more: the name by which the rule
/// asks for it and the version it had when the study was routed; "unknown" where nothing is known.
[[nodiscard]] protocol::FailedModel DescribeMissingModel(const std::string& name,
                                                         const std::string& version);

}  // namespace axial::dispatch
