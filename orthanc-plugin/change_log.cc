// SPDX-License-Identifier: GPL-3.0-or-later
#include "orthanc-plugin/change_log.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

namespace axial::plugin {
namespace {

constexpr std::int64_t kPage = 200;
/// An Instance is four at most: itself, its Series, Study and Patient.
constexpr std::int64_t kChangesOfAnInstance = 4;

std::string TextOf(const nlohmann::json& object, const char* key) {
  const auto found = object.find(key);
  return found != object.end() && found->is_string() ? found->get<std::string>() : std::string();
}

}  // namespace

Result<std::int64_t> ChangeLog::Last() const {
  AXIAL_ASSIGN_OR_RETURN(const nlohmann::json newest, orthanc_.GetJson("/changes?last"));
  return newest.value("Last", std::int64_t{0});
}

Result<ChangeLog::Page> ChangeLog::After(std::int64_t sequence) const {
  return Read(sequence, kPage);
}

Result<std::string> ChangeLog::AnchorAt(std::int64_t sequence) const {
  AXIAL_ASSIGN_OR_RETURN(const Page page, Read(std::max<std::int64_t>(0, sequence - 1), 1));
  if (page.changes.empty() || page.changes.front().sequence != sequence) return std::string();
  return page.changes.front().Anchor();
}

Result<std::int64_t> ChangeLog::BeforeFirst(const std::map<std::string, Sender>& stored,
                                            std::int64_t last) const {
  if (stored.empty() || last == 0) return last;
  const std::int64_t most = kChangesOfAnInstance * static_cast<std::int64_t>(stored.size()) + kPage;
  const std::int64_t since = std::max<std::int64_t>(0, last - most);
  AXIAL_ASSIGN_OR_RETURN(const Page page, Read(since, last - since));
  for (const Change& change : page.changes)
    if (change.type == "NewInstance" && stored.contains(change.id))
      return std::max<std::int64_t>(0, change.sequence - 1);
  return last;
}

Result<ChangeLog::Page> ChangeLog::Read(std::int64_t since, std::int64_t limit) const {
  AXIAL_ASSIGN_OR_RETURN(const nlohmann::json answer,
                         orthanc_.GetJson(fmt::format("/changes?since={}&limit={}", since, limit)));
  const auto changes = answer.find("Changes");
  if (changes == answer.end() || !changes->is_array())
    return Error(ErrorCode::kUnavailable, "Orthanc's answer holds no changes");
  Page page;
  page.done = changes->empty() || answer.value("Done", true);
  for (const nlohmann::json& change : *changes)
    page.changes.push_back({change.value("Seq", std::int64_t{0}), TextOf(change, "ChangeType"),
                            TextOf(change, "ID"), TextOf(change, "Date")});
  return page;
}

}  // namespace axial::plugin
