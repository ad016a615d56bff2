#include <fmt/format.h>
#include <fmt/ranges.h>

#include "config/readers.h"
#include "config/section_reader.h"

namespace axial::config {
namespace {

/// One enumerator by its word.
template <typename Enum, std::size_t N>
Enum ReadChoice(SectionReader& reader, std::string_view key,
                const std::array<std::string_view, N>& names, Enum fallback) {
  const std::string text = reader.Text(key, std::string(NameOfEnum(names, fallback)));
  if (const std::optional<Enum> value = EnumFromName<Enum>(names, text)) return *value;
  reader.problems().Add(reader.Find(key)->line,
                        fmt::format("'{}' cannot be '{}'", reader.NameOf(key), text),
                        fmt::format("write one of {}", fmt::join(names, ", ")));
  return fallback;
}

std::set<ExtraResult> ReadExtraResults(SectionReader& reader) {
  std::set<ExtraResult> extra;
  for (const std::string& name : reader.TextList("also")) {
    if (const auto known = EnumFromName<ExtraResult>(kExtraResultNames, name))
      extra.insert(*known);
    else
      reader.problems().Add(reader.Find("also")->line,
                            fmt::format("'{}' cannot hold '{}'", reader.NameOf("also"), name),
                            fmt::format("write any of {}", fmt::join(kExtraResultNames, ", ")));
  }
  return extra;
}

}  // namespace

ResultProfile ReadResultProfile(const YamlNode& yaml, const std::string& where,
                                ProblemList& problems) {
  SectionReader reader(yaml, ConfigSection("results"), where, problems);
  ResultProfile profile;
  profile.segmentation =
      ReadChoice(reader, "segmentation", kSegmentationNames, profile.segmentation);
  profile.keep_empty_frames =
      reader.Choice("empty_frames", profile.keep_empty_frames, {{"omit", false}, {"keep", true}});
  profile.rle = reader.Choice("compression", profile.rle, {{"none", false}, {"rle", true}});
  profile.report = ReadChoice(reader, "report", kReportNames, profile.report);
  profile.report_failures =
      reader.Choice("failures", profile.report_failures, {{"report", true}, {"none", false}});
  profile.also = ReadExtraResults(reader);
  profile.captured_slices =
      ReadChoice(reader, "captured_slices", kSlicesNames, profile.captured_slices);
  profile.first_series_number = static_cast<int>(
      reader.Integer("first_series_number", profile.first_series_number, 1, kMaxFirstSeriesNumber));
  // Empty is a choice here, not an absent key.
  const YamlNode* banner = FindEntry(yaml, "banner");
  if (banner != nullptr && banner->kind == YamlNode::Kind::kScalar && banner->text.empty())
    profile.banner = "";
  else
    profile.banner = reader.Text("banner", profile.banner);
  if (profile.rle && profile.segmentation == ResultProfile::Segmentation::kBinary)
    problems.Add(reader.Find("compression")->line,
                 fmt::format("'{}' is rle, which BINARY segmentations cannot have",
                             reader.NameOf("compression")),
                 "write segmentation: labelmap, or leave compression out");
  return profile;
}

}  // namespace axial::config
