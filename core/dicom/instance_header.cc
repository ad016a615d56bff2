#include "core/dicom/instance_header.h"

#include <algorithm>
#include <charconv>
#include <limits>

#include "core/dicom/attribute_values.h"
#include "core/dicom/character_set.h"
#include "core/dicom/structure.h"

namespace axial {
namespace {

/// Gathers the attributes while the structure is walked.
class HeaderCollector {
 public:
  void Take(const DataElement& element) {
    const auto tag = static_cast<std::uint32_t>(element.group << 16 | element.element);
    constexpr std::uint32_t kSpecificCharacterSet = 0x00080005;
    constexpr std::uint32_t kPixelRepresentation = 0x00280103;
    if (tag == kSpecificCharacterSet) character_set_ = CharacterSet(element.value);
    std::string keyword;
    AttributeValue value;
    if (!ReadAttributeValue(element, character_set_, signed_pixels_, keyword, value)) return;
    if (tag == kPixelRepresentation) signed_pixels_ = value.values == std::vector<std::string>{"1"};
    attributes.emplace(std::move(keyword), std::move(value));  // of two the first counts
  }

  AttributeSet attributes;

 private:
  CharacterSet character_set_;
  bool signed_pixels_ = false;
};

Result<Uid> RequiredUid(const AttributeSet& attributes, std::string_view keyword) {
  const AttributeValue* attribute = FindAttribute(attributes, keyword);
  if (attribute == nullptr) return MakeError(ErrorCode::kInvalidInput, "{} is missing", keyword);
  if (attribute->values.size() != 1)
    return MakeError(ErrorCode::kInvalidInput, "{} has {} values instead of one", keyword,
                     attribute->values.size());
  Result<Uid> uid = Uid::Parse(attribute->values.front());
  if (!uid.ok()) return uid.error().WithContext("{}", keyword);
  return uid;
}

std::int64_t FramesOf(const AttributeSet& attributes) {
  const std::string text = FirstValue(attributes, "NumberOfFrames");
  std::int64_t frames = 1;
  std::from_chars(text.data(), text.data() + text.size(), frames);
  constexpr std::int64_t kMost = std::numeric_limits<std::int32_t>::max();  // VR IS
  return std::clamp<std::int64_t>(frames, 1, kMost);
}

/// `walk`: over the data set, with a sink.
template <typename Walk>
Result<InstanceHeader> Collect(const Walk& walk) {
  HeaderCollector collector;
  AXIAL_ASSIGN_OR_RETURN(
      const StructureSummary summary,
      walk(DataElementSink([&](const DataElement& element) { collector.Take(element); })));
  AttributeSet& attributes = collector.attributes;
  AXIAL_ASSIGN_OR_RETURN(Uid study, RequiredUid(attributes, "StudyInstanceUID"));
  AXIAL_ASSIGN_OR_RETURN(Uid series, RequiredUid(attributes, "SeriesInstanceUID"));
  AXIAL_ASSIGN_OR_RETURN(Uid instance, RequiredUid(attributes, "SOPInstanceUID"));
  AXIAL_ASSIGN_OR_RETURN(Uid sop_class, RequiredUid(attributes, "SOPClassUID"));
  const std::int64_t frames = FramesOf(attributes);
  return InstanceHeader{std::move(study),     std::move(series),           std::move(instance),
                        std::move(sop_class), summary.transfer_syntax_uid, frames,
                        std::move(attributes)};
}

}  // namespace

Status CheckStructure(const std::string& path, const HeaderLimits& limits) {
  const Result<StructureSummary> walked = WalkStructure(path, limits);
  return walked.ok() ? Status() : walked.error();
}

Result<InstanceHeader> ReadInstanceHeader(const std::string& path, const HeaderLimits& limits) {
  return Collect([&](const DataElementSink& sink) { return WalkStructure(path, limits, sink); });
}

Result<InstanceHeader> ReadInstanceHeaderOfOpenFile(int descriptor, const HeaderLimits& limits) {
  return Collect([&](const DataElementSink& sink) {
    return WalkStructureOfOpenFile(descriptor, limits, sink);
  });
}

}  // namespace axial
