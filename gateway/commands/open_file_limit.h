#pragma once

#include <cstdint>

#include "config/config.h"

namespace axial::gateway {

/// How many files and sockets the process may need to have open: those of `max_associations`
/// Associations, of connections that are not one yet, and of the rest of the gateway.
[[nodiscard]] std::int64_t OpenFilesFor(const config::Node& node);

/// How many Associations such a process can have open with that limit; at least 1.
[[nodiscard]] int AssociationsWithin(std::int64_t open_files, const config::Node& node);

/// Raises the process's limit of open files (RLIMIT_NOFILE) to what `node` may need. Where the
/// machine does not let it, lowers node.max_associations to what fits, so that further peers are
/// rejected for now instead of waiting in vain, and logs what to do.
void RaiseOpenFileLimit(config::Node& node);

}  // namespace axial::gateway
