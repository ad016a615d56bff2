#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/base/result.h"
#include "core/dicom/coded_concept.h"
#include "inference/results/result_text.h"

class DcmItem;
class DcmTagKey;
class OFCondition;

namespace axial::results {

/// Writes attributes into one data set and its nested items, and keeps the first failure,
/// so that a module reads as the list of its attributes. Text must already fit the data set's
/// character set (ResultText). Not thread-safe; the data set must outlive it.
class AttributeWriter {
 public:
  /// Failures go into `status`, which must start as success.
  AttributeWriter(DcmItem& dataset, const ResultText& text, Status& status)
      : item_(&dataset), text_(&text), status_(&status) {}

  /// Replaces the value; "" writes the attribute without a value (Type 2).
  void Put(const DcmTagKey& tag, const std::string& value);
  void PutUint16(const DcmTagKey& tag, std::uint16_t value);
  void PutUint16Array(const DcmTagKey& tag, const std::vector<std::uint16_t>& values);
  void PutUint32Array(const DcmTagKey& tag, const std::vector<std::uint32_t>& values);

  void PutSint32Array(const DcmTagKey& tag, const std::vector<std::int32_t>& values);
  void PutFloat32Array(const DcmTagKey& tag, const std::vector<float>& values);

  /// Appends an empty item to a sequence; the returned writer shares this one's status.
  AttributeWriter AddItem(const DcmTagKey& sequence);

  /// Appends a code item (PS3.3 8.8) and returns its writer, for modifiers inside it.
  AttributeWriter AddCode(const DcmTagKey& sequence, const CodedConcept& code);

  [[nodiscard]] DcmItem& item() { return *item_; }

 private:
  void Note(const DcmTagKey& tag, const OFCondition& condition);

  DcmItem* item_;
  const ResultText* text_;
  Status* status_;
};

/// A number as Decimal String (PS3.5 6.2, VR DS): as many digits as 16 characters hold. `value`
/// must be finite.
[[nodiscard]] std::string FormatDecimal(double value);

/// As FormatDecimal, but for people: about six significant digits, no exponent where a number can
/// do without ("-812.346", "5123457", "0.17625").
[[nodiscard]] std::string FormatMeasuredValue(double value);

}  // namespace axial::results
