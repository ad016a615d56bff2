#pragma once

#include <memory>

#include "config/config.h"
#include "core/base/result.h"
#include "gateway/deliver/destination.h"

namespace axial::deliver {

/// Files <path>/<Study Instance UID>/<SOP Instance UID>.dcm, each complete and durable under its
/// name or not there at all. A file that is there already is replaced by the same result.
[[nodiscard]] Result<std::unique_ptr<Destination>> MakeFolderDestination(
    const config::Destination& destination, const DestinationOptions& options);

}  // namespace axial::deliver
