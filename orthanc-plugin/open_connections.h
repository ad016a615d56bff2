// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <set>
#include <string>

namespace axial::plugin {

/// The numeric addresses of the peers that hold a TCP connection to one of our own ports open: that
/// is what a plugin can see of Associations, because Orthanc's sockets are this process's.
/// IPv4-mapped addresses as IPv4.
[[nodiscard]] std::set<std::string> ConnectedPeers(std::uint16_t port);

}  // namespace axial::plugin
