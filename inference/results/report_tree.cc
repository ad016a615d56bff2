#include "inference/results/report_tree.h"

#include <dcmtk/dcmdata/dctk.h>
#include <dcmtk/dcmsr/dsrdoc.h>

#include "inference/results/attribute_writer.h"

namespace axial::results {
namespace {

// Our text is already cleaned and fitted to the character set; DCMTK's own check knows ASCII only.
constexpr OFBool kUnchecked = OFFalse;

DSRCodedEntryValue Entry(const ResultRun& run, const CodedConcept& code) {
  return {code.value.c_str(), code.scheme.c_str(),
          run.text.Own(code.meaning, 64, code.value).c_str()};
}

DSRTypes::E_RelationshipType Relationship(ReportTree::As as) {
  switch (as) {
    case ReportTree::As::kContains:
      return DSRTypes::RT_contains;
    case ReportTree::As::kContext:
      return DSRTypes::RT_hasObsContext;
    case ReportTree::As::kModifier:
      return DSRTypes::RT_hasConceptMod;
    case ReportTree::As::kSelectedFrom:
      return DSRTypes::RT_selectedFrom;
    case ReportTree::As::kInferredFrom:
      return DSRTypes::RT_inferredFrom;
  }
  FailInvariant("relationship", __FILE__, __LINE__);
}

}  // namespace

void ReportTree::Note(bool good, const char* what) {
  if (good || !status_->ok()) return;
  *status_ = MakeError(ErrorCode::kInternal, "report: {} cannot be written", what);
}

void ReportTree::Goto(const CodedConcept& name) {
  Note(tree_->gotoNamedNode(Entry(*run_, name)) > 0, name.meaning.c_str());
}

void ReportTree::Open(As as, Type type, const CodedConcept& name) {
  constexpr DSRTypes::E_ValueType kTypes[] = {
      DSRTypes::VT_Text,      DSRTypes::VT_Code,  DSRTypes::VT_Num,   DSRTypes::VT_UIDRef,
      DSRTypes::VT_Container, DSRTypes::VT_Image, DSRTypes::VT_SCoord};
  const DSRCodedEntryValue entry = name.value.empty() ? DSRCodedEntryValue() : Entry(*run_, name);
  Note(tree_
           ->addChildContentItem(Relationship(as), kTypes[static_cast<std::size_t>(type)], entry,
                                 kUnchecked)
           .good(),
       name.meaning.c_str());
}

void ReportTree::Up() { Note(tree_->goUp() > 0, "the item above"); }

void ReportTree::AddText(As as, const CodedConcept& name, const std::string& text) {
  Open(as, Type::kText, name);
  Note(tree_->getCurrentContentItem()
           .setStringValue(run_->text.OwnLong(text, 1024).c_str(), kUnchecked)
           .good(),
       "text");
  Up();
}

void ReportTree::OpenCode(As as, const CodedConcept& name, const CodedConcept& value) {
  Open(as, Type::kCode, name);
  Note(tree_->getCurrentContentItem().setCodeValue(Entry(*run_, value), kUnchecked).good(),
       value.meaning.c_str());
}

void ReportTree::AddCode(As as, const CodedConcept& name, const CodedConcept& value) {
  OpenCode(as, name, value);
  Up();
}

void ReportTree::AddUid(As as, const CodedConcept& name, const std::string& uid) {
  Open(as, Type::kUidRef, name);
  Note(tree_->getCurrentContentItem().setStringValue(uid.c_str(), kUnchecked).good(), "UID");
  Up();
}

void ReportTree::AddImage(As as, const CodedConcept& name, const SourceFrame& frame) {
  Open(as, Type::kImage, name);
  DSRImageReferenceValue image(frame.sop_class_uid.str().c_str(),
                               frame.sop_instance_uid.str().c_str(), kUnchecked);
  if (frame.multi_frame) image.getFrameList().addItem(frame.frame_number);
  Note(tree_->getCurrentContentItem().setImageReference(image, kUnchecked).good(), "image");
  Up();
}

void ReportTree::AddSegment(As as, const CodedConcept& name, const std::string& segmentation,
                            int number) {
  Open(as, Type::kImage, name);
  // dcmsr lets no other class have segments; NameClassOfInstance puts the true one in.
  DSRImageReferenceValue image(kSegmentationClass, segmentation.c_str());
  image.getSegmentList().addItem(static_cast<Uint16>(number));
  Note(tree_->getCurrentContentItem().setImageReference(image, kUnchecked).good(), "segment");
  Up();
}

void ReportTree::OpenGroup(const std::string& template_identifier) {
  Open(As::kContains, Type::kContainer, {"125007", "DCM", "Measurement Group"});
  Note(tree_->getCurrentContentItem()
           .setTemplateIdentification(template_identifier.c_str(), "DCMR")
           .good(),
       "template");
}

void ReportTree::OpenNumber(As as, const CodedConcept& name, double value,
                            const CodedConcept& unit) {
  Open(as, Type::kNum, name);
  const DSRNumericMeasurementValue number(FormatMeasuredValue(value).c_str(), Entry(*run_, unit),
                                          kUnchecked);
  Note(tree_->getCurrentContentItem().setNumericValue(number, kUnchecked).good(), "number");
}

void ReportTree::OpenOutline(As as, const CodedConcept& name,
                             const std::vector<ContourPoint>& points, const SourceFrame& frame) {
  Open(as, Type::kScoord, name);
  DSRSpatialCoordinatesValue outline(DSRTypes::GT_Polyline);
  const auto add = [&](const ContourPoint& point) {
    outline.getGraphicDataList().addItem(static_cast<Float32>(point.column),
                                         static_cast<Float32>(point.row));
  };
  // Of three or four corners OHIF makes a rectangle tool, measures it anew by itself, and then
  // shows nothing else of the report: a point on an edge more tells that this is no rectangle of
  // its own.
  add(points.front());
  for (std::size_t i = points.size(); i < 5; ++i)
    add({(points[0].column + points[1].column) / 2, (points[0].row + points[1].row) / 2});
  for (std::size_t i = 1; i < points.size(); ++i) add(points[i]);
  add(points.front());
  Note(tree_->getCurrentContentItem().setSpatialCoordinates(outline, kUnchecked).good(), "outline");
  AddImage(As::kSelectedFrom, {}, frame);
}

}  // namespace axial::results
