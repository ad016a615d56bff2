#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "core/base/clock.h"

namespace axial::assemble {

/// What an archive that gets a Study from the same sender says that it consists of (C-FIND, Study
/// Root, PS3.4 C.6.2). Series of results and documents are left out.
struct ArchiveCounts {
  std::string archive;  ///< for people: the destination's name
  TimePoint asked_at{};
  std::map<std::string, std::int64_t> series;  ///< Number of Series Related Instances
};

/// A Study of which nothing else tells whether it is complete.
struct ArchiveQuestion {
  std::string archive;
  std::string study_uid;
};

}  // namespace axial::assemble
