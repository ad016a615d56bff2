#include "gateway/assemble/instance_facts.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <string_view>

namespace axial::assemble {
namespace {

constexpr std::int64_t kMaxNumber = 2'147'483'647;  // IS, PS3.5 6.2
constexpr double kMaxPositionMm = 1e6;

std::optional<std::int64_t> Number(const AttributeSet& attributes, std::string_view keyword) {
  std::string text = FirstValue(attributes, keyword);
  std::string_view digits = text;
  while (!digits.empty() && digits.front() == ' ') digits.remove_prefix(1);
  if (!digits.empty() && digits.front() == '+') digits.remove_prefix(1);
  while (!digits.empty() && digits.back() == ' ') digits.remove_suffix(1);
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
  if (error != std::errc() || end != digits.data() + digits.size() || number < -kMaxNumber ||
      number > kMaxNumber)
    return std::nullopt;
  return number;
}

/// A count of 0 tells nothing.
std::optional<std::int64_t> Count(const AttributeSet& attributes, std::string_view keyword) {
  const std::optional<std::int64_t> count = Number(attributes, keyword);
  return count && *count > 0 ? count : std::nullopt;
}

template <std::size_t N>
std::optional<std::array<double, N>> Decimals(const AttributeSet& attributes,
                                              std::string_view keyword) {
  const AttributeValue* attribute = FindAttribute(attributes, keyword);
  if (attribute == nullptr || attribute->values.size() != N) return std::nullopt;
  std::array<double, N> values{};
  for (std::size_t i = 0; i < N; ++i) {
    std::string_view text = attribute->values[i];
    while (!text.empty() && (text.front() == ' ' || text.front() == '+')) text.remove_prefix(1);
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), values[i]);
    if (error != std::errc() || !std::isfinite(values[i]) || std::abs(values[i]) > kMaxPositionMm)
      return std::nullopt;
  }
  return values;
}

std::optional<SlicePosition> PositionOf(const AttributeSet& attributes) {
  const auto axes = Decimals<6>(attributes, "ImageOrientationPatient");
  const auto origin = Decimals<3>(attributes, "ImagePositionPatient");
  if (!axes || !origin) return std::nullopt;
  const auto& a = *axes;
  const std::array normal = {a[1] * a[5] - a[2] * a[4], a[2] * a[3] - a[0] * a[5],
                             a[0] * a[4] - a[1] * a[3]};
  const double along =
      normal[0] * (*origin)[0] + normal[1] * (*origin)[1] + normal[2] * (*origin)[2];
  if (!std::isfinite(along) || std::abs(along) > kMaxPositionMm) return std::nullopt;
  SlicePosition position;
  std::transform(a.begin(), a.end(), position.orientation.begin(), [](double cosine) {
    return static_cast<int>(std::lround(std::clamp(cosine, -2.0, 2.0) * 1000));
  });
  position.along_normal_um = std::llround(along * 1000);
  return position;
}

std::optional<Concatenation> ConcatenationOf(const AttributeSet& attributes) {
  std::string uid = FirstValue(attributes, "ConcatenationUID");
  const auto number = Count(attributes, "InConcatenationNumber");
  if (uid.empty() || !number) return std::nullopt;
  return Concatenation{std::move(uid), *number,
                       Count(attributes, "InConcatenationTotalNumber").value_or(0)};
}

/// Enhanced CT, MR (and its colour and spectroscopy kin), PET; Legacy Converted Enhanced CT, MR,
/// PET; Breast Tomosynthesis; X-Ray 3D (PS3.4 B.5).
bool IsEnhanced(const std::string& sop_class_uid) {
  constexpr std::array<std::string_view, 10> kEnhanced = {
      "1.2.840.10008.5.1.4.1.1.2.1",    "1.2.840.10008.5.1.4.1.1.2.2",
      "1.2.840.10008.5.1.4.1.1.4.1",    "1.2.840.10008.5.1.4.1.1.4.3",
      "1.2.840.10008.5.1.4.1.1.4.4",    "1.2.840.10008.5.1.4.1.1.130",
      "1.2.840.10008.5.1.4.1.1.128.1",  "1.2.840.10008.5.1.4.1.1.13.1.1",
      "1.2.840.10008.5.1.4.1.1.13.1.2", "1.2.840.10008.5.1.4.1.1.13.1.3"};
  return std::find(kEnhanced.begin(), kEnhanced.end(), sop_class_uid) != kEnhanced.end();
}

/// Images that are read one by one (PS3.3 C.7.3.1.1.1).
bool IsProjection(const std::string& modality) {
  constexpr std::array<std::string_view, 6> kProjections = {"CR", "DX", "IO", "MG", "PX", "RG"};
  return std::find(kProjections.begin(), kProjections.end(), modality) != kProjections.end();
}

}  // namespace

InstanceFacts FactsOf(const InstanceHeader& header) {
  const AttributeSet& attributes = header.attributes;
  InstanceFacts facts;
  facts.series_uid = header.series_instance_uid.str();
  facts.frames = header.frames;
  facts.enhanced = header.frames > 1 && IsEnhanced(header.sop_class_uid.str());
  facts.instance_number = Number(attributes, "InstanceNumber");
  facts.acquisition_number = Number(attributes, "AcquisitionNumber");
  facts.images_in_acquisition = Count(attributes, "ImagesInAcquisition");
  facts.series_instances = Count(attributes, "NumberOfSeriesRelatedInstances");
  facts.study_instances = Count(attributes, "NumberOfStudyRelatedInstances");
  facts.study_series = Count(attributes, "NumberOfStudyRelatedSeries");
  facts.concatenation = ConcatenationOf(attributes);
  facts.stands_alone = !facts.concatenation &&
                       (header.frames > 1 || IsProjection(FirstValue(attributes, "Modality")));
  facts.position = PositionOf(attributes);
  return facts;
}

}  // namespace axial::assemble
