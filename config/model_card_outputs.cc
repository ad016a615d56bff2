#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <optional>
#include <set>

#include "config/model_card_readers.h"
#include "config/section_reader.h"

namespace axial::config {
namespace {

using Colour = std::array<std::uint8_t, 3>;

constexpr std::size_t kMaxSegments = 1000;
constexpr int kMaxLabel = 65535;

// For segments whose card gives no colour: told apart on grey anatomy, also by most colour-blind.
constexpr std::array<Colour, 8> kPalette = {{{230, 159, 0},
                                             {86, 180, 233},
                                             {0, 158, 115},
                                             {240, 228, 66},
                                             {0, 114, 178},
                                             {213, 94, 0},
                                             {204, 121, 167},
                                             {150, 75, 200}}};

/// Characters of UTF-8 text, as DICOM counts them.
std::size_t CountCharacters(const std::string& text) {
  return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), [](char c) {
    return (static_cast<unsigned char>(c) & 0xc0) != 0x80;
  }));
}

/// PS3.3 8.8: Code Value and Coding Scheme Designator are SH (16), Code Meaning is LO (64).
CodedConcept ReadConcept(const YamlNode& yaml, const std::string& where, ProblemList& problems) {
  SectionReader reader(yaml, ModelCardSection("concept"), where, problems);
  CodedConcept result;
  result.value = reader.RequiredText("code", "write the Code Value, such as \"39607008\"", 16);
  result.scheme =
      reader.RequiredText("scheme", "write the Coding Scheme Designator, such as SCT or DCM", 16);
  result.meaning = reader.RequiredText("meaning", "write the Code Meaning, such as Lung");
  if (CountCharacters(result.meaning) > 64)
    problems.Add(reader.Find("meaning")->line,
                 fmt::format("'{}' has {} characters; 64 is DICOM's limit",
                             reader.NameOf("meaning"), CountCharacters(result.meaning)),
                 "shorten the Code Meaning");
  return result;
}

std::optional<CodedConcept> ReadOptionalConcept(SectionReader& reader, std::string_view key) {
  const YamlNode* yaml = reader.Find(key);
  if (yaml == nullptr) return std::nullopt;
  return ReadConcept(*yaml, reader.NameOf(key), reader.problems());
}

CodedConcept ReadRequiredConcept(SectionReader& reader, std::string_view key,
                                 std::string_view remedy) {
  const YamlNode* yaml = reader.Require(key, remedy);
  return yaml == nullptr ? CodedConcept{}
                         : ReadConcept(*yaml, reader.NameOf(key), reader.problems());
}

Colour ReadColour(SectionReader& reader, std::size_t position) {
  const YamlNode* yaml = reader.Find("colour");
  if (yaml == nullptr) return kPalette[position % kPalette.size()];
  Colour colour{};
  bool good = yaml->kind == YamlNode::Kind::kList && yaml->items.size() == colour.size();
  for (std::size_t i = 0; good && i < colour.size(); ++i) {
    const std::string& text = yaml->items[i].text;
    const auto [stop, error] = std::from_chars(text.data(), text.data() + text.size(), colour[i]);
    good = error == std::errc() && stop == text.data() + text.size();
  }
  if (!good)
    reader.problems().Add(yaml->line, fmt::format("'{}' is no colour", reader.NameOf("colour")),
                          "write red, green and blue from 0 to 255, such as [200, 60, 60]");
  else if (colour == Colour{})
    reader.problems().Add(
        yaml->line,
        fmt::format("'{}' is black, which viewers show as nothing", reader.NameOf("colour")),
        "choose a visible colour, such as [200, 60, 60]");
  return colour;
}

SegmentSpec ReadSegment(const YamlNode& yaml, std::size_t position, ProblemList& problems) {
  SectionReader reader(yaml, ModelCardSection("segment"),
                       fmt::format("outputs.segments[{}]", position), problems);
  SegmentSpec segment;
  reader.Require("label", "write the value that the model gives this segment, from 1");
  segment.label = static_cast<int>(reader.Integer("label", 0, 1, kMaxLabel));
  segment.name = reader.RequiredText("name", "name the segment as the viewer shall show it", 64);
  segment.category = ReadRequiredConcept(reader, "category",
                                         "write the Segmented Property Category (CID 7150), such "
                                         "as {code: \"123037004\", scheme: SCT, "
                                         "meaning: Anatomical Structure}");
  segment.type = ReadRequiredConcept(reader, "type",
                                     "write the Segmented Property Type, such as {code: "
                                     "\"39607008\", scheme: SCT, meaning: Lung}");
  segment.modifier = ReadOptionalConcept(reader, "modifier");
  segment.anatomic_region = ReadOptionalConcept(reader, "anatomic_region");
  segment.colour = ReadColour(reader, position);
  return segment;
}

