#include "gateway/receive/association_policy.h"

#include <fmt/format.h>

#include <algorithm>

namespace axial::receive {
namespace {

bool IsLoopback(const std::string& address) {
  return address == "::1" || address.starts_with("127.") || address.starts_with("::ffff:127.");
}

}  // namespace

AssociationPolicy::AssociationPolicy(const config::Node& node)
    : ae_title_(node.ae_title.str()),
      peers_(node.peers),
      max_associations_(node.max_associations),
      sop_classes_(node.sop_classes) {}

Admission AssociationPolicy::Decide(const AssociationRequest& request,
                                    const std::string& address) const {
  if (request.called_ae_title != ae_title_) return Admission::kCalledUnknown;
  if (peers_.empty())
    return IsLoopback(address) ? Admission::kAccepted : Admission::kCallingUnknown;
  const bool known = std::any_of(peers_.begin(), peers_.end(), [&](const config::Peer& peer) {
    return peer.Is(request.calling_ae_title, address);
  });
  return known ? Admission::kAccepted : Admission::kCallingUnknown;
}

std::string AssociationPolicy::Remedy(Admission admission, const AssociationRequest& request,
                                      const std::string& address) const {
  if (admission == Admission::kCalledUnknown)
    return fmt::format(
        "call this node {} in the sender's settings, or set node.ae_title: {} in the configuration",
        ae_title_, request.called_ae_title);
  return fmt::format("add to node.peers in the configuration: - {{ae_title: {}, address: {}}}",
                     request.calling_ae_title, address);
}

}  // namespace axial::receive
