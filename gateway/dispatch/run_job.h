#pragma once

#include <string>
#include <vector>

#include "core/base/result.h"
#include "gateway/dispatch/result_wishes.h"
#include "gateway/store/job_store.h"
#include "inference/protocol/messages.h"

namespace axial::dispatch {

/// What a worker is told to do for the Job, apart from what its results replace. `directory`: made
/// by MakeOutputDirectory. Errors: NotFound (the Series has no Instance), the store's.
[[nodiscard]] Result<protocol::RunJob> MakeRunJob(const store::JobStore& jobs,
                                                  const store::Job& job, const ResultWishes& wishes,
                                                  const std::string& directory);

/// A profile's results name what one of its Destinations got, not what was sent to others.
[[nodiscard]] std::vector<protocol::Predecessor> ToPredecessors(
    const std::vector<store::EarlierArtifact>& artifacts, const ResultWishes& wishes);

}  // namespace axial::dispatch
