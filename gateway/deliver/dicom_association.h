#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "config/config.h"
#include "core/base/clock.h"
#include "core/base/result.h"
#include "core/dicom/dimse_command.h"
#include "core/dicom/storage_commitment.h"
#include "gateway/deliver/destination.h"

class DcmDataset;
class DcmItem;

namespace axial::deliver {

/// The sockets in use, so that another thread can end a blocking call. Thread-safe.
class OpenSockets {
 public:
  /// Watches `socket` through a descriptor of its own, which it returns (-1: not watched).
  int Add(int socket);
  void Remove(int watched);
  /// Ends every connection, now and in future.
  void InterruptAll();
  [[nodiscard]] bool interrupted() const;

 private:
  mutable std::mutex mutex_;
  std::set<int> watched_;
  bool interrupted_ = false;
};

/// One abstract syntax with the transfer syntaxes offered for it.
struct ProposedContext {
  std::string sop_class_uid;
  std::vector<std::string> transfer_syntax_uids;
  bool as_scp = false;  ///< we are the SCP of this class, and the other side its SCU
  auto operator<=>(const ProposedContext&) const = default;
};

struct AcceptedContext {
  std::uint8_t id = 0;
  std::string transfer_syntax_uid;
};

/// One Association as requestor. Used by one thread; aborted when destroyed unless released. The
/// answer to a request is the response's command set, read within limits.
class DicomAssociation {
 public:
  /// Errors: Unavailable (not there, rejected: with the reason), Timeout, InvalidInput.
  [[nodiscard]] static Result<std::unique_ptr<DicomAssociation>> Open(
      const config::Destination& destination, const DestinationOptions& options,
      const std::vector<ProposedContext>& contexts, OpenSockets& sockets);

  ~DicomAssociation();
  DicomAssociation(const DicomAssociation&) = delete;
  DicomAssociation& operator=(const DicomAssociation&) = delete;

  /// The best accepted context for an object in this Transfer Syntax: its own, or one that it can
  /// be transcoded to without loss (transcode.h). Error: Unsupported, when there is none.
  [[nodiscard]] Result<AcceptedContext> FindContext(const std::string& sop_class_uid,
                                                    const std::string& transfer_syntax_uid) const;

  /// An error means that the Association is of no further use.
  [[nodiscard]] Result<DimseCommand> Store(std::uint8_t context_id,
                                           const std::string& sop_class_uid,
                                           const std::string& sop_instance_uid,
                                           DcmDataset& dataset);
  [[nodiscard]] Result<DimseCommand> Echo();
  /// The answer to a Storage Commitment request of the other side (N-EVENT-REPORT).
  [[nodiscard]] Result<DimseCommand> Report(std::uint8_t context_id,
                                            const CommitmentReport& report);

  /// C-FIND in the Study Root model (PS3.4 C.6.2); `on_match` gets each identifier that matches.
  [[nodiscard]] Result<DimseCommand> Find(std::uint8_t context_id, DcmDataset& identifier,
                                          const std::function<void(DcmItem&)>& on_match);

  /// N-ACTION "Request Storage Commitment" (PS3.4 J.3.2). When it is accepted, waits up to `wait`,
  /// while `awaited`, for the answer on this Association; many archives answer on another one.
  struct CommitmentWait {
    Duration wait{};
    std::function<bool()> awaited;
    std::function<void(const CommitmentReport&)> on_report;
  };
  [[nodiscard]] Result<DimseCommand> RequestCommitment(std::uint8_t context_id,
                                                       const CommitmentRequest& request,
                                                       const CommitmentWait& wait);

  void Release();

  /// The other side has ended it by A-ABORT: some do that instead of answering a request that they
  /// do not allow.
  [[nodiscard]] bool aborted_by_peer() const;

 private:
  struct State;
  [[nodiscard]] Status AwaitReport(const CommitmentWait& wait);
  [[nodiscard]] Status TakeMessage(const CommitmentWait& wait, std::optional<DimseCommand>& acted);
  explicit DicomAssociation(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace axial::deliver
