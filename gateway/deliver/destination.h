#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "config/config.h"
#include "core/base/result.h"
#include "core/dicom/storage_commitment.h"
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
  /// One per artifact that was tried, in their order; those behind were not, because the connection
  /// was lost with the last one.
  std::vector<SendResult> results;
};

/// What a Destination said when it was asked whether it has artifacts.
struct CheckReport {
  /// Not ok: it could not be asked now, or (Unsupported) cannot be asked at all; `results` is
  /// empty.
  Status reached;
  /// One per artifact, in their order: whether it has it. Errors: as for `reached`.
  std::vector<Result<bool>> results;
};

/// What an answer to Storage Commitment says, as the store takes it.
[[nodiscard]] store::DeliveryStore::CommitmentOutcome ToOutcome(const CommitmentReport& report);

/// Number of Series Related Instances by Series Instance UID; Series of results and documents are
/// left out.
using SeriesCounts = std::map<std::string, std::int64_t>;

/// Storage Commitment Push Model (PS3.4 J), as asked by SCU.
struct CommitmentAsk {
  std::string transaction_uid;
  /// An answer that comes on the Association of the request; called on the thread that asks.
  std::function<void(const store::DeliveryStore::CommitmentOutcome&)> on_outcome;
  /// Whether it still stands out: an answer may come on another Association meanwhile.
  std::function<bool()> awaited;
};

/// Where results go: the seam between Axial and a PACS, a DICOMweb server or a folder.
///
/// Thread-safe; all but Interrupt block, within the time-outs of DestinationOptions.
class Destination {
 public:
  virtual ~Destination() = default;

  /// Sends the artifacts in their order, over one connection where the kind has connections.
  [[nodiscard]] virtual SendReport Send(const std::vector<store::Delivery>& artifacts) = 0;

  /// Is it there and would it take results? Changes nothing at the Destination.
  [[nodiscard]] virtual Status Echo() = 0;

  /// Asks whether it has the artifacts that it took.
  [[nodiscard]] virtual CheckReport Check(const std::vector<store::Delivery>& artifacts);

  /// Asks it to commit to the artifacts that it took. ok: it accepted the request, and will answer
  /// or has. Errors: Unsupported (it offers no Storage Commitment), retried codes.
  [[nodiscard]] virtual Status RequestCommitment(const CommitmentAsk& ask,
                                                 const std::vector<store::Delivery>& artifacts);

  /// Asks what the Study consists of there. Errors: Unsupported (it cannot be asked), retried
  /// codes.
  [[nodiscard]] virtual Result<SeriesCounts> CountInstances(const std::string& study_uid);

  /// Makes what is in progress, and all that comes later, return soon.
  virtual void Interrupt() = 0;
};

struct DestinationOptions {
  std::string our_ae_title = "AXIAL";
  std::chrono::seconds connect_timeout{10};
  std::chrono::seconds response_timeout{30};  ///< for each answer of the other side
  /// How the process takes signals is ours to set. False inside Orthanc, which ignores SIGPIPE
  /// itself.
  bool owns_process = true;
};

using DestinationFactory = std::function<Result<std::unique_ptr<Destination>>(
    const config::Destination&, const DestinationOptions&)>;

/// Makes the Destination of the configured kind (the list of kinds is in destination_kinds.cc).
/// Contacts nobody. Errors: InvalidInput, Unsupported (says what to write instead); `axial check`
/// shows them.
[[nodiscard]] Result<std::unique_ptr<Destination>> MakeDestination(
    const config::Destination& destination, const DestinationOptions& options);

}  // namespace axial::deliver
