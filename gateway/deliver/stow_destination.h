#pragma once

#include <memory>

#include "config/config.h"
#include "core/base/result.h"
#include "gateway/deliver/destination.h"

namespace axial::deliver {

/// STOW-RS (PS3.18 10.5) over HTTP/1.1, over TLS where the URL says https, one Instance in each
/// request. Errors: InvalidInput (no URL), Unsupported (credentials in it).
[[nodiscard]] Result<std::unique_ptr<Destination>> MakeStowDestination(
    const config::Destination& destination, const DestinationOptions& options);

}  // namespace axial::deliver
