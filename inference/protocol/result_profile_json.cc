#include "inference/protocol/result_profile_json.h"

#include <nlohmann/json.hpp>

#include "inference/protocol/member_reader.h"

namespace axial::protocol {
namespace {

using nlohmann::json;

template <typename Enum, std::size_t N>
void ReadEnum(MemberReader& from, const char* name, const std::array<std::string_view, N>& names,
              Enum& to) {
  std::string text;
  from.Read(name, text);
  if (const auto value = config::EnumFromName<Enum>(names, text))
    to = *value;
  else
    from.Fail(name);
}

}  // namespace

json ResultProfileToJson(const config::ResultProfile& profile) {
  json also = json::array();
  for (const config::ExtraResult extra : profile.also)
    also.push_back(config::NameOfEnum(config::kExtraResultNames, extra));
  return {{"segmentation", config::NameOfEnum(config::kSegmentationNames, profile.segmentation)},
          {"keep_empty_frames", profile.keep_empty_frames},
          {"rle", profile.rle},
          {"report", config::NameOfEnum(config::kReportNames, profile.report)},
          {"report_failures", profile.report_failures},
          {"also", also},
          {"captured_slices", config::NameOfEnum(config::kSlicesNames, profile.captured_slices)},
          {"first_series_number", profile.first_series_number},
          {"banner", profile.banner}};
}

void ReadResultProfile(MemberReader& from, config::ResultProfile& profile) {
  ReadEnum(from, "segmentation", config::kSegmentationNames, profile.segmentation);
  from.Read("keep_empty_frames", profile.keep_empty_frames);
  from.Read("rle", profile.rle);
  ReadEnum(from, "report", config::kReportNames, profile.report);
  from.Read("report_failures", profile.report_failures);
  std::vector<std::string> also;
  from.Read("also", also);
  profile.also.clear();
  for (const std::string& name : also) {
    const auto extra = config::EnumFromName<config::ExtraResult>(config::kExtraResultNames, name);
    if (!extra) return from.Fail("also");
    profile.also.insert(*extra);
  }
  ReadEnum(from, "captured_slices", config::kSlicesNames, profile.captured_slices);
  from.Read("first_series_number", profile.first_series_number);
  if (profile.first_series_number < 1 ||
      profile.first_series_number > config::kMaxFirstSeriesNumber)
    return from.Fail("first_series_number");
  from.Read("banner", profile.banner);
}

}  // namespace axial::protocol
