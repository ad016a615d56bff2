#pragma once

#include <dcmtk/dcmdata/dctk.h>
#include <fmt/core.h>

#include <string>

#include "inference/results/result_run.h"
#include "inference/results/written_object.h"

/// What the checks of a written Segmentation say and how they look into it.
namespace axial::results {

/// Error Corrupt, "segmentation: ...".
template <typename... Args>
[[nodiscard]] Error WrongSegmentation(fmt::format_string<Args...> format, Args&&... args) {
  return Error(ErrorCode::kCorrupt,
               "segmentation: " + fmt::format(format, std::forward<Args>(args)...));
}

[[nodiscard]] inline Status Expect(DcmItem& item, const DcmTagKey& tag,
                                   const std::string& expected) {
  return ExpectValue(item, tag, expected, "segmentation");
}

}  // namespace axial::results
