#include "gateway/receive/association_policy.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>

#include "core/base/printable.h"

namespace axial::receive {
namespace {

bool IsLoopback(const std::string& address) {
  return address == "::1" || address.starts_with("127.") || address.starts_with("::ffff:127.");
}

/// As a YAML scalar that stays what it is, also inside braces; "" for what is no AE Title.
std::string YamlOf(const std::string& ae_title) {
  if (!AeTitle::Parse(ae_title).ok()) return "";
  const bool plain = std::all_of(ae_title.begin(), ae_title.end(), [](unsigned char c) {
    return std::isalnum(c) != 0 || c == '_' || c == '.';
  });
  const bool null = ae_title == "null" || ae_title == "Null" || ae_title == "NULL";
  if (plain && !null) return ae_title;
  std::string quoted = "\"";
  for (const char c : ae_title) {
    if (c == '"') quoted += '\\';
    quoted += c;
  }
  return quoted + '"';
}

/// Without an IPv6 scope, which ranges do not have.
std::string YamlOfAddress(const std::string& address) {
  const std::string plain = address.substr(0, address.find('%'));
  return plain.find(':') == std::string::npos ? plain : '"' + plain + '"';
}

std::string WhyUnknown(const std::vector<config::Peer>& peers, const std::string& calling) {
  if (peers.empty()) return "node.peers is empty: only this machine itself may send";
  for (const config::Peer& peer : peers)
    if (peer.ae_title.str() == calling && peer.address)
      return fmt::format("{} is in node.peers, but with another address: {}/{}", calling,
                         peer.address->network, peer.address->prefix_bits);
  return fmt::format("{} is not in node.peers", Printable(calling));
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

RefusedAssociation AssociationPolicy::Explain(Admission admission,
                                              const AssociationRequest& request,
                                              const std::string& address) const {
  RefusedAssociation refused{.called_ae_title = request.called_ae_title,
                             .calling_ae_title = request.calling_ae_title,
                             .peer_address = address};
  if (admission == Admission::kCalledUnknown) {
    refused.reason = "called_ae_title";
    refused.detail = fmt::format("it calls this node {}, but that is {}",
                                 Printable(request.called_ae_title), ae_title_);
    refused.remedy = fmt::format(
        "call this node {} in the sender's settings, or give it the name that the sender uses",
        ae_title_);
    refused.section = "node";
    if (const std::string title = YamlOf(request.called_ae_title); !title.empty())
      refused.configuration = "ae_title: " + title;
    return refused;
  }
  refused.reason = "calling_ae_title";
  refused.detail = WhyUnknown(peers_, request.calling_ae_title);
  refused.section = "node.peers";
  const std::string title = YamlOf(request.calling_ae_title);
  if (title.empty()) {
    refused.remedy =
        "no configuration can name it: give the sender an AE Title of printable ASCII characters "
        "without backslash";
    return refused;
  }
  refused.remedy = "if it may send, add it to node.peers";
  refused.configuration =
      fmt::format("- {{ae_title: {}, address: {}}}", title, YamlOfAddress(address));
  return refused;
}

RefusedAssociation AssociationPolicy::ExplainLimit(const AssociationRequest& request,
                                                   const std::string& address) const {
  return {.reason = "max_associations",
          .called_ae_title = request.called_ae_title,
          .calling_ae_title = request.calling_ae_title,
          .peer_address = address,
          .detail = fmt::format("{} Associations were open; it may come again", max_associations_),
          .remedy = "if that happens often, allow more at once",
          .section = "node",
          .configuration = fmt::format("max_associations: {}", max_associations_ * 2)};
}

bool AssociationPolicy::MayAdmit(const RefusedAssociation& refused) const {
  if (refused.reason == "called_ae_title" || refused.reason == "calling_ae_title")
    return Decide({refused.called_ae_title, refused.calling_ae_title}, refused.peer_address) ==
           Admission::kAccepted;
  return refused.reason == "max_associations" || refused.reason == "sop_class";
}

}  // namespace axial::receive
