#pragma once

#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.h"

class DcmItem;
class DcmTagKey;

/// Reading a written report's content tree again (PS3.3 C.17.3), for its checks.
namespace axial::results {

struct ResultRun;

/// What the content tree says, gathered in one walk. Items belong to the data set.
struct ReportContentTree {
  std::set<std::string> referenced_instances;
  std::set<std::string> concepts;  ///< code values of all concept names
  std::set<std::string> codes;     ///< code values of all answers (value type CODE)
  std::vector<DcmItem*> numbers;   ///< content items NUM outside the image library
  std::vector<DcmItem*> groups;    ///< the measurement groups
  std::vector<DcmItem*> outlines;  ///< content items SCOORD
  int image_library_entries = 0;
  bool says_skipped = false;  ///< a comment with kSkippedRegions
  bool says_absent = false;   ///< (121071, DCM, "Finding") = (2667000, SCT, "Absent")
};

/// Error: Corrupt (too deep, a code without scheme or meaning).
[[nodiscard]] Result<ReportContentTree> ReadContentTree(DcmItem& dataset);

/// Code value of an item's concept name; "" when it has none.
[[nodiscard]] std::string ConceptOf(DcmItem& item);

/// The item's direct children with that concept name, or (`concept_code` "") all.
[[nodiscard]] std::vector<DcmItem*> ChildrenOf(DcmItem& item, const std::string& concept_code);

/// The item's one child with that concept name. Error: Corrupt (none or several).
[[nodiscard]] Result<DcmItem*> OnlyChild(DcmItem& item, const std::string& concept_code);

/// "<concept>=<value> <unit>" of a NUM. Error: Corrupt.
[[nodiscard]] Result<std::string> NumberOf(DcmItem& item);

/// "<study> <series> <class> <instance>" of each Instance that a sequence of studies (PS3.3
/// C.17.2.1) names.
[[nodiscard]] std::set<std::string> InstancesIn(DcmItem& dataset, const DcmTagKey& studies);

/// Lets dcmsr read the document, by the rules of its SOP Class. Takes out of the data set what is
/// the source's and has been compared already: dcmsr warns about every odd value of it.
/// Error: Corrupt.
[[nodiscard]] Status CheckIsDocument(const ResultRun& run, DcmItem& dataset,
                                     std::string_view object);

}  // namespace axial::results
