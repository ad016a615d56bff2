#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "config/config.h"
#include "core/base/result.h"
#include "gateway/store/delivery_store.h"

namespace axial::deliver {

/// What a Destination said to one artifact: confirmed, with a note when it had something to add
/// ("" normally), or an Error. Codes that are retried (Exhausted, Unavailable, Timeout) mean "try
/// this one again later"; every other code is a lasting no.
using SendResult = Result<std::string>;

struct SendReport {
  /// Not ok: the Destination as a whole could not be used (not there, association rejected, folder
  /// not writable), nothing was tried and `results` is empty.
  Status reached;
  /// One per artifact, in their order.
  std::vector<SendResult> results;
};

/// Where results go: the seam between Axial and a PACS, a DICOMweb server or a folder.
///
/// Send and Echo are called by one thread at a time each, and may run at the same time as each
/// other; both block, within the time-outs of DestinationOptions.
class Destination {
 public:
  virtual ~Destination() = default;

  /// Sends the artifacts in their order, over one connection where the kind has connections.
  [[nodiscard]] virtual SendReport Send(const std::vector<store::Delivery>& artifacts) = 0;

  /// Is it there and would it take results? Changes nothing at the Destination.
  [[nodiscard]] virtual Status Echo() = 0;

  /// Makes a Send or Echo in progress, and all later ones, return soon. Thread-safe.
  virtual void Interrupt() = 0;
};

struct DestinationOptions {
  std::string our_ae_title = "AXIAL";
  std::chrono::seconds connect_timeout{10};
  std::chrono::seconds response_timeout{30};  ///< for each answer of the other side
  /// DCMTK knows one connect time-out per process. False inside a host that owns DCMTK (Orthanc):
  /// it is then left as the host has it.
  bool owns_dcmtk = true;
};

/// Makes the Destination of the configured kind (the list of kinds is in destination_kinds.cc).
/// Contacts nobody. Errors: InvalidInput, Unsupported (says what to write instead); `axial check`
/// shows them.
[[nodiscard]] Result<std::unique_ptr<Destination>> MakeDestination(
    const config::Destination& destination, const DestinationOptions& options);

}  // namespace axial::deliver
