#include "gateway/commands/input_series.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <fstream>
#include <limits>
#include <map>
#include <set>

#include "core/dicom/instance_header.h"
#include "core/dicom/patient_identity.h"
#include "gateway/commands/find_files.h"

namespace axial::gateway {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kMaxNamedFiles = 5;

/// Series without a (usable) number come last.
int SeriesNumberOf(const AttributeSet& attributes) {
  const std::string text = FirstValue(attributes, "SeriesNumber");
  int number = std::numeric_limits<int>::max();
  std::from_chars(text.data(), text.data() + text.size(), number);
  return number;
}

/// A file that ought to be an Instance: DICOM (PS3.10 chapter 7, or a data set without its head),
/// but not the directory that comes with every CD and names no Study (PS3.10 8.6).
bool IsDicomImage(const std::string& path) {
  if (fs::path(path).filename() == "DICOMDIR") return false;
  constexpr std::streamoff kPreambleBytes = 128;
  std::string prefix(4, '\0');
  std::ifstream file(path, std::ios::binary);
  file.seekg(kPreambleBytes);
  file.read(prefix.data(), static_cast<std::streamsize>(prefix.size()));
  return prefix == "DICM" || CheckStructure(path).ok();
}

/// Sorts headers into Series.
class SeriesGatherer {
 public:
  void Add(const std::string& file, const InstanceHeader& header) {
    if (!instances_.insert(header.sop_instance_uid).second) {
      ++input_.repeated;
      return;
    }
    const auto [known, is_new] =
        positions_.emplace(header.series_instance_uid.str(), input_.series.size());
    if (is_new) {
      input_.series.push_back({known->first,
                               header.study_instance_uid.str(),
                               FirstValue(header.attributes, "Modality"),
                               {},
                               {}});
      numbers_[known->first] = SeriesNumberOf(header.attributes);
    }
    InputSeries& series = input_.series[known->second];
    if (const Status one = patients_[header.study_instance_uid].Add(
            PatientIdentityOf(header.attributes), header.sop_instance_uid.str());
        !one.ok())
      two_patients_.emplace(series.study_uid, one.error());
    series.files.push_back(fs::absolute(file).string());
  }

  void AddUnusable(const std::string& file, const Error& reason) {
    if (IsDicomImage(file))
      input_.refused.push_back({file, reason.message()});
    else
      ++input_.others;
  }

  InputFolder Finish(std::size_t files) {
    input_.files = files;
    for (InputSeries& series : input_.series)
      if (const auto found = two_patients_.find(series.study_uid); found != two_patients_.end())
        series.patient = found->second;
    std::ranges::stable_sort(input_.series, {},
                             [&](const InputSeries& series) { return numbers_.at(series.uid); });
    return std::move(input_);
  }

 private:
  InputFolder input_;
  std::set<Uid> instances_;
  std::map<std::string, std::size_t> positions_;  ///< in input_.series, by UID
  std::map<std::string, int> numbers_;            ///< Series Number, by UID
  std::map<Uid, OnePatient> patients_;            ///< by Study
  std::map<std::string, Error> two_patients_;     ///< by Study
};

}  // namespace

Result<InputFolder> ReadInputFolder(const std::string& folder) {
  AXIAL_ASSIGN_OR_RETURN(const std::vector<std::string> files, FindFiles({folder}));
  SeriesGatherer gatherer;
  for (const std::string& file : files) {
    const Result<InstanceHeader> header = ReadInstanceHeader(file);
    if (header.ok())
      gatherer.Add(file, *header);
    else
      gatherer.AddUnusable(file, header.error());
  }
  return gatherer.Finish(files.size());
}

void TellLeftOut(const InputFolder& input, std::ostream& err) {
  if (input.others > 0)
    err << fmt::format("{} of {} files are no DICOM images\n", input.others, input.files);
  if (input.repeated > 0)
    err << fmt::format("{} of {} files repeat an Instance and are left out\n", input.repeated,
                       input.files);
  if (input.refused.empty()) return;
  err << fmt::format("{} of {} files are DICOM, but cannot be used:\n", input.refused.size(),
                     input.files);
  ListLeftOut(input.refused, kMaxNamedFiles, err);
  err << "  The gateway refuses them, too. Correct what is named where the files come from, or in "
         "a copy, alike in all files of a Series, and analyse that.\n";
}

}  // namespace axial::gateway
