// SPDX-License-Identifier: GPL-3.0-or-later
#include "orthanc-plugin/plugin_configuration.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>
#include <utility>

namespace axial::plugin {
namespace {

using nlohmann::json;

constexpr const char* kSection = "Axial";
constexpr const char* kOrthanc = "Orthanc's configuration";
// Orthanc's way of writing keys: these are the plugin's, the others Axial's.
constexpr const char* kFileKey = "Configuration";
constexpr const char* kCopiesKey = "ModifiedCopies";
const std::vector<std::string> kPluginKeys = {kFileKey, kCopiesKey};
constexpr std::uintmax_t kMaxFileBytes = 1u << 20;

/// The section's text, and what it is called.
struct Text {
  std::string document;  ///< JSON that holds the section under "Axial"
  std::string file;
  bool has_lines = true;
};

std::string ReadText(const std::filesystem::path& path) {
  std::error_code error;
  if (!std::filesystem::is_regular_file(path, error) ||
      std::filesystem::file_size(path, error) > kMaxFileBytes || error)
    return "";
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

/// The file in which the section stands as Orthanc understood it. Orthanc puts several files
/// together and fills in environment variables: then no line of a file is sure, and none is named.
Text FindText(const json& section, const std::string& path) {
  namespace fs = std::filesystem;
  std::vector<fs::path> candidates;
  std::error_code error;
  if (fs::is_directory(path, error)) {
    for (const auto& entry : fs::directory_iterator(path, error))
      if (entry.path().extension() == ".json") candidates.push_back(entry.path());
  } else if (!path.empty()) {
    candidates.emplace_back(path);
  }
  for (const fs::path& candidate : candidates) {
    std::string text = WithoutComments(ReadText(candidate));
    const json document = json::parse(text, nullptr, /*allow_exceptions=*/false);
    if (document.is_object() && document.contains(kSection) && document[kSection] == section)
      return {std::move(text), candidate.string()};
  }
  return {json{{kSection, section}}.dump(),
          fs::is_directory(path, error) ? path + "/" + kOrthanc
          : path.empty()                ? kOrthanc
                                        : path,
          false};
}

int LineOf(const Text& text, const std::string& key) {
  if (!text.has_lines) return 0;
  const std::size_t section = text.document.find(fmt::format("\"{}\"", kSection));
  const std::size_t found =
      section == std::string::npos ? section : text.document.find("\"" + key + "\"", section);
  if (found == std::string::npos) return 0;
  return 1 + static_cast<int>(std::count(text.document.begin(),
                                         text.document.begin() + static_cast<std::ptrdiff_t>(found),
                                         '\n'));
}

/// Orthanc's configuration, a file or a folder. Of a folder that it was given without a slash at
/// the end, Orthanc tells the parent: what it was given stands in its command line.
std::string PlaceOf(const std::string& told) {
  namespace fs = std::filesystem;
  std::error_code error;
  if (!fs::is_directory(told, error)) return told;
  std::ifstream command("/proc/self/cmdline", std::ios::binary);
  for (std::string argument; std::getline(command, argument, '\0');) {
    const fs::path given = fs::absolute(argument, error);
    if (!argument.empty() && fs::is_directory(given, error) && given.parent_path() == told)
      return given.string();
  }
  return told;
}

/// From where Orthanc's configuration, a file or a folder, names others.
std::filesystem::path FolderOf(const std::filesystem::path& path) {
  std::error_code error;
  return std::filesystem::is_directory(path, error) ? path : path.parent_path();
}

/// A storage plugin may keep the files elsewhere: whoever looks for one in the folder checks that
/// it is there.
HostConfiguration ReadHost(const json& configuration, const std::string& path) {
  HostConfiguration host;
  const auto number = [&](const char* key, std::uint16_t fallback) {
    const auto found = configuration.find(key);
    return found != configuration.end() && found->is_number_unsigned()
               ? static_cast<std::uint16_t>(found->get<unsigned>())
               : fallback;
  };
  const auto text = [&](const char* key, std::string fallback) {
    const auto found = configuration.find(key);
    return found != configuration.end() && found->is_string() ? found->get<std::string>()
                                                              : std::move(fallback);
  };
  host.dicom_port = number("DicomPort", host.dicom_port);
  host.http_port = number("HttpPort", host.http_port);
  host.ae_title = text("DicomAet", host.ae_title);
  std::error_code error;
  const std::filesystem::path folder = FolderOf(path) / text("StorageDirectory", "OrthancStorage");
  // Orthanc may make it later.
  host.storage_folder = std::filesystem::absolute(folder, error).string();
  return host;
}

void Refuse(PluginConfiguration& configuration, const Text& text, const std::string& key,
            const std::string& what, const std::string& remedy) {
  configuration.problems.push_back({text.file, LineOf(text, key), what, remedy});
}

void ReadPluginKeys(PluginConfiguration& configuration, const json& section, const Text& text) {
  if (!section.contains(kCopiesKey)) return;
  const json& value = section[kCopiesKey];
  if (value == "analyze" || value == "ignore")
    configuration.analyze_copies = value == "analyze";
  else
    Refuse(configuration, text, kCopiesKey,
           fmt::format("'{}.{}' is no choice", kSection, kCopiesKey),
           "write \"analyze\" (copies that Orthanc makes by modifying or anonymising are new "
           "studies) or \"ignore\"");
}

/// Every problem of the keys that the section, or the file that it names, holds.
/// A relative name counts from `folder`, as Orthanc's own do.
void ReadKeys(PluginConfiguration& configuration, const json& section, const Text& text,
              const std::filesystem::path& folder) {
  config::LoadedConfig loaded;
  if (section.contains(kFileKey)) {
    if (!section[kFileKey].is_string())
      return Refuse(configuration, text, kFileKey,
                    fmt::format("'{}.{}' is no text", kSection, kFileKey),
                    "name the YAML file, such as \"/etc/axial/axial.yaml\"");
    for (const auto& [key, value] : section.items())
      if (std::find(kPluginKeys.begin(), kPluginKeys.end(), key) == kPluginKeys.end())
        Refuse(configuration, text, key,
               fmt::format("'{}.{}' stands beside '{}', which names the file that holds such keys",
                           kSection, key, kFileKey),
               "move it there, or remove \"Configuration\" and hold all keys here");
    configuration.file = (folder / section[kFileKey].get<std::string>()).string();
    loaded = config::LoadConfig(configuration.file);
  } else {
    configuration.file = text.file;
    loaded = config::ParseConfigSection(text.document, text.file, kSection, kPluginKeys);
    if (!text.has_lines)
      for (config::Problem& problem : loaded.problems) problem.line = 0;
  }
  configuration.problems.insert(configuration.problems.end(), loaded.problems.begin(),
                                loaded.problems.end());
  if (configuration.problems.empty()) configuration.config = std::move(loaded.config);
}

}  // namespace

std::string WithoutComments(const std::string& json) {
  std::string plain = json;
  enum class In { kText, kString, kLine, kBlock } in = In::kText;
  for (std::size_t i = 0; i < plain.size(); ++i) {
    const char next = i + 1 < json.size() ? json[i + 1] : '\0';
    char& c = plain[i];
    switch (in) {
      case In::kText:
        if (c == '"') in = In::kString;
        if (c == '\t' || c == '\r') c = ' ';  // YAML is stricter about them than JSON
        if (c == '/' && (next == '/' || next == '*')) {
          in = next == '/' ? In::kLine : In::kBlock;
          plain[i] = plain[i + 1] = ' ';
          ++i;
        }
        break;
      case In::kString:
        if (c == '\\')
          ++i;
        else if (c == '"')
          in = In::kText;
        break;
      case In::kLine:
        if (c == '\n')
          in = In::kText;
        else
          c = ' ';
        break;
      case In::kBlock:
        if (c == '*' && next == '/') {
          in = In::kText;
          plain[i] = plain[i + 1] = ' ';
          ++i;
        } else if (c != '\n') {
          c = ' ';
        }
        break;
    }
  }
  return plain;
}

PluginConfiguration ReadPluginConfiguration(const OrthancApi& orthanc) {
  PluginConfiguration configuration;
  const std::string path = PlaceOf(orthanc.ConfigurationPath());
  configuration.file = path.empty() ? kOrthanc : path;
  const Result<std::string> text = orthanc.Configuration();
  const json all = text.ok() ? json::parse(*text, nullptr, /*allow_exceptions=*/false) : json();
  if (!all.is_object() || !all.contains(kSection) || !all[kSection].is_object() ||
      all[kSection].empty()) {
    const bool there = all.is_object() && all.contains(kSection);
    configuration.problems.push_back(
        {configuration.file, 0, there ? "\"Axial\" holds no keys" : "there is no \"Axial\" section",
         "add \"Axial\": {\"Configuration\": "
         "\"/etc/axial/axial.yaml\"}, or one that holds the same "
         "keys"});
    return configuration;
  }
  configuration.host = ReadHost(all, path);
  const Text section_text = FindText(all[kSection], path);
  ReadPluginKeys(configuration, all[kSection], section_text);
  ReadKeys(configuration, all[kSection], section_text, FolderOf(path));
  return configuration;
}

}  // namespace axial::plugin
