#pragma once

#include <string>
#include <vector>

#include "config/config.h"
#include "config/problem.h"
#include "core/base/clock.h"

namespace axial::gateway {

/// Reads every PEM file that the configuration names for TLS, and the secrets of destinations, as
/// they would be read for a connection at `now`: a certificate that is expired or not valid yet, a
/// key of another certificate or behind a passphrase, authorities none of which is valid. Files
/// that cannot be read at all are left to CheckConfig. Not part of it: a certificate that expires
/// must not keep a gateway from starting, which has results to deliver elsewhere.
[[nodiscard]] std::vector<config::Problem> CheckCertificates(const config::Config& config,
                                                             const std::string& path,
                                                             TimePoint now);

}  // namespace axial::gateway
