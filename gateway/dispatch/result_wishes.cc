#include "gateway/dispatch/result_wishes.h"

#include <algorithm>

namespace axial::dispatch {

ResultWishes GatherWishes(const std::vector<std::string>& destinations,
                          const ProfilesByDestination& profiles) {
  ResultWishes wishes;
  for (const std::string& destination : destinations) {
    const auto configured = profiles.find(destination);
    const config::ResultProfile profile =
        configured == profiles.end() ? config::ResultProfile() : configured->second;
    const auto known = std::find(wishes.profiles.begin(), wishes.profiles.end(), profile);
    const auto position = static_cast<std::size_t>(known - wishes.profiles.begin());
    if (known == wishes.profiles.end()) {
      wishes.profiles.push_back(profile);
      wishes.destinations.emplace_back();
    }
    wishes.destinations[position].push_back(destination);
  }
  if (wishes.profiles.empty()) wishes = {{config::ResultProfile()}, {{}}};
  return wishes;
}

}  // namespace axial::dispatch
