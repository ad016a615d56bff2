#pragma once

#include <map>
#include <string>
#include <vector>

#include "config/result_profile.h"

namespace axial::dispatch {

/// By the Destination's name.
using ProfilesByDestination = std::map<std::string, config::ResultProfile>;

/// What the Destinations of one Job want of its run.
struct ResultWishes {
  std::vector<config::ResultProfile> profiles;  ///< distinct; at least one
  /// Names, by position in `profiles`. Empty only for the one profile of a Job that nobody gets.
  std::vector<std::vector<std::string>> destinations;
};

/// Destinations with equal profiles share one. A Destination that the configuration no longer has
/// gets the default profile: what it is owed waits until it is back.
[[nodiscard]] ResultWishes GatherWishes(const std::vector<std::string>& destinations,
                                        const ProfilesByDestination& profiles);

}  // namespace axial::dispatch
