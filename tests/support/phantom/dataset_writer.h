#pragma once

#include <dcmtk/dcmdata/dctk.h>

#include <string>
#include <string_view>

#include "core/base/result.h"

namespace axial::phantom {

/// Puts attributes into a data set and keeps the first error, so that a module reads as a list.
class DatasetWriter {
 public:
  explicit DatasetWriter(DcmItem& item) : item_(item) {}

  void Text(const DcmTagKey& tag, std::string_view value) {
    Keep(item_.putAndInsertOFStringArray(tag, OFString(value.data(), value.size())), tag);
  }
  void Word(const DcmTagKey& tag, unsigned value) {
    Keep(item_.putAndInsertUint16(tag, static_cast<Uint16>(value)), tag);
  }
  void SignedWord(const DcmTagKey& tag, int value) {
    Keep(item_.putAndInsertSint16(tag, static_cast<Sint16>(value)), tag);
  }

  /// Adds one item to the Sequence and writes the three attributes of a code (PS3.3 8.8).
  void Code(const DcmTagKey& sequence, const char* value, const char* scheme, const char* meaning) {
    DcmItem* item = nullptr;
    Keep(item_.findOrCreateSequenceItem(sequence, item, -2), sequence);
    if (item == nullptr) return;
    DatasetWriter code(*item);
    code.Text(DCM_CodeValue, value);
    code.Text(DCM_CodingSchemeDesignator, scheme);
    code.Text(DCM_CodeMeaning, meaning);
    if (!code.status().ok() && status_.ok()) status_ = code.status();
  }
  void EmptySequence(const DcmTagKey& sequence) {
    Keep(item_.insertEmptyElement(sequence), sequence);
  }

  [[nodiscard]] Status status() const { return status_; }

 private:
  void Keep(const OFCondition& condition, const DcmTagKey& tag) {
    if (condition.good() || !status_.ok()) return;
    status_ = MakeError(ErrorCode::kInvalidInput, "attribute {}: {}", tag.toString().c_str(),
                        condition.text());
  }

  DcmItem& item_;
  Status status_;
};

}  // namespace axial::phantom
