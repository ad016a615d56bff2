#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "core/base/result.h"
#include "core/dicom/coded_concept.h"
#include "inference/results/result_text.h"

class DcmTagKey;

namespace axial::results {

/// Encodes attributes one after the other as Explicit VR Little Endian with explicit lengths (PS3.5
/// 7.1.2, 7.5.1), byte for byte as DCMTK does, for sequences of many thousands of items, of which
/// DCMTK would make some fifty objects each. Attributes must come in ascending order; only the VRs
/// with a length of 16 bits, and sequences. Text must fit the data set's character set
/// (ResultText).
class ItemEncoder {
 public:
  /// Appends to `bytes`.
  ItemEncoder(std::vector<std::uint8_t>& bytes, const ResultText& text)
      : bytes_(&bytes), text_(&text) {}

  /// `vr`: one of text, "UI" for example.
  void Put(const DcmTagKey& tag, std::string_view vr, std::string_view value);
  void PutUint16(const DcmTagKey& tag, std::uint16_t value);
  void PutUint32Array(const DcmTagKey& tag, std::span<const std::uint32_t> values);

  /// A sequence; `items` gets this encoder and adds them.
  template <typename Items>
  void PutSequence(const DcmTagKey& tag, Items items) {
    const std::size_t start = OpenSequence(tag);
    items(*this);
    Close(start);
  }

  /// An item of the sequence that is open.
  template <typename Attributes>
  void AddItem(Attributes attributes) {
    const std::size_t start = OpenItem();
    attributes(*this);
    Close(start);
  }

  /// A sequence of one item.
  template <typename Attributes>
  void PutItem(const DcmTagKey& tag, Attributes attributes) {
    PutSequence(tag, [&](ItemEncoder& sequence) { sequence.AddItem(attributes); });
  }

  /// A sequence of one code item (PS3.3 8.8).
  void PutCode(const DcmTagKey& tag, const CodedConcept& code);

  /// The first failure: InvalidInput (a value of 64 KiB), Unsupported (a sequence of 4 GiB).
  [[nodiscard]] const Status& status() const { return status_; }

 private:
  void PutTag(std::uint16_t group, std::uint16_t element);
  void PutNumber(std::uint32_t value, unsigned bytes);
  void PutHeader(const DcmTagKey& tag, std::string_view vr, std::size_t length);
  std::size_t OpenSequence(const DcmTagKey& tag);
  std::size_t OpenItem();
  /// Fills in the length of what began at `start`.
  void Close(std::size_t start);

  std::vector<std::uint8_t>* bytes_;
  const ResultText* text_;
  Status status_;
};

}  // namespace axial::results
