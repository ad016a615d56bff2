#pragma once

#include <nlohmann/json_fwd.hpp>

#include "config/result_profile.h"

namespace axial::protocol {

class MemberReader;

/// A profile as it travels in RunJob, with the configuration file's words.
[[nodiscard]] nlohmann::json ResultProfileToJson(const config::ResultProfile& profile);
void ReadResultProfile(MemberReader& from, config::ResultProfile& profile);

}  // namespace axial::protocol
