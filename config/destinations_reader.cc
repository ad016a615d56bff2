#include <fmt/format.h>

#include <algorithm>

#include "config/readers.h"
#include "config/section_reader.h"
#include "core/base/spelling.h"

namespace axial::config {
namespace {

const Section& SectionOf(DestinationKind kind) {
  switch (kind) {
    case DestinationKind::kStow:
      return ConfigSection("stow_destination");
    case DestinationKind::kFolder:
      return ConfigSection("folder_destination");
    case DestinationKind::kOrthanc:
      return ConfigSection("orthanc_destination");
    case DestinationKind::kDicom:
      break;
  }
  return ConfigSection("dicom_destination");
}

/// The kind decides which keys are known, so it is read before them.
std::optional<DestinationKind> ReadKind(const YamlNode& yaml, const std::string& where,
                                        ProblemList& problems) {
  const YamlNode* kind = FindEntry(yaml, "kind");
  if (kind == nullptr || kind->kind != YamlNode::Kind::kScalar) {
    problems.Add(kind == nullptr ? yaml.line : kind->line,
                 fmt::format("'{}.kind' is missing", where),
                 "write kind: dicom, stow, folder or orthanc");
    return std::nullopt;
  }
  if (kind->text == "dicom") return DestinationKind::kDicom;
  if (kind->text == "stow") return DestinationKind::kStow;
  if (kind->text == "folder") return DestinationKind::kFolder;
  if (kind->text == "orthanc") return DestinationKind::kOrthanc;
  problems.Add(kind->line, fmt::format("'{}.kind' cannot be '{}'", where, kind->text),
               "write one of dicom, stow, folder, orthanc");
  return std::nullopt;
}

void ReadDicom(SectionReader& reader, const std::string& folder, Destination& destination) {
  reader.Require("ae_title", "name the AE Title of the peer that is called");
  destination.ae_title = reader.AeTitleOf("ae_title", AeTitle::Parse("ANY").value()).str();
  destination.host = reader.RequiredText("host", "write a host name or an address", 253);
  reader.Require("port", "write the port that the peer listens on, often 104, 4242 or 11112");
  destination.port = static_cast<std::uint16_t>(reader.Integer("port", 104, 1, 65535));
  destination.storage_commitment = reader.Boolean("storage_commitment", false);
  if (const YamlNode* tls = reader.Find("tls")) {
    destination.secure = true;
    destination.tls = ReadClientTls(*tls, reader.NameOf("tls"), folder, reader.problems());
  }
}

/// Keys of every Destination that is reached over a network.
void ReadConnections(SectionReader& reader, Destination& destination) {
  destination.connections =
      static_cast<int>(reader.Integer("connections", destination.connections, 1, 16));
  destination.confirmation =
      reader.Choice("confirmation", destination.confirmation,
                    {{"query", Confirmation::kQuery}, {"status", Confirmation::kStatus}});
}

Credentials ReadCredentials(const YamlNode& yaml, const std::string& where,
                            const std::string& folder, ProblemList& problems) {
  SectionReader reader(yaml, ConfigSection("credentials"), where, problems);
  Credentials credentials;
  credentials.user = reader.Text("user", "");
  credentials.password_file = reader.Path("password_file", "", folder);
  credentials.token_file = reader.Path("token_file", "", folder);
  const bool basic = !credentials.user.empty() && !credentials.password_file.empty() &&
                     credentials.user.find(':') == std::string::npos;
  const bool any_basic = !credentials.user.empty() || !credentials.password_file.empty();
  if (any_basic ? !basic || !credentials.token_file.empty() : credentials.token_file.empty())
    problems.Add(yaml.line, fmt::format("'{}' is neither a user nor a token", where),
                 "write {user: NAME, password_file: FILE} (no colon in the name) or "
                 "{token_file: FILE}");
  return credentials;
}

void ReadStow(SectionReader& reader, const std::string& folder, Destination& destination) {
  destination.url =
      reader.RequiredText("url", "write the DICOMweb root, such as http://pacs:8042/dicom-web");
  const bool is_http =
      destination.url.starts_with("http://") || destination.url.starts_with("https://");
  if (!destination.url.empty() &&
      (!is_http || destination.url.find(' ') != std::string::npos || destination.url.back() == '/'))
    reader.problems().Add(reader.Find("url")->line,
                          fmt::format("'{}' is no DICOMweb root", reader.NameOf("url")),
                          "write http:// or https://, the host and the path, without a slash at "
                          "the end");
  if (const YamlNode* tls = reader.Find("tls")) {
    destination.tls = ReadClientTls(*tls, reader.NameOf("tls"), folder, reader.problems());
    if (destination.url.starts_with("http://"))
      reader.problems().Add(tls->line, fmt::format("'{}' has no effect", reader.NameOf("tls")),
                            "write https:// in url, or remove tls");
  }
  if (const YamlNode* credentials = reader.Find("credentials"))
    destination.credentials =
        ReadCredentials(*credentials, reader.NameOf("credentials"), folder, reader.problems());
}

void ReadFolder(SectionReader& reader, const std::string& folder, Destination& destination) {
  reader.Require("path", "name the folder that result files are written to");
  destination.path = reader.Path("path", "", folder);
}

}  // namespace

ClientTls ReadClientTls(const YamlNode& yaml, const std::string& where, const std::string& folder,
                        ProblemList& problems) {
  SectionReader reader(yaml, ConfigSection("client_tls"), where, problems);
  ClientTls tls;
  tls.trusted = reader.Path("trusted", "", folder);
  tls.certificate = reader.Path("certificate", "", folder);
  tls.key = reader.Path("key", "", folder);
  tls.verify = reader.Choice<ClientTls::Verify>(
      "verify", tls.verify,
      {{"host", ClientTls::Verify::kHost}, {"authority", ClientTls::Verify::kAuthority}});
  if (tls.certificate.empty() != tls.key.empty())
    problems.Add(yaml.line, fmt::format("'{}' names only one of certificate and key", where),
                 "name both PEM files, or neither");
  return tls;
}

bool IsPlainName(const std::string& text) {
  if (text.empty() || text.size() > kMaxNameBytes || text[0] == '.' || text[0] == '-') return false;
  return std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '_' || c == '.';
  });
}

