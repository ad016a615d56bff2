#pragma once

// Private to DicomAssociation: what its parts share. Heavy: DCMTK's network.

#include <dcmtk/config/osconfig.h>
#include <dcmtk/dcmdata/dctk.h>
#include <dcmtk/dcmnet/assoc.h>
#include <dcmtk/dcmnet/dimse.h>

#include <functional>
#include <string>

#include "core/dicom/dcmtk_error.h"
#include "core/dicom/dimse_command.h"
#include "gateway/deliver/dicom_association.h"
#include "gateway/deliver/dicom_transport.h"

namespace axial::deliver {

inline int Seconds(std::chrono::seconds time) { return static_cast<int>(time.count()); }

/// One whole message of the other side.
struct ReceivedMessage {
  std::uint8_t context_id = 0;
  DimseCommand command;
  std::string data_set;  ///< as encoded
};

/// Matches and reports are far smaller.
inline constexpr std::size_t kMaxDataSetBytes = std::size_t{4} << 20;

struct DicomAssociation::State {
  State(const DestinationOptions& options_in, OpenSockets& sockets_in)
      : options(options_in), sockets(sockets_in), transport(sockets_in) {}
  ~State() {
    if (association != nullptr) ASC_destroyAssociation(&association);  // and its parameters
    if (parameters != nullptr) ASC_destroyAssociationParameters(&parameters);
    if (network != nullptr) ASC_dropNetwork(&network);
  }
  State(const State&) = delete;
  State& operator=(const State&) = delete;

  /// The error of a DIMSE step, said so that a person knows who ended it.
  [[nodiscard]] Error Lost(const OFCondition& condition) {
    if (sockets.interrupted())
      return MakeError(ErrorCode::kUnavailable, "interrupted: the gateway is stopping");
    if (!transport.tls_failure().empty())
      return Error(ErrorCode::kUnavailable, transport.tls_failure());
    if (condition == DUL_PEERABORTEDASSOCIATION) {
      aborted_by_peer = true;
      return MakeError(ErrorCode::kUnavailable, "it aborted the Association");
    }
    return FromOFCondition(condition);
  }

  /// Sends one message; `data_set` may be nullptr. Error: as Lost.
  [[nodiscard]] Status Send(std::uint8_t context_id, T_DIMSE_Message& message,
                            DcmDataset* data_set);

  /// The next message of the other side, within `patience`, at most kMaxCommandBytes and
  /// kMaxDataSetBytes. Errors end the Association's use: as Lost; Unavailable (broken, beyond the
  /// limits); Timeout.
  [[nodiscard]] Result<ReceivedMessage> Receive(std::chrono::seconds patience);
  /// The response to the message of this ID. Error: as Receive; Unavailable (something else came).
  [[nodiscard]] Result<ReceivedMessage> ReceiveResponse(std::uint16_t command_field,
                                                        std::uint16_t message_id,
                                                        std::chrono::seconds patience);
  /// Lets `read` see a message's data set. Error: Unavailable (it is none).
  [[nodiscard]] Status ReadDataSet(const ReceivedMessage& message,
                                   const std::function<Status(DcmItem&)>& read);

  const DestinationOptions& options;
  OpenSockets& sockets;
  bool aborted_by_peer = false;
  WatchedTransport transport;
  T_ASC_Network* network = nullptr;
  T_ASC_Parameters* parameters = nullptr;  ///< ours until the association holds them
  T_ASC_Association* association = nullptr;
};

}  // namespace axial::deliver
