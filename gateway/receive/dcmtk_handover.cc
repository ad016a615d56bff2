#include "gateway/receive/dcmtk_handover.h"

#include <dcmtk/config/osconfig.h>
#include <dcmtk/dcmnet/assoc.h>
#include <dcmtk/dcmnet/dcmlayer.h>
#include <dcmtk/dcmnet/dcmtrans.h>
#include <dcmtk/dcmnet/dul.h>
#include <unistd.h>

#include <mutex>

#include "core/dicom/dcmtk_error.h"

namespace axial::receive {

/// DCMTK calls createConnection on the thread that received, right after it read the variable.
class DcmtkHandover::Layer final : public DcmTransportLayer {
 public:
  void Offer(int socket) {
    mutex_.lock();
    holds_lock_ = true;
    dcmExternalSocketHandle.set(socket);
  }

  /// False when DCMTK has not taken the offered socket.
  bool Withdraw() {
    if (!holds_lock_) return true;
    Release();
    return false;
  }

  DcmTransportConnection* createConnection(DcmNativeSocketType socket, OFBool secure) override {
    if (holds_lock_) Release();
    return DcmTransportLayer::createConnection(socket, secure);
  }

 private:
  void Release() {
    dcmExternalSocketHandle.set(kNoSocket);
    holds_lock_ = false;
    mutex_.unlock();
  }

  static constexpr int kNoSocket = -1;
  static thread_local bool holds_lock_;
  std::mutex mutex_;
};

thread_local bool DcmtkHandover::Layer::holds_lock_ = false;

void AssociationDeleter::operator()(T_ASC_Association* association) const {
  T_ASC_Association* dropped = association;
  if (ASC_dropAssociation(dropped).bad()) {
    // The transport is closed either way.
  }
  if (ASC_destroyAssociation(&dropped).bad()) {
    // Nothing is left that could be done.
  }
}

DcmtkHandover::DcmtkHandover() : layer_(std::make_unique<Layer>()) {}

DcmtkHandover::~DcmtkHandover() {
  if (network_ != nullptr && ASC_dropNetwork(&network_).bad()) network_ = nullptr;
}

Result<std::unique_ptr<DcmtkHandover>> DcmtkHandover::Make(int network_timeout_s) {
  dcmDisableGethostbyaddr.set(OFTrue);  // no DNS question for each Association
  dcmSocketSendTimeout.set(network_timeout_s);
  dcmSocketReceiveTimeout.set(network_timeout_s);
  std::unique_ptr<DcmtkHandover> handover(new DcmtkHandover);
  dcmExternalSocketHandle.set(0);  // any valid number: DCMTK then opens no listener of its own
  const OFCondition made =
      ASC_initializeNetwork(NET_ACCEPTOR, 0, network_timeout_s, &handover->network_);
  dcmExternalSocketHandle.set(-1);
  if (made.bad()) return FromOFCondition(made).WithContext("DCMTK's network");
  const OFCondition layered =
      ASC_setTransportLayer(handover->network_, handover->layer_.get(), /*takeoverOwnership=*/0);
  if (layered.bad()) return FromOFCondition(layered).WithContext("DCMTK's transport layer");
  return handover;
}

Result<DcmtkAssociation> DcmtkHandover::Receive(int socket) {
  T_ASC_Association* association = nullptr;
  layer_->Offer(socket);
  const OFCondition received =
      ASC_receiveAssociation(network_, &association, ASC_MAXIMUMPDUSIZE, nullptr, nullptr, OFFalse,
                             DUL_BLOCK, /*timeout=*/0);
  if (!layer_->Withdraw()) ::close(socket);
  DcmtkAssociation owned(association);
  if (received.bad()) return FromOFCondition(received).WithContext("A-ASSOCIATE-RQ");
  return owned;
}

}  // namespace axial::receive
