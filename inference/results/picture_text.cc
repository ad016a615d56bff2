#include "inference/results/picture_text.h"

#include <dcmtk/dcmdata/dctk.h>
#include <fmt/core.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <set>
#include <sstream>

#include "core/dicom/character_set.h"

namespace axial::results {
namespace {

std::string UnitText(const CodedConcept& unit) {
  if (unit.value == "cm3") return "cm³";
  if (unit.value == "mm3") return "mm³";
  if (unit.value == "cm2") return "cm²";
  if (unit.value == "mm2") return "mm²";
  if (unit.value == "[hnsf'U]") return "HU";
  if (unit.value == "[arb'U]") return "a.u.";
  if (unit.value == "1") return "";
  return unit.value;
}

std::string Rounded(double value) {
  const double magnitude = std::abs(value);
  if (magnitude >= 100 || magnitude == 0) return fmt::format("{:.0f}", value);
  if (magnitude < 0.001) return fmt::format("{:.2g}", value);
  return fmt::format("{:.{}f}", value, 2 - static_cast<int>(std::floor(std::log10(magnitude))));
}

std::vector<std::string> Split(const std::string& text, char separator) {
  std::vector<std::string> parts;
  std::istringstream stream(text);
  for (std::string part; std::getline(stream, part, separator);) {
    const std::size_t first = part.find_first_not_of(' ');
    const std::size_t last = part.find_last_not_of(' ');
    parts.push_back(first == std::string::npos ? "" : part.substr(first, last - first + 1));
  }
  return parts;
}

/// Family name first; `comma`: between it and the rest.
std::string NameGroup(const std::string& group, const char* comma) {
  const std::vector<std::string> parts = Split(group, '^');
  std::vector<std::string> rest;
  for (std::size_t i = 1; i < parts.size(); ++i)
    if (!parts[i].empty()) rest.push_back(parts[i]);
  const std::string family = parts.empty() ? "" : parts.front();
  const std::string given = fmt::format("{}", fmt::join(rest, " "));
  if (family.empty()) return given;
  return given.empty() ? family : family + comma + given;
}

std::string Decode(const ResultRun& run, const DcmTagKey& tag, bool person_name) {
  DcmElement* element = nullptr;
  char* bytes = nullptr;
  if (run.source.findAndGetElement(tag, element).bad() || element == nullptr ||
      element->getString(bytes).bad() || bytes == nullptr)
    return "";
  const CharacterSet character_set(TextOf(run.source, DCM_SpecificCharacterSet));
  const std::vector<std::string> values = character_set.Decode(bytes, false, person_name);
  std::string text = values.empty() ? "" : values.front();
  while (!text.empty() && text.back() == ' ') text.pop_back();
  return text;
}

}  // namespace

std::string MeasurementText(const Measurement& measurement) {
  const std::string derivation =
      measurement.derivation ? fmt::format(" ({})", measurement.derivation->meaning) : "";
  const std::string unit = UnitText(measurement.unit);
  return fmt::format("{}{} {}{}{}", measurement.quantity.meaning, derivation,
                     Rounded(measurement.value), unit.empty() ? "" : "\u00a0", unit);
}

std::string AnswerText(const ClassificationFinding& answer) {
  const double percent = 100 * answer.probability;
  const std::string probability =
      percent > 99 && percent < 100 ? "> 99" : fmt::format("{:.0f}", percent);
  return fmt::format("{}: {} ({} %)", answer.concept_name.meaning, answer.value.meaning,
                     probability);
}

std::string NotAnalysedText(const ResultRun& run) {
  if (run.findings.left_out.empty()) return "";
  return fmt::format("Not all of the series was analysed: {}.",
                     fmt::join(run.findings.left_out, "; "));
}

std::vector<std::string> NotFoundTexts(const ResultRun& run) {
  std::set<std::string> found;
  for (const SegmentFinding& segment : run.findings.segments) found.insert(segment.spec.name);
  std::vector<std::string> missing;
  for (const config::SegmentSpec& spec : run.card.segments)
    if (!found.contains(spec.name)) missing.push_back(spec.name);
  std::vector<std::string> texts;
  if (std::string text = NotAnalysedText(run); !text.empty()) texts.push_back(std::move(text));
  if (!missing.empty())
    texts.push_back(fmt::format("Looked for and not found: {}.", fmt::join(missing, ", ")));
  for (const config::ClassificationSpec& question : run.card.classifications) {
    const auto answers = [&](const ClassificationFinding& answer) {
      return answer.concept_name.value == question.concept_name.value &&
             answer.concept_name.scheme == question.concept_name.scheme;
    };
    if (std::none_of(run.findings.classifications.begin(), run.findings.classifications.end(),
                     answers))
      texts.push_back(fmt::format("{}: no answer reaches {:.0f} %.", question.concept_name.meaning,
                                  100 * question.threshold));
  }
  return texts;
}

std::string NameForPeople(const std::string& utf8) {
  const std::vector<std::string> groups = Split(utf8, '=');
  std::vector<std::string> names;
  for (std::size_t i = 0; i < groups.size() && i < 3; ++i)
    if (std::string name = NameGroup(groups[i], i == 0 ? ", " : " "); !name.empty())
      names.push_back(std::move(name));
  if (names.size() < 2) return names.empty() ? "" : names.front();
  return fmt::format("{} ({})", names.front(), fmt::join(names.begin() + 1, names.end(), ", "));
}

std::string SourceText(const ResultRun& run, const DcmTagKey& tag) {
  return Decode(run, tag, false);
}

std::string SourceName(const ResultRun& run, const DcmTagKey& tag) {
  return NameForPeople(Decode(run, tag, true));
}

}  // namespace axial::results
