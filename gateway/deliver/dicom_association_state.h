#pragma once

// Private to DicomAssociation: what its parts share. Heavy: DCMTK's network.

#include <dcmtk/config/osconfig.h>
#include <dcmtk/dcmdata/dctk.h>
#include <dcmtk/dcmnet/assoc.h>
#include <dcmtk/dcmnet/dimse.h>

#include <algorithm>
#include <string>

#include "core/dicom/dcmtk_error.h"
#include "gateway/deliver/dicom_association.h"
#include "gateway/deliver/dicom_transport.h"

namespace axial::deliver {

inline int Seconds(std::chrono::seconds time) { return static_cast<int>(time.count()); }

inline std::string ErrorComment(DcmDataset* detail) {
  OFString text;
  if (detail == nullptr || detail->findAndGetOFString(DCM_ErrorComment, text).bad()) return "";
  std::string comment(text.c_str(), std::min<std::size_t>(text.size(), 64));
  for (char& c : comment)
    if (static_cast<unsigned char>(c) < 0x20 || static_cast<unsigned char>(c) > 0x7e) c = '?';
  return comment;
}

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

  const DestinationOptions& options;
  OpenSockets& sockets;
  bool aborted_by_peer = false;
  WatchedTransport transport;
  T_ASC_Network* network = nullptr;
  T_ASC_Parameters* parameters = nullptr;  ///< ours until the association holds them
  T_ASC_Association* association = nullptr;
};

}  // namespace axial::deliver
