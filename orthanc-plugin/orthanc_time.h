// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <optional>
#include <string>

#include "core/base/clock.h"

namespace axial::plugin {

/// "20261126T031108", UTC, as Orthanc writes times; nullopt when it is something else.
[[nodiscard]] std::optional<TimePoint> ParseOrthancTime(const std::string& text);

}  // namespace axial::plugin
