#pragma once

#include <vector>

#include "config/result_profile.h"
#include "inference/results/result_run.h"

namespace axial::results {

/// The slices that pictures show, ascending positions in SourceSeries::frames, never empty.
///
/// Key slices: for each segment the slice with most of it, then evenly spread ones among those that
/// have any segment, up to 12; for answers, the images they are about; with neither, the middle
/// one. Every slice: all of them, beyond 1,000 evenly thinned.
[[nodiscard]] std::vector<int> SlicesToShow(const ResultRun& run,
                                            config::ResultProfile::Slices slices);

}  // namespace axial::results
