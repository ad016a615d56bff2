#include "config/sections.h"

#include <algorithm>
#include <array>

#include "core/base/result.h"

namespace axial::config {
namespace {

using std::string_view;

template <typename... Keys>
constexpr auto KeyList(Keys... keys) {
  return std::array<string_view, sizeof...(Keys)>{keys...};
}

constexpr auto kConfig =
    KeyList("node", "storage", "completion", "models", "workers", "destinations", "rules", "admin");
constexpr auto kNode =
    KeyList("ae_title", "port", "bind", "tls", "peers", "max_associations", "sop_classes");
constexpr auto kSopClasses = KeyList("accept", "refuse");
constexpr auto kTls = KeyList("certificate", "key", "trusted", "require_client_certificate");
constexpr auto kPeer = KeyList("ae_title", "address", "completion", "storage_commitment");
constexpr auto kCommitmentAnswers = KeyList("ae_title", "host", "port", "association", "tls");
constexpr auto kStorage =
    KeyList("directory", "reserve", "keep", "durability", "max_instance", "same_uid");
constexpr auto kCompletion = KeyList("quiet", "after_release", "at_most", "archive");
constexpr auto kModels = KeyList("directory");
constexpr auto kWorkers = KeyList("processes", "threads", "memory", "deadline", "device");
constexpr auto kDicom = KeyList("kind", "ae_title", "host", "port", "tls", "storage_commitment",
                                "confirmation", "connections", "deadline", "results");
constexpr auto kStow = KeyList("kind", "url", "tls", "credentials", "confirmation", "connections",
                               "deadline", "results");
constexpr auto kFolder = KeyList("kind", "path", "deadline", "results");
constexpr auto kOrthanc = KeyList("kind", "deadline", "results");
constexpr auto kClientTls = KeyList("trusted", "certificate", "key", "verify");
constexpr auto kCredentials = KeyList("user", "password_file", "token_file");
constexpr auto kResults =
    KeyList("segmentation", "empty_frames", "compression", "report", "failures", "also",
            "captured_slices", "first_series_number", "banner");
constexpr auto kRule = KeyList("name", "when", "unless", "run", "send_to", "priority");
constexpr auto kCondition = KeyList("contains", "matches");
constexpr auto kAdmin = KeyList("bind", "port");

constexpr std::array kConfigSections = {
    Section{"config", kConfig},
    Section{"node", kNode},
    Section{"sop_classes", kSopClasses},
    Section{"tls", kTls},
    Section{"peer", kPeer},
    Section{"commitment_answers", kCommitmentAnswers},
    Section{"storage", kStorage},
    Section{"completion", kCompletion},
    Section{"models", kModels},
    Section{"workers", kWorkers},
    Section{"dicom_destination", kDicom},
    Section{"stow_destination", kStow},
    Section{"folder_destination", kFolder},
    Section{"orthanc_destination", kOrthanc},
    Section{"client_tls", kClientTls},
    Section{"credentials", kCredentials},
    Section{"results", kResults},
    Section{"rule", kRule},
    Section{"condition", kCondition},
    Section{"admin", kAdmin},
};

constexpr auto kModel = KeyList("name", "version", "engine", "weights", "algorithm", "input",
                                "preprocessing", "inferer", "postprocessing", "outputs");
constexpr auto kWeights = KeyList("file", "sha256");
constexpr auto kAlgorithm = KeyList("name", "manufacturer", "version", "notice");
constexpr auto kInput = KeyList("modality", "kind", "minimum_slices");
constexpr auto kOutputs = KeyList("segments", "measurements", "classifications");
constexpr auto kSegment =
    KeyList("label", "name", "category", "type", "modifier", "anatomic_region", "colour");
constexpr auto kConcept = KeyList("code", "scheme", "meaning");
constexpr auto kClassification = KeyList("concept", "threshold", "classes");
constexpr auto kClass = KeyList("index", "value");

constexpr std::array kModelCardSections = {
    Section{"model", kModel},         Section{"weights", kWeights},
    Section{"algorithm", kAlgorithm}, Section{"input", kInput},
    Section{"outputs", kOutputs},     Section{"segment", kSegment},
    Section{"concept", kConcept},     Section{"classification", kClassification},
    Section{"class", kClass},
};

const Section& Find(std::span<const Section> sections, string_view name) {
  const auto found = std::find_if(sections.begin(), sections.end(),
                                  [name](const Section& section) { return section.name == name; });
  AXIAL_INVARIANT(found != sections.end());
  return *found;
}

}  // namespace

std::span<const Section> ConfigSections() { return kConfigSections; }
std::span<const Section> ModelCardSections() { return kModelCardSections; }
const Section& ConfigSection(string_view name) { return Find(kConfigSections, name); }
const Section& ModelCardSection(string_view name) { return Find(kModelCardSections, name); }

}  // namespace axial::config
