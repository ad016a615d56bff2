#include "inference/results/report_reading.h"

#include <dcmtk/dcmdata/dctk.h>
#include <dcmtk/dcmsr/dsrdoc.h>
#include <fmt/core.h>

#include <algorithm>

#include "inference/results/composite_context.h"
#include "inference/results/report_regions.h"
#include "inference/results/result_run.h"
#include "inference/results/written_object.h"

namespace axial::results {
namespace {

constexpr int kMaxTreeDepth = 16;

Error Wrong(const std::string& what) { return {ErrorCode::kCorrupt, "report: " + what}; }

Status CheckCodes(DcmItem& item) {
  for (const DcmTagKey& sequence : {DCM_ConceptNameCodeSequence, DCM_ConceptCodeSequence})
    for (unsigned long i = 0; i < ItemCount(item, sequence); ++i) {
      DcmItem& code = *ItemOf(item, sequence, static_cast<long>(i));
      if (TextOf(code, DCM_CodeMeaning).empty() || TextOf(code, DCM_CodingSchemeDesignator).empty())
        return Wrong("a code without scheme or meaning");
    }
  return {};
}

Status Walk(DcmItem& item, int depth, bool in_library, ReportContentTree& tree) {
  if (depth > kMaxTreeDepth)
    return Wrong(fmt::format("content tree is deeper than {}", kMaxTreeDepth));
  const std::string name = ConceptOf(item);
  const std::string type = TextOf(item, DCM_ValueType);
  tree.concepts.insert(name);
  const bool library = in_library || name == "111028";
  if (!library && type == "NUM") tree.numbers.push_back(&item);
  if (type == "TEXT" && TextOf(item, DCM_TextValue).find(kSkippedRegions) != std::string::npos)
    tree.says_skipped = true;
  if (type == "SCOORD") tree.outlines.push_back(&item);
  if (type == "CONTAINER" && name == "125007") tree.groups.push_back(&item);
  if (DcmItem* answer = ItemOf(item, DCM_ConceptCodeSequence); answer != nullptr) {
    const std::string code = TextOf(*answer, DCM_CodeValue);
    tree.codes.insert(code);
    tree.says_absent = tree.says_absent || (name == "121071" && code == "2667000");
  }
  for (unsigned long i = 0; i < ItemCount(item, DCM_ReferencedSOPSequence); ++i) {
    tree.referenced_instances.insert(
        TextOf(*ItemOf(item, DCM_ReferencedSOPSequence, static_cast<long>(i)),
               DCM_ReferencedSOPInstanceUID));
    if (library) ++tree.image_library_entries;
  }
  AXIAL_RETURN_IF_ERROR(CheckCodes(item));
  for (DcmItem* child : ChildrenOf(item, ""))
    AXIAL_RETURN_IF_ERROR(Walk(*child, depth + 1, library, tree));
  return {};
}

/// Some devices give numbers in UIDs leading zeros (PS3.5 9.1 forbids them). What the images are
/// called is not for us to change.
bool HasUidAgainstTheRules(const SourceSeries& source) {
  const auto breaks_rules = [](const Uid& uid) {
    return DcmUniqueIdentifier::checkStringValue(uid.str().c_str(), "1").bad();
  };
  return breaks_rules(source.series_instance_uid) ||
         std::any_of(source.frames.begin(), source.frames.end(), [&](const SourceFrame& frame) {
           return breaks_rules(frame.sop_instance_uid);
         });
}

}  // namespace

Result<ReportContentTree> ReadContentTree(DcmItem& dataset) {
  ReportContentTree tree;
  if (const Status walked = Walk(dataset, 0, false, tree); !walked.ok()) return walked.error();
  return tree;
}

std::string ConceptOf(DcmItem& item) {
  DcmItem* code = ItemOf(item, DCM_ConceptNameCodeSequence);
  return code == nullptr ? "" : TextOf(*code, DCM_CodeValue);
}

std::vector<DcmItem*> ChildrenOf(DcmItem& item, const std::string& concept_code) {
  std::vector<DcmItem*> children;
  DcmSequenceOfItems* content = nullptr;
  if (item.findAndGetSequence(DCM_ContentSequence, content).bad()) return children;
  // Not nextInContainer: the caller may walk the same list again.
  for (unsigned long i = 0; i < content->card(); ++i)
    if (concept_code.empty() || ConceptOf(*content->getItem(i)) == concept_code)
      children.push_back(content->getItem(i));
  return children;
}

Result<DcmItem*> OnlyChild(DcmItem& item, const std::string& concept_code) {
  const std::vector<DcmItem*> children = ChildrenOf(item, concept_code);
  if (children.size() != 1)
    return Wrong(fmt::format("{} content items {} instead of 1", children.size(), concept_code));
  return children.front();
}

Result<std::string> NumberOf(DcmItem& item) {
  DcmItem* value = ItemOf(item, DCM_MeasuredValueSequence);
  DcmItem* unit = value == nullptr ? nullptr : ItemOf(*value, DCM_MeasurementUnitsCodeSequence);
  if (unit == nullptr) return Wrong("a measurement without value or unit");
  return fmt::format("{}={} {}", ConceptOf(item), TextOf(*value, DCM_NumericValue),
                     TextOf(*unit, DCM_CodeValue));
}

std::set<std::string> InstancesIn(DcmItem& dataset, const DcmTagKey& studies) {
  std::set<std::string> instances;
  const auto items = [](DcmItem& item, const DcmTagKey& sequence) {
    std::vector<DcmItem*> found;
    for (unsigned long i = 0; i < ItemCount(item, sequence); ++i)
      found.push_back(ItemOf(item, sequence, static_cast<long>(i)));
    return found;
  };
  for (DcmItem* study : items(dataset, studies))
    for (DcmItem* series : items(*study, DCM_ReferencedSeriesSequence))
      for (DcmItem* reference : items(*series, DCM_ReferencedSOPSequence))
        instances.insert(fmt::format("{} {} {} {}", TextOf(*study, DCM_StudyInstanceUID),
                                     TextOf(*series, DCM_SeriesInstanceUID),
                                     TextOf(*reference, DCM_ReferencedSOPClassUID),
                                     TextOf(*reference, DCM_ReferencedSOPInstanceUID)));
  return instances;
}

Status CheckIsDocument(const ResultRun& run, DcmItem& dataset, std::string_view object) {
  for (DcmElement* element : CompositeContextElements(dataset)) {
    const DcmTagKey tag = element->getTag();
    if (tag != DCM_StudyInstanceUID) dataset.insertEmptyElement(tag);
  }
  if (!run.text.own_unicode()) dataset.findAndDeleteElement(DCM_SpecificCharacterSet);
  const std::size_t flags =
      HasUidAgainstTheRules(run.findings.source) ? DSRTypes::RF_acceptInvalidContentItemValue : 0;
  DSRDocument document;
  if (const OFCondition read = document.read(dataset, flags); read.bad() || !document.isValid())
    return MakeError(ErrorCode::kCorrupt, "{}: not a valid document: {}", object, read.text());
  return {};
}

}  // namespace axial::results
