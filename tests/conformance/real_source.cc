#include "tests/conformance/real_source.h"

#include <algorithm>
#include <map>
#include <set>

#include "core/dicom/instance_header.h"
#include "inference/volume/load_series.h"
#include "tests/support/shared_data.h"

namespace axial::testing {
namespace {

/// Files of the largest Series below a folder.
std::vector<std::string> LargestSeries(const std::string& folder, const std::string& part) {
  std::map<std::string, std::vector<std::string>> series;
  for (const std::string& file : FilesBelow(folder))
    if (const auto header = ReadInstanceHeader(file);
        header.ok() && file.find(part) != std::string::npos)
      series[header->series_instance_uid.str()].push_back(file);
  std::vector<std::string> largest;
  for (auto& [uid, files] : series)
    if (files.size() > largest.size()) largest = std::move(files);
  return largest;
}

Result<SourceSeries> Load(const std::vector<std::string>& files, bool volume) {
  if (!volume) {
    AXIAL_ASSIGN_OR_RETURN(LoadedImages images, LoadImages(files));
    return std::move(images.source);
  }
  AXIAL_ASSIGN_OR_RETURN(LoadedVolume stack, LoadVolume(files));
  return std::move(stack.source);
}

/// The files of the frames in the middle, in the frames' order.
std::vector<std::string> Middle(const SourceSeries& series, std::size_t at_most) {
  std::vector<std::string> files;
  std::set<std::string> seen;
  for (const SourceFrame& frame : series.frames)
    if (seen.insert(frame.file).second) files.push_back(frame.file);
  if (files.size() <= at_most) return files;
  const auto first = files.begin() + static_cast<std::ptrdiff_t>((files.size() - at_most) / 2);
  return {first, first + static_cast<std::ptrdiff_t>(at_most)};
}

}  // namespace

std::optional<SourceSeries> LoadRealSource(const RealSource& source, const std::string& folder) {
  const std::vector<std::string> files = LargestSeries(folder, source.part);
  Result<SourceSeries> series = Load(files, source.volume);
  if (series.ok() && files.size() > source.at_most)
    series = Load(Middle(*series, source.at_most), source.volume);
  EXPECT_TRUE(series.ok()) << NameOf(source) << ": " << series.error().ToString();
  if (!series.ok()) return std::nullopt;
  return std::move(*series);
}

std::string NameOf(const RealSource& source) {
  std::string name = source.item;
  if (*source.part != '\0') name += std::string("_") + source.part;
  std::replace_if(
      name.begin(), name.end(), [](unsigned char c) { return std::isalnum(c) == 0; }, '_');
  return name;
}

void PrintTo(const RealSource& source, std::ostream* stream) { *stream << NameOf(source); }

}  // namespace axial::testing
