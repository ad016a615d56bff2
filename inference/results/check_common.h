#pragma once

#include <string_view>

#include "core/base/result.h"
#include "inference/results/result_run.h"

/// What the checks of all result kinds look at.
namespace axial::results {

/// Patient and study are the source's byte for byte, in its character set; Equipment and
/// Contributing Equipment (IHE AIR 6.5.3.1) are the algorithm's; what every object must have has a
/// value. `object`: what messages call it. Error: Corrupt.
[[nodiscard]] Status CheckCommonModules(const ResultRun& run, DcmItem& dataset,
                                        std::string_view object);

}  // namespace axial::results
