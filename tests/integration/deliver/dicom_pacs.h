#pragma once

#include <cstdint>
#include <string>

#include "config/config.h"

namespace axial::testing {

inline const std::string kSegmentation = "1.2.840.10008.5.1.4.1.1.66.4";

/// The Destination that a StoreScp on that port is.
[[nodiscard]] inline config::Destination DicomPacs(std::uint16_t port) {
  config::Destination destination;
  destination.kind = config::DestinationKind::kDicom;
  destination.ae_title = "PACS";
  destination.host = "127.0.0.1";
  destination.port = port;
  return destination;
}

}  // namespace axial::testing