std::vector<SegmentSpec> ReadSegments(const YamlNode& yaml, ProblemList& problems) {
  std::vector<SegmentSpec> segments;
  if (yaml.kind != YamlNode::Kind::kList || yaml.items.size() > kMaxSegments) {
    problems.Add(yaml.line,
                 fmt::format("'outputs.segments' is not a list of up to {} segments", kMaxSegments),
                 "write one `- {label: ..., name: ..., category: ..., type: ...}` per segment");
    return segments;
  }
  std::set<int> labels;
  std::set<std::string> names;
  for (const YamlNode& item : yaml.items) {
    SegmentSpec segment = ReadSegment(item, segments.size(), problems);
    if (segment.label > 0 && !labels.insert(segment.label).second)
      problems.Add(item.line, fmt::format("label {} is mapped twice", segment.label),
                   "give each label value one segment");
    if (!segment.name.empty() && !names.insert(segment.name).second)
      problems.Add(item.line, fmt::format("two segments are named '{}'", segment.name),
                   "give each segment a name of its own");
    segments.push_back(std::move(segment));
  }
  return segments;
}

std::vector<ClassificationSpec::Class> ReadClasses(const YamlNode& yaml, const std::string& where,
                                                   ProblemList& problems) {
  std::vector<ClassificationSpec::Class> classes;
  if (yaml.kind != YamlNode::Kind::kList || yaml.items.empty()) {
    problems.Add(yaml.line, fmt::format("'{}' is not a list of classes", where),
                 "write one `- {index: 0, value: {code, scheme, meaning}}` per class");
    return classes;
  }
  std::set<int> indices;
  for (const YamlNode& item : yaml.items) {
    SectionReader reader(item, ModelCardSection("class"),
                         fmt::format("{}[{}]", where, classes.size()), problems);
    reader.Require("index", "write the position in the model's output, from 0");
    ClassificationSpec::Class one;
    one.index = static_cast<int>(reader.Integer("index", 0, 0, kMaxLabel));
    one.value = ReadRequiredConcept(reader, "value", "write the code that this class means");
    if (!indices.insert(one.index).second)
      problems.Add(item.line, fmt::format("index {} is mapped twice", one.index),
                   "give each index one value");
    classes.push_back(std::move(one));
  }
  return classes;
}

std::vector<ClassificationSpec> ReadClassifications(const YamlNode& yaml, ProblemList& problems) {
  std::vector<ClassificationSpec> classifications;
  if (yaml.kind != YamlNode::Kind::kList) {
    problems.Add(yaml.line, "'outputs.classifications' is not a list",
                 "write one `- {concept: ..., classes: [...]}` per question");
    return classifications;
  }
  for (const YamlNode& item : yaml.items) {
    SectionReader reader(item, ModelCardSection("classification"),
                         fmt::format("outputs.classifications[{}]", classifications.size()),
                         problems);
    ClassificationSpec one;
    one.concept_name = ReadRequiredConcept(reader, "concept",
                                           "write the code of the question, such as Image View");
    one.threshold = reader.Number("threshold", one.threshold, 0, 1);
    if (const YamlNode* classes =
            reader.Require("classes", "write one `- {index: 0, value: ...}` per class"))
      one.classes = ReadClasses(*classes, reader.NameOf("classes"), problems);
    classifications.push_back(std::move(one));
  }
  return classifications;
}

std::vector<MeasurementKind> ReadMeasurements(SectionReader& reader) {
  constexpr std::array<std::pair<std::string_view, MeasurementKind>, 7> kKinds = {
      {{"volume", MeasurementKind::kVolume},
       {"mean", MeasurementKind::kMean},
       {"standard_deviation", MeasurementKind::kStandardDeviation},
       {"minimum", MeasurementKind::kMinimum},
       {"maximum", MeasurementKind::kMaximum},
       {"longest_diameter", MeasurementKind::kLongestDiameter},
       {"surface_area", MeasurementKind::kSurfaceArea}}};
  std::vector<MeasurementKind> measurements;
  for (const std::string& text : reader.TextList("measurements")) {
    const auto found = std::find_if(kKinds.begin(), kKinds.end(),
                                    [&text](const auto& kind) { return kind.first == text; });
    if (found == kKinds.end())
      reader.problems().Add(reader.Find("measurements")->line,
                            fmt::format("there is no measurement '{}'", text.substr(0, 64)),
                            "write some of volume, mean, standard_deviation, minimum, maximum, "
                            "longest_diameter, surface_area");
    else if (std::find(measurements.begin(), measurements.end(), found->second) ==
             measurements.end())
      measurements.push_back(found->second);
  }
  return measurements;
}

}  // namespace

void ReadOutputs(const YamlNode& yaml, ModelCard& card, ProblemList& problems) {
  SectionReader reader(yaml, ModelCardSection("outputs"), "outputs", problems);
  if (const YamlNode* segments = reader.Find("segments"))
    card.segments = ReadSegments(*segments, problems);
  if (const YamlNode* classifications = reader.Find("classifications"))
    card.classifications = ReadClassifications(*classifications, problems);
  card.measurements = ReadMeasurements(reader);
  if (card.segments.empty() && card.classifications.empty())
    problems.Add(yaml.line, "the model has no outputs",
                 "write outputs.segments or outputs.classifications");
  if (!card.measurements.empty() && card.segments.empty())
    problems.Add(reader.Find("measurements")->line,
                 "measurements are taken of segments, and there "
                 "are none",
                 "write outputs.segments, or remove measurements");
}

}  // namespace axial::config
