#pragma once

#include <string>

#include "config/config.h"
#include "core/base/clock.h"
#include "gateway/store/study_store.h"

namespace axial::assemble {

/// When a revision is complete, and by which evidence.
struct Completion {
  TimePoint due{};
  std::string evidence;  ///< association_released | quiet | at_most
};

/// The earliest of: `after_release` past the end of the last Association that sent the study,
/// `quiet` past its last Instance, `at_most` past its first. Pure. More kinds of evidence belong
/// here.
[[nodiscard]] Completion JudgeCompletion(const store::Revision& revision,
                                         const config::Completion& limits);

}  // namespace axial::assemble
