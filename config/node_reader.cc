#include <fmt/format.h>

#include <algorithm>

#include "config/readers.h"
#include "config/section_reader.h"
#include "core/dicom/uid.h"

namespace axial::config {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;

Tls ReadTls(const YamlNode& yaml, const std::string& folder, ProblemList& problems) {
  SectionReader reader(yaml, ConfigSection("tls"), "node.tls", problems);
  Tls tls;
  tls.line = yaml.line;
  tls.require_client_certificate =
      reader.Boolean("require_client_certificate", tls.require_client_certificate);
  reader.Require("certificate", "name the PEM file of the node's certificate");
  reader.Require("key", "name the PEM file of the certificate's private key");
  if (tls.require_client_certificate)
    reader.Require("trusted",
                   "name the PEM file of the authorities that sign the peers' certificates, or set "
                   "require_client_certificate: false");
  tls.certificate = reader.Path("certificate", "", folder);
  tls.key = reader.Path("key", "", folder);
  tls.trusted = reader.Path("trusted", "", folder);
  return tls;
}

CommitmentAnswers ReadCommitmentAnswers(const YamlNode& yaml, const std::string& where,
                                        const std::string& folder, ProblemList& problems) {
  SectionReader reader(yaml, ConfigSection("commitment_answers"), where, problems);
  reader.Require("port", "name the port on which the peer listens for the answers");
  CommitmentAnswers answers;
  if (reader.Find("ae_title") != nullptr)
    answers.ae_title = reader.AeTitleOf("ae_title", AeTitle::Parse("ANY").value()).str();
  answers.host = reader.Text("host", "");
  answers.port = static_cast<std::uint16_t>(reader.Integer("port", 104, 1, 65535));
  answers.association =
      reader.Choice<CommitmentAssociation>("association", answers.association,
                                           {{"auto", CommitmentAssociation::kAuto},
                                            {"same", CommitmentAssociation::kSame},
                                            {"new", CommitmentAssociation::kNew}});
  if (const YamlNode* tls = reader.Find("tls"))
    answers.tls = ReadClientTls(*tls, reader.NameOf("tls"), folder, problems);
  return answers;
}

/// What the entries of node.peers refer to.
struct PeerSurroundings {
  const Completion& inherited;
  const std::map<std::string, Destination>& destinations;
  const std::string& folder;
};

Peer ReadPeer(const YamlNode& yaml, const std::string& where, const PeerSurroundings& around,
              ProblemList& problems) {
  SectionReader reader(yaml, ConfigSection("peer"), where, problems);
  reader.Require("ae_title", "name the AE Title that the peer calls with");
  Peer peer{reader.AeTitleOf("ae_title", AeTitle::Parse("ANY").value()), std::nullopt, std::nullopt,
            std::nullopt, yaml.line};
  if (reader.Find("address") != nullptr) {
    const std::string text = reader.Text("address", "");
    const Result<AddressRange> range = AddressRange::Parse(text);
    if (range.ok())
      peer.address = *range;
    else if (!text.empty())
      problems.Add(reader.Find("address")->line, range.error().message(),
                   "write an address such as 10.1.2.3 or a network such as 10.1.2.0/24");
  }
  if (const YamlNode* completion = reader.Find("completion"))
    peer.completion = ReadCompletion(*completion, reader.NameOf("completion"), around.inherited,
                                     around.destinations, problems);
  if (const YamlNode* answers = reader.Find("storage_commitment"))
    peer.storage_commitment = ReadCommitmentAnswers(*answers, reader.NameOf("storage_commitment"),
                                                    around.folder, problems);
  return peer;
}

std::vector<Peer> ReadPeers(const YamlNode& yaml, const PeerSurroundings& around,
                            ProblemList& problems) {
  std::vector<Peer> peers;
  if (yaml.kind != YamlNode::Kind::kList) {
    problems.Add(yaml.line, "'node.peers' is not a list", "write one `- {ae_title: ...}` per peer");
    return peers;
  }
  std::size_t index = 0;
  for (const YamlNode& item : yaml.items) {
    const std::size_t problems_before = problems.size();
    Peer peer = ReadPeer(item, fmt::format("node.peers[{}]", index++), around, problems);
    if (problems.size() != problems_before) continue;  // not what was meant, so no doublet either
    for (const Peer& earlier : peers) {
      const bool same_address =
          earlier.address.has_value() == peer.address.has_value() &&
          (!peer.address || (earlier.address->network == peer.address->network &&
                             earlier.address->prefix_bits == peer.address->prefix_bits));
      if (earlier.ae_title == peer.ae_title && same_address)
        problems.Add(
            item.line,
            fmt::format("peer {} is listed twice with the same address", peer.ae_title.str()),
            "remove one of them");
    }
    peers.push_back(std::move(peer));
  }
  return peers;
}

/// "1.2.3", "1.2.3.*" or "*".
bool IsSopClassPattern(const std::string& text) {
  if (text == "*") return true;
  const bool root = text.ends_with(".*");
  return Uid::Parse(root ? text.substr(0, text.size() - 2) : text).ok();
}

std::vector<std::string> ReadSopClassPatterns(SectionReader& reader, std::string_view key,
                                              ProblemList& problems) {
  std::vector<std::string> patterns = reader.TextList(key);
  for (const std::string& pattern : patterns)
    if (!IsSopClassPattern(pattern))
      problems.Add(reader.Find(key)->line,
                   fmt::format("'{}' names no SOP Class: '{}'", reader.NameOf(key), pattern),
                   "write a UID such as 1.3.12.2.1107.5.9.1, all below a root such as "
                   "1.3.12.2.1107.5.9.*, or \"*\" for every one");
  return patterns;
}

SopClasses ReadSopClasses(const YamlNode& yaml, ProblemList& problems) {
  SectionReader reader(yaml, ConfigSection("sop_classes"), "node.sop_classes", problems);
  SopClasses classes;
  classes.accept = ReadSopClassPatterns(reader, "accept", problems);
  classes.refuse = ReadSopClassPatterns(reader, "refuse", problems);
  for (const std::string& pattern : classes.refuse)
    if (std::find(classes.accept.begin(), classes.accept.end(), pattern) != classes.accept.end())
      problems.Add(reader.Find("refuse")->line,
                   fmt::format("'node.sop_classes' both accepts and refuses {}", pattern),
                   "remove it from one of the two lists");
  return classes;
}

}  // namespace

