#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.h"
#include "routing/study_summary.h"
#include "routing/value_class.h"

namespace axial::routing {

/// An attribute that a condition asks about, found in the dictionary or among the added ones
/// (CallingAETitle, CalledAETitle, instances, frames).
struct Attribute {
  enum class Source { kStudy, kSeries, kCallingAeTitle, kCalledAeTitle, kInstances, kFrames };

  std::string keyword;
  ValueClass value_class = ValueClass::kText;
  Source source = Source::kSeries;
  bool is_hidden = false;  ///< identifies the patient: reasons never show its values
};

/// Error: NotFound (no such keyword; the message names the nearest), Unsupported (a sequence or
/// binary data).
[[nodiscard]] Result<Attribute> FindAttributeByKeyword(const std::string& keyword);

/// True for every person's name and what else identifies the patient (numbers, birth, address,
/// free comments).
[[nodiscard]] bool IdentifiesPatient(std::string_view keyword, std::string_view vr);

/// One Series of a Study, as conditions see it. Refers to what it is given.
class Subject {
 public:
  Subject(const StudySummary& study, const SeriesSummary& series)
      : study_(study), series_(series) {}

  /// The values that are not empty; none when the attribute is absent or has no value.
  [[nodiscard]] std::vector<std::string> ValuesOf(const Attribute& attribute) const;

 private:
  const StudySummary& study_;
  const SeriesSummary& series_;
};

/// "SliceThickness is 5", "BodyPartExamined is absent", "PatientID is (hidden)": short, one line.
[[nodiscard]] std::string Describe(const Attribute& attribute,
                                   const std::vector<std::string>& values);

}  // namespace axial::routing
