#include "config/config.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>

#include "config/readers.h"
#include "config/section_reader.h"

namespace axial::config {
namespace {

using std::chrono::hours;
using std::chrono::seconds;

constexpr std::int64_t kMebibyte = std::int64_t{1} << 20;
constexpr std::int64_t kPebibyte = std::int64_t{1} << 50;

Storage ReadStorage(const YamlNode& yaml, const std::string& folder, ProblemList& problems) {
  SectionReader reader(yaml, ConfigSection("storage"), "storage", problems);
  Storage storage;
  storage.directory = reader.Path("directory", storage.directory, folder);
  if (const YamlNode* directory = reader.Find("directory")) storage.line = directory->line;
  storage.reserve_bytes = reader.SizeInBytes("reserve", storage.reserve_bytes, 0, kPebibyte);
  storage.keep = reader.DurationOf("keep", storage.keep, seconds(0), hours(24 * 36500));
  storage.max_instance_bytes =
      reader.SizeInBytes("max_instance", storage.max_instance_bytes, kMebibyte, kPebibyte);
  storage.durability = reader.Choice<Durability>(
      "durability", storage.durability,
      {{"instance", Durability::kInstance}, {"association", Durability::kAssociation}});
  storage.same_uid = reader.Choice<SameUid>(
      "same_uid", storage.same_uid,
      {{"keep_first", SameUid::kKeepFirst}, {"keep_last", SameUid::kKeepLast}});
  return storage;
}

bool IsDevice(const std::string& text) {
  if (text == "auto" || text == "cpu" || text == "cuda") return true;
  if (!text.starts_with("cuda:") || text.size() < 6 || text.size() > 7) return false;
  return std::all_of(text.begin() + 5, text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

Workers ReadWorkers(const YamlNode& yaml, ProblemList& problems) {
  SectionReader reader(yaml, ConfigSection("workers"), "workers", problems);
  Workers workers;
  workers.processes = static_cast<int>(reader.Integer("processes", workers.processes, 1, 64));
  workers.threads = static_cast<int>(reader.Integer("threads", workers.threads, 0, 1024));
  workers.memory_bytes =
      reader.SizeInBytes("memory", workers.memory_bytes, 64 * kMebibyte, kPebibyte);
  workers.deadline = reader.DurationOf("deadline", workers.deadline, seconds(1), hours(24));
  workers.device = reader.Text("device", workers.device);
  if (!IsDevice(workers.device))
    problems.Add(reader.Find("device")->line, "'workers.device' is not a device",
                 "write one of auto, cpu, cuda, cuda:0");
  return workers;
}

Admin ReadAdmin(const YamlNode& yaml, ProblemList& problems) {
  SectionReader reader(yaml, ConfigSection("admin"), "admin", problems);
  Admin admin;
  admin.bind = reader.Text("bind", admin.bind);
  if (!AddressRange::Parse(admin.bind).ok() || admin.bind.find('/') != std::string::npos)
    problems.Add(reader.Find("bind")->line, "'admin.bind' is not an address",
                 "write a numeric address of this machine, such as 127.0.0.1");
  admin.port = static_cast<std::uint16_t>(reader.Integer("port", admin.port, 0, 65535));
  return admin;
}

/// The line of `section`.port, or 0 when the default is used.
int PortLine(const YamlNode& root, const std::string& section) {
  const YamlNode* yaml = FindEntry(root, section);
  const YamlNode* port = yaml == nullptr ? nullptr : FindEntry(*yaml, "port");
  return port == nullptr ? 0 : port->line;
}

/// True when a listener on one address keeps the other from listening on the same port.
bool AddressesOverlap(const std::string& a, const std::string& b) {
  const Result<AddressRange> one = AddressRange::Parse(a);
  const Result<AddressRange> other = AddressRange::Parse(b);
  if (!one.ok() || !other.ok()) return false;  // a problem of its own
  const auto covers = [](const std::string& all, const std::string& address) {
    return all == "::" || (all == "0.0.0.0" && address.find(':') == std::string::npos);
  };
  return one->network == other->network || covers(one->network, other->network) ||
         covers(other->network, one->network);
}

void CheckPorts(const Config& config, const YamlNode& root, ProblemList& problems) {
  if (config.node.port != config.admin.port || config.node.port == 0) return;
  if (!AddressesOverlap(config.node.bind, config.admin.bind)) return;
  const int admin_line = PortLine(root, "admin");
  problems.Add(admin_line != 0 ? admin_line : PortLine(root, "node"),
               fmt::format("'node.port' and 'admin.port' are both {}", config.node.port),
               "give one of them another port; 0 takes any free one");
}

std::string ReadModelsDirectory(const YamlNode& yaml, std::string fallback,
                                const std::string& folder, ProblemList& problems) {
  SectionReader reader(yaml, ConfigSection("models"), "models", problems);
  return reader.Path("directory", std::move(fallback), folder);
}

Config ReadConfig(const YamlNode& root, const std::string& folder, ProblemList& problems) {
  const SectionReader reader(root, ConfigSection("config"), "", problems);
  Config config;
  if (const YamlNode* yaml = reader.Find("destinations"))
    config.destinations = ReadDestinations(*yaml, folder, problems);
  if (const YamlNode* yaml = reader.Find("completion"))
    config.completion =
        ReadCompletion(*yaml, "completion", config.completion, config.destinations, problems);
  if (const YamlNode* yaml = reader.Find("node"))
    config.node = ReadNode(*yaml, config.completion, config.destinations, folder, problems);
  if (const YamlNode* yaml = reader.Find("storage"))
    config.storage = ReadStorage(*yaml, folder, problems);
  if (const YamlNode* yaml = reader.Find("models"))
    config.models_directory = ReadModelsDirectory(*yaml, config.models_directory, folder, problems);
  if (const YamlNode* yaml = reader.Find("workers")) config.workers = ReadWorkers(*yaml, problems);
  if (const YamlNode* yaml = reader.Find("rules"))
    config.rules = ReadRules(*yaml, config.destinations, problems);
  if (const YamlNode* yaml = reader.Find("admin")) config.admin = ReadAdmin(*yaml, problems);
  CheckPorts(config, root, problems);
  return config;
}

LoadedConfig ReadRoot(const YamlNode& root, const std::string& path, ProblemList& problems) {
  std::optional<Config> config;
  // A file that is no YAML at all has no values to check; duplicate keys do not hide other
  // problems.
  if (root.kind != YamlNode::Kind::kNull) {
    const std::string folder = std::filesystem::path(path).parent_path().string();
    config = ReadConfig(root, folder, problems);
  }
  if (!problems.empty()) config.reset();
  return {std::move(config), problems.Take()};
}

LoadedConfig Parse(const std::string& text, const std::string& path, ProblemList& problems) {
  const YamlNode root = ParseYaml(text, problems);
  if (problems.empty() && root.kind == YamlNode::Kind::kNull)
    problems.Add(0, "the file is empty", "start from config/examples/minimal.yaml");
  return ReadRoot(root, path, problems);
}

}  // namespace

int Workers::ThreadsPerProcess(int cores) const {
  return threads > 0 ? threads : std::max(1, cores / std::max(1, processes));
}

LoadedConfig LoadConfig(const std::string& path) {
  ProblemList problems(path);
  const std::string text = ReadYamlFile(path, problems);
  if (!problems.empty()) return {std::nullopt, problems.Take()};
  std::error_code error;
  const std::filesystem::path absolute = std::filesystem::absolute(path, error);
  return Parse(text, error ? path : absolute.string(), problems);
}

LoadedConfig ParseConfig(const std::string& text, const std::string& path) {
  ProblemList problems(path);
  return Parse(text, path, problems);
}

LoadedConfig ParseConfigSection(const std::string& text, const std::string& path,
                                const std::string& key,
                                const std::vector<std::string>& other_keys) {
  ProblemList problems(path);
  const YamlNode root = ParseYaml(text, problems);
  const YamlNode* section = FindEntry(root, key);
  if (section == nullptr) {
    if (problems.empty()) problems.Add(0, fmt::format("there is no section '{}'", key), "add it");
    return {std::nullopt, problems.Take()};
  }
  YamlNode own = *section;
  std::erase_if(own.entries, [&](const YamlNode::Entry& entry) {
    return std::find(other_keys.begin(), other_keys.end(), entry.key) != other_keys.end();
  });
  return ReadRoot(own, path, problems);
}

}  // namespace axial::config