void CheckDestinationName(const std::string& name, int line,
                          const std::map<std::string, Destination>& destinations,
                          ProblemList& problems) {
  if (destinations.contains(name)) return;
  std::vector<std::string_view> known;
  for (const auto& [known_name, destination] : destinations) known.push_back(known_name);
  const std::string_view nearest = NearestWord(name, known);
  problems.Add(line, fmt::format("there is no destination '{}'", name.substr(0, 64)),
               nearest.empty() ? std::string("define it under destinations")
                               : fmt::format("did you mean '{}'?", nearest));
}

std::map<std::string, Destination> ReadDestinations(const YamlNode& yaml, const std::string& folder,
                                                    ProblemList& problems) {
  std::map<std::string, Destination> destinations;
  if (yaml.kind != YamlNode::Kind::kMap) {
    problems.Add(yaml.line, "'destinations' must hold `name: {kind: ...}` lines",
                 "write one per destination");
    return destinations;
  }
  for (const YamlNode::Entry& entry : yaml.entries) {
    if (!IsPlainName(entry.key)) {
      problems.Add(entry.line, "a destination's name is not a plain word",
                   "use letters, digits, '-', '_' and '.'");
      continue;
    }
    const std::string where = "destinations." + entry.key;
    Destination destination;
    destination.name = entry.key;
    destination.line = entry.line;
    const std::optional<DestinationKind> kind = ReadKind(entry.value, where, problems);
    if (kind) {
      destination.kind = *kind;
      SectionReader reader(entry.value, SectionOf(*kind), where, problems);
      if (*kind == DestinationKind::kDicom) ReadDicom(reader, folder, destination);
      if (*kind == DestinationKind::kStow) ReadStow(reader, folder, destination);
      if (*kind == DestinationKind::kFolder) ReadFolder(reader, folder, destination);
      if (*kind == DestinationKind::kDicom || *kind == DestinationKind::kStow)
        ReadConnections(reader, destination);
      destination.deadline = reader.DurationOf(
          "deadline", destination.deadline, std::chrono::seconds(1), std::chrono::hours(24 * 30));
      if (const YamlNode* results = reader.Find("results"))
        destination.results = ReadResultProfile(*results, reader.NameOf("results"), problems);
    }
    destinations.emplace(entry.key, std::move(destination));  // also a broken one: it is defined
  }
  return destinations;
}

}  // namespace axial::config
