#pragma once

#include <string>
#include <vector>

#include "core/base/result.h"
#include "inference/volume/source_series.h"

namespace axial::results {

/// What can be said of a Series that no model ran on, from those of its headers that can be read:
/// the Instances a failure report refers to, in the order of the files. Rows, columns and geometry
/// stay empty. Instances of another Series or Frame of Reference than the first are left out.
/// Error: InvalidInput (no header can be read; Instances of two patients: a document names one).
[[nodiscard]] Result<SourceSeries> DescribeFailedSeries(const std::vector<std::string>& files);

}  // namespace axial::results
