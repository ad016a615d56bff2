#include "tests/unit/include_direction/include_rules.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <fstream>
#include <set>
#include <sstream>
#include <string_view>

namespace axial::testing {
namespace {

using Places = std::vector<std::string_view>;

struct Room {
  std::string_view name;
  Places may_include;  ///< beside itself
};

// The longest name that holds a file is its room. Stages never include each other.
const std::vector<Room>& Rooms() {
  static const Places stage = {"core", "config", "routing", "inference/protocol", "gateway/store"};
  static const std::vector<Room> rooms = {
      {"core/base", {}},
      {"core/dicom", {"core/base"}},
      {"config", {"core"}},
      {"routing", {"core", "config"}},
      {"inference/protocol", {"core", "config"}},
      {"inference/volume", {"core", "config"}},
      {"inference/findings", {"core", "config", "inference/volume"}},
      {"inference/transforms", {"core", "config", "inference/volume", "inference/findings"}},
      {"inference/engines",
       {"core", "config", "inference/volume", "inference/findings", "inference/transforms"}},
      {"inference/results",
       {"core", "config", "inference/volume", "inference/findings", "inference/protocol"}},
      {"inference/worker", {"core", "config", "inference"}},
      {"gateway/store", {"core"}},
      {"gateway/receive", stage},
      {"gateway/assemble", stage},
      {"gateway/dispatch", stage},
      {"gateway/deliver", stage},
      {"gateway/admin", stage},
      {"gateway/commands", {"core", "config", "routing", "inference/protocol", "gateway"}},
      {"gateway/pipeline", {"core", "config", "routing", "inference/protocol", "gateway"}},
      {"gateway", {"core", "config", "routing", "inference", "gateway"}},
      {"orthanc-plugin", {"core", "config", "routing", "inference/protocol", "gateway"}},
  };
  return rooms;
}

struct ThirdParty {
  std::string_view prefix;
  Places places;
};

// The first prefix that fits decides.
const std::vector<ThirdParty>& ThirdParties() {
  static const Places data = {"core/dicom", "inference/volume", "inference/results",
                              "gateway/receive", "gateway/deliver"};
  static const std::vector<ThirdParty> list = {
      {"dcmtk/dcmnet/", {"gateway/receive", "gateway/deliver"}},
      {"dcmtk/dcmtls/", {"gateway/receive", "gateway/deliver"}},
      {"dcmtk/dcmsr/", {"inference/results"}},
      {"dcmtk/dcmseg/", {"inference/results"}},
      {"dcmtk/dcmfg/", {"inference/results", "inference/volume"}},
      {"dcmtk/dcmiod/", {"inference/results", "inference/volume"}},
      {"dcmtk/dcmjp", {"inference/volume", "core/dicom"}},
      {"dcmtk/dcmim", {"inference/volume", "core/dicom"}},
      {"dcmtk/", data},
      {"openjpeg", {"inference/volume", "core/dicom"}},
      {"cairo", {"inference/results"}},
      {"pango/", {"inference/results"}},
      {"torch/", {"inference/engines", "inference/transforms"}},
      {"ATen/", {"inference/engines", "inference/transforms"}},
      {"c10/", {"inference/engines", "inference/transforms"}},
      {"opencv2/", {"inference/engines", "inference/transforms"}},
      {"SQLiteCpp/", {"gateway/store"}},
      {"sqlite3", {"gateway/store"}},
      {"boost/beast", {"gateway"}},
      {"boost/asio", {"gateway", "core/base"}},
      {"yaml-cpp/", {"config"}},
      {"orthanc/", {"orthanc-plugin"}},
      {"re2/", {"routing"}},
      {"nlohmann/", {"core", "config", "routing", "inference", "gateway", "orthanc-plugin"}},
      {"spdlog/", {"core/base"}},
      {"prometheus/", {"core/base"}},
      {"CLI/", {"gateway/main.cc", "inference/worker"}},
  };
  return list;
}

bool IsInside(std::string_view path, std::string_view place) {
  return path == place || (path.starts_with(place) && path[place.size()] == '/');
}

bool IsInsideAny(std::string_view path, const Places& places) {
  return std::any_of(places.begin(), places.end(),
                     [path](std::string_view place) { return IsInside(path, place); });
}

const Room* RoomOf(std::string_view path) {
  const Room* longest = nullptr;
  for (const Room& room : Rooms())
    if (IsInside(path, room.name) &&
        (longest == nullptr || room.name.size() > longest->name.size()))
      longest = &room;
  return longest;
}

const ThirdParty* ThirdPartyOf(std::string_view header) {
  for (const ThirdParty& party : ThirdParties())
    if (header.starts_with(party.prefix)) return &party;
  // Orthanc's SDK is found by its file's name on some systems.
  return header.ends_with("OrthancCPlugin.h") ? ThirdPartyOf("orthanc/") : nullptr;
}

struct Include {
  std::string file;
  int line = 0;
  std::string header;
  bool is_ours = false;  ///< in quotes
};

/// The header named by an include line, "" for any other line.
std::string HeaderOf(std::string_view line, bool& is_ours) {
  const auto skip_spaces = [&line] {
    line.remove_prefix(std::min(line.find_first_not_of(" \t"), line.size()));
  };
  skip_spaces();
  if (!line.starts_with('#')) return "";
  line.remove_prefix(1);
  skip_spaces();
  if (!line.starts_with("include")) return "";
  line.remove_prefix(std::string_view("include").size());
  skip_spaces();
  if (line.empty() || (line.front() != '"' && line.front() != '<')) return "";
  is_ours = line.front() == '"';
  const std::size_t end = line.find(is_ours ? '"' : '>', 1);
  return end == std::string_view::npos ? "" : std::string(line.substr(1, end - 1));
}

std::vector<Include> FindIncludes(const SourceTree& tree) {
  std::vector<Include> includes;
  for (const auto& [file, text] : tree) {
    std::istringstream stream(text);
    int number = 0;
    for (std::string line; std::getline(stream, line);) {
      ++number;
      bool is_ours = false;
      std::string header = HeaderOf(line, is_ours);
      if (!header.empty()) includes.push_back({file, number, std::move(header), is_ours});
    }
  }
  return includes;
}

/// Our headers, with every third party that comes along with them.
using Burdens = std::map<std::string, std::set<const ThirdParty*>>;

Burdens FindBurdens(const std::vector<Include>& includes) {
  Burdens burdens;
  for (const Include& include : includes)
    if (const ThirdParty* party = ThirdPartyOf(include.header); party != nullptr)
      if (include.file.ends_with(".h")) burdens[include.file].insert(party);
  // What a header includes burdens it too, so look again until nothing is added.
  for (bool grown = true; grown;) {
    grown = false;
    for (const Include& include : includes) {
      if (!include.file.ends_with(".h") || !burdens.contains(include.header)) continue;
      for (const ThirdParty* party : burdens[include.header])
        grown = burdens[include.file].insert(party).second || grown;
    }
  }
  return burdens;
}

std::string WhatIsWrong(const Include& include, const SourceTree& tree, const Burdens& burdens) {
  const Room* room = RoomOf(include.file);
  if (room == nullptr) return "is in no room that this test knows";
  if (const ThirdParty* party = ThirdPartyOf(include.header))
    return IsInsideAny(include.file, party->places)
               ? ""
               : fmt::format("{} does not belong into {}", include.header, room->name);
  if (!include.is_ours) return "";
  if (!tree.contains(include.header))
    return fmt::format("\"{}\" is no file of the rooms, named from the root", include.header);
  const Room* other = RoomOf(include.header);
  if (other == room) return "";
  if (other == nullptr || !IsInsideAny(include.header, room->may_include))
    return fmt::format("{} must not include {}", room->name, include.header);
  const auto burden = burdens.find(include.header);
  if (burden == burdens.end()) return "";
  for (const ThirdParty* party : burden->second)
    if (!IsInsideAny(include.file, party->places))
      return fmt::format("{} brings {} into {}", include.header, party->prefix, room->name);
  return "";
}

}  // namespace

SourceTree ReadSourceTree(const std::filesystem::path& root) {
  SourceTree tree;
  std::set<std::string_view> tops;
  for (const Room& room : Rooms()) tops.insert(room.name.substr(0, room.name.find('/')));
  for (const std::string_view top : tops) {
    for (const auto& entry : std::filesystem::recursive_directory_iterator(root / top)) {
      if (entry.path().extension() != ".h" && entry.path().extension() != ".cc") continue;
      std::ifstream file(entry.path());
      std::ostringstream text;
      text << file.rdbuf();
      tree.emplace(std::filesystem::relative(entry.path(), root).generic_string(), text.str());
    }
  }
  return tree;
}

std::vector<std::string> CheckIncludes(const SourceTree& tree) {
  const std::vector<Include> includes = FindIncludes(tree);
  const Burdens burdens = FindBurdens(includes);
  std::vector<std::string> problems;
  for (const Include& include : includes)
    if (const std::string wrong = WhatIsWrong(include, tree, burdens); !wrong.empty())
      problems.push_back(fmt::format("{}:{}: {}", include.file, include.line, wrong));
  return problems;
}

}  // namespace axial::testing
