#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "config/condition_spec.h"
#include "config/problem.h"
#include "config/result_profile.h"
#include "core/base/clock.h"
#include "core/base/result.h"
#include "core/dicom/ae_title.h"

namespace axial::config {

/// An IPv4 or IPv6 network; a single address has the full prefix length.
struct AddressRange {
  std::string network;  ///< canonical numeric form
  int prefix_bits = 32;

  /// "10.1.2.0/24", "10.1.2.3", "fd00::/8"; host bits must be zero. Error: InvalidInput.
  [[nodiscard]] static Result<AddressRange> Parse(const std::string& text);

  /// `address`: numeric form; an IPv4-mapped IPv6 address counts as its IPv4 address.
  [[nodiscard]] bool Contains(const std::string& address) const;
};

/// How long to wait when what was received does not tell that it is complete (gateway/assemble).
struct Completion {
  Duration quiet = std::chrono::seconds(60);  ///< backstop: without a new Instance
  Duration after_release = std::chrono::seconds(1);
  Duration at_most = std::chrono::minutes(10);  ///< backstop: from the first Instance
  std::string archive =
      "";  ///< the dicom destination that is asked for the number of Instances; or ""
};

/// On which Association a peer gets the answers to its Storage Commitment requests (PS3.4 J.3.3).
enum class CommitmentAssociation {
  kAuto,  ///< as it got the last one; else the one that asked if it stays open, else a new one
  kSame,  ///< the one that asked
  kNew,   ///< one that this node opens
};

/// How this node is a TLS client: PEM files, read again for each connection.
struct ClientTls {
  std::string trusted;      ///< authorities; "": those that the system trusts
  std::string certificate;  ///< our own; "": none is shown
  std::string key;
  enum class Verify {
    kHost,       ///< the certificate is one of a trusted authority for that host
    kAuthority,  ///< any of a trusted authority
  };
  Verify verify = Verify::kHost;
  bool operator==(const ClientTls&) const = default;
};

/// Where a peer listens for the answers to its Storage Commitment requests.
struct CommitmentAnswers {
  std::string ae_title;  ///< "": the one that asked
  std::string host;      ///< "": the address that asked
  std::uint16_t port = 0;
  CommitmentAssociation association = CommitmentAssociation::kAuto;
  std::optional<ClientTls> tls;  ///< absent: plain TCP
};

/// Who may send.
struct Peer {
  AeTitle ae_title;
  std::optional<AddressRange> address;                  ///< absent: any address
  std::optional<Completion> completion;                 ///< overrides the node's
  std::optional<CommitmentAnswers> storage_commitment;  ///< absent: only where it asked
  int line = 0;                                         ///< of its entry in the file

  /// Whether the peer of that AE Title and numeric address is this one.
  [[nodiscard]] bool Is(const std::string& calling_ae_title, const std::string& numeric) const {
    return ae_title.str() == calling_ae_title && (!address || address->Contains(numeric));
  }
};

struct Tls {
  std::string certificate;
  std::string key;
  std::string trusted;
  bool require_client_certificate = true;
  int line = 0;  ///< of the section in the file
};

/// Storage SOP Classes beside, or taken from, those of the standard, which are accepted.
struct SopClasses {
  std::vector<std::string> accept;  ///< a UID, a root ("1.2.840.113619.4.*"), or "*"
  std::vector<std::string> refuse;  ///< the same; where both name a class, the longer entry counts
};

struct Node {
  AeTitle ae_title = AeTitle::Parse("AXIAL").value();
  std::uint16_t port = 11112;  ///< 0: any free port
  std::string bind = "0.0.0.0";
  std::optional<Tls> tls;
  std::vector<Peer> peers;  ///< empty: loopback only
  int max_associations = 256;
  SopClasses sop_classes;

