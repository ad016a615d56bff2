#include "tests/unit/routing/rule_fixture.h"

#include <gtest/gtest.h>

#include <sstream>

#include "core/dicom/dictionary.h"

namespace axial::routing {
namespace {

std::vector<std::string> SplitValues(const std::string& text) {
  std::vector<std::string> values;
  std::istringstream stream(text);
  for (std::string value; std::getline(stream, value, '\\');) values.push_back(value);
  return values;
}

std::string Indented(const std::string& lines) {
  std::istringstream stream(lines);
  std::string indented;
  for (std::string line; std::getline(stream, line);) indented += "      " + line + "\n";
  return indented;
}

}  // namespace

StudySummary StudyWith(const std::vector<std::pair<std::string, std::string>>& attributes) {
  SeriesSummary series{
      Uid::Parse("1.2.3.4").value(), "1.2.840.10008.5.1.4.1.1.2", {}, 30, 60, "CT01", "AXIAL"};
  for (const auto& [keyword, text] : attributes)
    series.attributes[keyword] = {VrOfKeyword(keyword).value_or("LO"), SplitValues(text)};
  StudySummary study{Uid::Parse("1.2.3").value(), StudyAttributes(series.attributes), {}};
  study.series.push_back(std::move(series));
  return study;
}

CompiledRuleSet CompileWhen(const std::string& when, const std::string& unless) {
  std::string text =
      "destinations:\n"
      "  pacs: {kind: folder, path: out}\n"
      "rules:\n"
      "  - name: test rule\n"
      "    run: model\n"
      "    send_to: pacs\n"
      "    when:\n" +
      Indented(when);
  if (!unless.empty()) text += "    unless:\n" + Indented(unless);
  const config::LoadedConfig loaded = config::ParseConfig(text, "rules.yaml");
  if (!loaded.config) return {std::nullopt, loaded.problems};
  return RuleSet::Compile(loaded.config->rules, "rules.yaml");
}

SeriesVerdict Judge(const std::string& when, const StudySummary& study, const std::string& unless) {
  const CompiledRuleSet compiled = CompileWhen(when, unless);
  for (const config::Problem& problem : compiled.problems) ADD_FAILURE() << problem.ToString();
  if (!compiled.rule_set) return {study.series[0].series_instance_uid, false, "does not compile"};
  return compiled.rule_set->Evaluate(study).rules.at(0).series.at(0);
}

}  // namespace axial::routing
