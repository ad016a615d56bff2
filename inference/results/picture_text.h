#pragma once

#include <string>
#include <vector>

#include "inference/results/result_run.h"

/// A run's outcome in words, for pictures and pages. UTF-8.
namespace axial::results {

/// "Volume 2310 cm³", "Attenuation Coefficient (Mean) -812 HU": three significant digits.
[[nodiscard]] std::string MeasurementText(const Measurement& measurement);

/// "Image View: lateral (97 %)".
[[nodiscard]] std::string AnswerText(const ClassificationFinding& answer);

/// "Not all of the series was analysed: 2 of 40 frames left out: localizer." or "".
[[nodiscard]] std::string NotAnalysedText(const ResultRun& run);

/// What was not analysed, and what the model looks for and did not find: one sentence per kind;
/// empty when it saw and found all.
[[nodiscard]] std::vector<std::string> NotFoundTexts(const ResultRun& run);

/// A Person Name (PS3.5 6.2.1) for people: "Yamada, Tarou (山田 太郎, やまだ たろう)".
[[nodiscard]] std::string NameForPeople(const std::string& utf8);

/// An attribute of the source in UTF-8, by its Specific Character Set; "" when absent.
[[nodiscard]] std::string SourceText(const ResultRun& run, const DcmTagKey& tag);

/// As SourceText, of a Person Name.
[[nodiscard]] std::string SourceName(const ResultRun& run, const DcmTagKey& tag);

}  // namespace axial::results
