#pragma once

#include <string>
#include <vector>

#include "core/base/result.h"
#include "inference/results/contours.h"
#include "inference/results/result_run.h"

class DSRDocumentTree;

namespace axial::results {

/// Adds content items to a report's tree (PS3.3 C.17.3) below its current one and keeps the first
/// failure, so that a template reads as the list of its rows. Text is fitted to the character set.
/// Borrows everything; not thread-safe.
class ReportTree {
 public:
  /// How an item belongs to the one above it.
  enum class As { kContains, kContext, kModifier, kSelectedFrom, kInferredFrom };

  /// Failures go into `status`, which must start as success.
  ReportTree(const ResultRun& run, DSRDocumentTree& tree, Status& status)
      : run_(&run), tree_(&tree), status_(&status) {}

  /// Makes the first item with that concept name the current one; it must be there.
  void Goto(const CodedConcept& name);

  /// These stay at the current item.
  void AddText(As as, const CodedConcept& name, const std::string& text);
  void AddCode(As as, const CodedConcept& name, const CodedConcept& value);
  void AddUid(As as, const CodedConcept& name, const std::string& uid);
  /// `name` without a value: none. Refers to the frame of a multi-frame Instance.
  void AddImage(As as, const CodedConcept& name, const SourceFrame& frame);
  void AddSegment(As as, const CodedConcept& name, const std::string& segmentation, int number);

  /// These make the new item the current one, until Up.
  void OpenGroup(const std::string& template_identifier);  ///< a Measurement Group, DCMR
  void OpenCode(As as, const CodedConcept& name, const CodedConcept& value);
  void OpenNumber(As as, const CodedConcept& name, double value, const CodedConcept& unit);
  /// POLYLINE, closed (PS3.3 C.18.6.1.2), on that frame.
  void OpenOutline(As as, const CodedConcept& name, const std::vector<ContourPoint>& points,
                   const SourceFrame& frame);
  void Up();

 private:
  enum class Type { kText, kCode, kNum, kUidRef, kContainer, kImage, kScoord };
  void Open(As as, Type type, const CodedConcept& name);
  void Note(bool good, const char* what);

  const ResultRun* run_;
  DSRDocumentTree* tree_;
  Status* status_;
};

}  // namespace axial::results