  /// The first that fits; nullptr: there is none.
  [[nodiscard]] const Peer* FindPeer(const std::string& calling_ae_title,
                                     const std::string& numeric_address) const;
};

enum class Durability { kInstance, kAssociation };

/// Which of several contents of one SOP Instance UID Jobs get; all are kept.
enum class SameUid { kKeepFirst, kKeepLast };

struct Storage {
  std::string directory = "/var/lib/axial";
  std::int64_t reserve_bytes = std::int64_t{5} << 30;
  Duration keep = std::chrono::hours(7 * 24);
  Durability durability = Durability::kInstance;
  SameUid same_uid = SameUid::kKeepFirst;
  std::int64_t max_instance_bytes = std::int64_t{16} << 30;
  int line = 0;  ///< of `directory` in the file; 0: the default is used
};

struct Workers {
  int processes = 1;  ///< one inference at a time on all cores is fastest per study (measured)
  int threads = 0;    ///< of each process; 0: all cores, divided by `processes` (see below)
  std::int64_t memory_bytes = std::int64_t{8} << 30;
  Duration deadline = std::chrono::minutes(10);
  std::string device = "auto";  ///< auto | cpu | cuda | cuda:N

  /// Threads of one process on a machine with `cores` cores, at least 1.
  [[nodiscard]] int ThreadsPerProcess(int cores) const;
};

enum class DestinationKind {
  kDicom,
  kStow,
  kFolder,
  kOrthanc,  ///< the Orthanc that the gateway runs inside; only there
};

/// What a DICOMweb server asks for: a user with a password (HTTP Basic), or a token (Bearer). The
/// files are read again for each connection, so that a token may change.
struct Credentials {
  std::string user;
  std::string password_file;
  std::string token_file;
  bool operator==(const Credentials&) const = default;
};

/// What proves that a Destination has a result, where it offers no Storage Commitment.
enum class Confirmation {
  kQuery,   ///< it is asked whether it has the object (C-FIND, QIDO-RS), where it can be asked
  kStatus,  ///< its answer to the transfer
};

struct Destination {
  std::string name;
  DestinationKind kind = DestinationKind::kDicom;
  int line = 0;  ///< in the file
  // kind: dicom
  std::string ae_title;
  std::string host;
  std::uint16_t port = 0;
  bool storage_commitment = false;
  bool secure = false;  ///< over TLS; for kind: stow url says so
  // kind: stow
  std::string url;
  ClientTls tls;  ///< also of kind: dicom
  std::optional<Credentials> credentials;
  // kind: folder
  std::string path;
  /// How many connections deliver to it at once.
  int connections = 1;
  /// A result that is owed for longer is an alarm.
  Duration deadline = std::chrono::hours(1);
  Confirmation confirmation = Confirmation::kQuery;
  /// What it gets of every model run.
  ResultProfile results;
};

enum class Priority { kUrgent = 0, kNormal = 1, kBackground = 2 };

/// A rule as written; routing::RuleSet compiles it.
struct RuleSpec {
  std::string name;
  std::vector<ConditionSpec> when;    ///< all must hold
  std::vector<ConditionSpec> unless;  ///< none may hold
  std::string run;                    ///< a model's name
  std::vector<std::string> send_to;   ///< names of destinations
  Priority priority = Priority::kNormal;
  int line = 0;
  int run_line = 0;
};

struct Admin {
  std::string bind = "127.0.0.1";
  std::uint16_t port = 8080;  ///< 0: any free port, printed at start
};

/// The whole checked configuration (design 4.2). Relative paths are resolved against the file's
/// folder.
struct Config {
  Node node;
  Storage storage;
  Completion completion;
  std::string models_directory = "/etc/axial/models";
  Workers workers;
  std::map<std::string, Destination> destinations;
  std::vector<RuleSpec> rules;
  Admin admin;
};

/// A configuration or every problem found in it (never empty when config is absent).
struct LoadedConfig {
  std::optional<Config> config;
  std::vector<Problem> problems;
};

/// Reads and checks one YAML file of at most 1 MiB. Thread-safe.
[[nodiscard]] LoadedConfig LoadConfig(const std::string& path);

/// Checks YAML text that is, or would be, the file `path` (named in problems; relative paths are
/// resolved against its folder; it is not read). Same limits. Thread-safe.
[[nodiscard]] LoadedConfig ParseConfig(const std::string& text, const std::string& path);

/// The same of one section of a document of somebody else's, as which the configuration stands
/// under `key`; `other_keys` of it are not Axial's and left alone.
[[nodiscard]] LoadedConfig ParseConfigSection(const std::string& text, const std::string& path,
                                              const std::string& key,
                                              const std::vector<std::string>& other_keys);

}  // namespace axial::config
