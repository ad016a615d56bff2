#pragma once

#include <memory>

#include "config/config.h"
#include "core/base/result.h"
#include "gateway/deliver/destination.h"

namespace axial::deliver {

/// STOW-RS over plain HTTP (PS3.18 10.5). Errors: InvalidInput (no URL), Unsupported (https).
[[nodiscard]] Result<std::unique_ptr<Destination>> MakeStowDestination(
    const config::Destination& destination, const DestinationOptions& options);

}  // namespace axial::deliver
