#pragma once

#include <array>
#include <cstddef>
#include <optional>
#include <set>
#include <string>
#include <string_view>

namespace axial::config {

/// Objects that a Destination may ask for beside Segmentation and report, for readers that show
/// neither.
enum class ExtraResult {
  kSecondaryCapture,   ///< images with the contours burned in
  kPresentationState,  ///< contours as graphics over the original images
  kRtStructureSet,
  kPdf,         ///< one page, encapsulated
  kKeyObjects,  ///< Key Object Selection of the images to look at first
};

/// How one Destination wants the results of a model run (key `results` of a destination). Two
/// Destinations with equal profiles get the same objects.
struct ResultProfile {
  enum class Segmentation { kBinary, kLabelmap, kFractional, kNone };
  enum class Report { kComprehensive3d, kComprehensive, kEnhanced, kNone };
  enum class Slices { kKey, kEvery };

  Segmentation segmentation = Segmentation::kBinary;
  bool keep_empty_frames = false;  ///< frames of a segment that is not on them
  bool rle = false;                ///< RLE Lossless; LABELMAP and FRACTIONAL only
  Report report = Report::kComprehensive3d;
  bool report_failures = true;  ///< a document that says that the model could not run
  std::set<ExtraResult> also;
  Slices captured_slices = Slices::kKey;  ///< of the Secondary Capture
  int first_series_number = 9001;         ///< of the first run of a study
  /// Burned into every picture; "" for none.
  std::string banner = "AI result, not for diagnosis";

  auto operator<=>(const ResultProfile&) const = default;
};

/// What first_series_number may be: leaves room for a million runs of a study within Integer String
/// (PS3.5 6.2).
inline constexpr int kMaxFirstSeriesNumber = 2'000'000'000;

/// The words of the configuration file and of the worker protocol, in the enumerators' order.
inline constexpr std::array<std::string_view, 5> kExtraResultNames = {
    "secondary_capture", "presentation_state", "rt_structure_set", "pdf", "key_objects"};
inline constexpr std::array<std::string_view, 4> kSegmentationNames = {"binary", "labelmap",
                                                                       "fractional", "none"};
inline constexpr std::array<std::string_view, 4> kReportNames = {
    "comprehensive_3d", "comprehensive", "enhanced", "none"};
/// Their SOP Classes (PS3.4 B.5), in the same order.
inline constexpr std::array<std::string_view, 4> kReportSopClasses = {
    "1.2.840.10008.5.1.4.1.1.88.34", "1.2.840.10008.5.1.4.1.1.88.33",
    "1.2.840.10008.5.1.4.1.1.88.22", ""};
inline constexpr std::array<std::string_view, 2> kSlicesNames = {"key", "every"};

/// The enumerator that `name` stands for in one of the lists above.
template <typename Enum, std::size_t N>
[[nodiscard]] std::optional<Enum> EnumFromName(const std::array<std::string_view, N>& names,
                                               std::string_view name) {
  for (std::size_t i = 0; i < N; ++i)
    if (names[i] == name) return static_cast<Enum>(i);
  return std::nullopt;
}

/// The word for `value` in its list.
template <typename Enum, std::size_t N>
[[nodiscard]] std::string_view NameOfEnum(const std::array<std::string_view, N>& names,
                                          Enum value) {
  return names[static_cast<std::size_t>(value)];
}

}  // namespace axial::config