const Peer* Node::FindPeer(const std::string& calling_ae_title,
                           const std::string& numeric_address) const {
  const auto found = std::find_if(peers.begin(), peers.end(), [&](const Peer& peer) {
    return peer.Is(calling_ae_title, numeric_address);
  });
  return found == peers.end() ? nullptr : &*found;
}

Completion ReadCompletion(const YamlNode& yaml, const std::string& where,
                          const Completion& inherited,
                          const std::map<std::string, Destination>& destinations,
                          ProblemList& problems) {
  SectionReader reader(yaml, ConfigSection("completion"), where, problems);
  Completion completion = inherited;
  completion.quiet = reader.DurationOf("quiet", completion.quiet, milliseconds(1), hours(24));
  completion.after_release =
      reader.DurationOf("after_release", completion.after_release, milliseconds(0), hours(24));
  completion.at_most = reader.DurationOf("at_most", completion.at_most, milliseconds(1), hours(48));
  if (completion.at_most < completion.quiet)
    problems.Add(yaml.line, fmt::format("'{}.at_most' is shorter than 'quiet'", where),
                 "make at_most the longest a Study may stay open");
  if (const YamlNode* archive = reader.Find("archive")) {
    completion.archive = reader.Text("archive", "");
    CheckDestinationName(completion.archive, archive->line, destinations, problems);
    const auto found = destinations.find(completion.archive);
    if (found != destinations.end() && found->second.kind != DestinationKind::kDicom)
      problems.Add(archive->line,
                   fmt::format("'{}.archive' names '{}', which answers no C-FIND", where,
                               completion.archive),
                   "name a destination of kind dicom");
  }
  return completion;
}

Node ReadNode(const YamlNode& yaml, const Completion& inherited,
              const std::map<std::string, Destination>& destinations, const std::string& folder,
              ProblemList& problems) {
  SectionReader reader(yaml, ConfigSection("node"), "node", problems);
  Node node;
  node.ae_title = reader.AeTitleOf("ae_title", node.ae_title);
  node.port = static_cast<std::uint16_t>(reader.Integer("port", node.port, 0, 65535));
  node.bind = reader.Text("bind", node.bind);
  if (!AddressRange::Parse(node.bind).ok() || node.bind.find('/') != std::string::npos)
    problems.Add(reader.Find("bind")->line, fmt::format("'node.bind' cannot be '{}'", node.bind),
                 "write a numeric address of this machine, or 0.0.0.0 for all of them");
  if (const YamlNode* tls = reader.Find("tls")) node.tls = ReadTls(*tls, folder, problems);
  if (const YamlNode* peers = reader.Find("peers"))
    node.peers = ReadPeers(*peers, {inherited, destinations, folder}, problems);
  node.max_associations =
      static_cast<int>(reader.Integer("max_associations", node.max_associations, 1, 4096));
  if (const YamlNode* classes = reader.Find("sop_classes"))
    node.sop_classes = ReadSopClasses(*classes, problems);
  return node;
}

}  // namespace axial::config
