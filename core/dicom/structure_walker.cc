#include "core/dicom/structure_walker.h"

#include <algorithm>
#include <array>

#include "core/dicom/tag_dictionary.h"
#include "core/dicom/vr_code.h"

namespace axial {
namespace {

constexpr std::uint64_t kUndefinedEnd = ~std::uint64_t{0};
constexpr std::uint32_t kUndefinedLength = 0xffffffff;
constexpr std::uint16_t kItemGroup = 0xfffe;
constexpr std::uint16_t kItem = 0xe000;
constexpr std::uint16_t kItemDelimiter = 0xe00d;
constexpr std::uint16_t kSequenceDelimiter = 0xe0dd;

std::uint16_t Number16(const char* bytes, bool big_endian) {
  const auto a = static_cast<unsigned char>(bytes[0]);
  const auto b = static_cast<unsigned char>(bytes[1]);
  return static_cast<std::uint16_t>(big_endian ? a << 8 | b : b << 8 | a);
}

std::uint32_t Number32(const char* bytes, bool big_endian) {
  const std::uint32_t first = Number16(bytes, big_endian);
  const std::uint32_t second = Number16(bytes + 2, big_endian);
  return big_endian ? first << 16 | second : second << 16 | first;
}

bool IsUpperCase(char c) { return c >= 'A' && c <= 'Z'; }

/// VRs of two letters that nobody knows are taken as future ones, which have 4-byte lengths; other
/// bytes as a broken VR with a 2-byte length. DCMTK does the same, and both must see one structure.
bool HasLongLength(const char* vr) {
  if (!IsUpperCase(vr[0]) || !IsUpperCase(vr[1])) return false;
  switch (VrCode({vr, 2})) {
    case VrCode("AE"):
    case VrCode("AS"):
    case VrCode("AT"):
    case VrCode("CS"):
    case VrCode("DA"):
    case VrCode("DS"):
    case VrCode("DT"):
    case VrCode("FL"):
    case VrCode("FD"):
    case VrCode("IS"):
    case VrCode("LO"):
    case VrCode("LT"):
    case VrCode("PN"):
    case VrCode("SH"):
    case VrCode("SL"):
    case VrCode("SS"):
    case VrCode("ST"):
    case VrCode("TM"):
    case VrCode("UI"):
    case VrCode("UL"):
    case VrCode("US"):
      return false;
    default:
      return true;
  }
}

bool IsPixelData(std::uint16_t group, std::uint16_t element) {
  return group == 0x7fe0 && element == 0x0010;
}

}  // namespace

StructureWalker::StructureWalker(ByteSource& source, Encoding encoding, const HeaderLimits& limits,
                                 const DataElementSink& sink)
    : source_(source), encoding_(encoding), limits_(limits), sink_(sink) {}

Status StructureWalker::Walk() {
  bool finished = false;
  while (!finished) {
    const Status status = Step(finished);
    if (status.ok()) continue;
    if (over_limit_ || source_.Failure() || !LeaveDoubtful()) return status;
  }
  return {};
}

Status StructureWalker::Step(bool& finished) {
  while (!stack_.empty() && stack_.back().end <= source_.Position()) {
    if (stack_.back().kind == Kind::kSequence) --depth_;
    stack_.pop_back();
  }
  if (!stack_.empty() && stack_.back().kind != Kind::kItem) return StepInSequence(stack_.back());
  return StepInItem(finished);
}

Status StructureWalker::StepInSequence(Frame& frame) {
  // Items and delimiters have no VR, and inside "UN, undefined length" the byte order is little.
  Element element;
  AXIAL_RETURN_IF_ERROR(ReadElement({false, frame.encoding.big_endian}, element));
  if (element.group == kItemGroup && element.element == kSequenceDelimiter) {
    if (frame.kind == Kind::kSequence) --depth_;
    stack_.pop_back();
    return {};
  }
  if (element.group != kItemGroup || element.element != kItem)
    return Malformed("a sequence holds something that is no item");
  if (frame.kind == Kind::kFragments) {
    if (element.undefined_length) return Malformed("a fragment has no defined length");
    AXIAL_RETURN_IF_ERROR(CheckLengthFits(element.length));
    if (!source_.Skip(element.length)) return Ended();
    return {};
  }
  if (!element.undefined_length) AXIAL_RETURN_IF_ERROR(CheckLengthFits(element.length));
  const std::uint64_t end =
      element.undefined_length ? kUndefinedEnd : source_.Position() + element.length;
  stack_.push_back({Kind::kItem, end, frame.encoding, false});
  return {};
}

Status StructureWalker::StepInItem(bool& finished) {
  const bool top_level = stack_.empty();
  if (top_level && (source_.AtEnd() || IsTrailingPadding())) {
    finished = true;
    return source_.Failure() ? Status(*source_.Failure()) : Status();
  }
  const Encoding encoding = CurrentEncoding();
  Element element;
  AXIAL_RETURN_IF_ERROR(ReadElement(encoding, element));
  if (element.group == kItemGroup) {
    if (element.element == kItemDelimiter && !top_level && stack_.back().end == kUndefinedEnd) {
      stack_.pop_back();
      return {};
    }
    if (element.length == 0 && element.element != kItem) return {};  // a stray delimiter
    return Malformed("an item outside of a sequence");
  }
  if (top_level) {
    if (++top_level_count_ > limits_.attribute_count)
      return OverLimit(fmt::format("more than {} attributes", limits_.attribute_count));
    if (IsPixelData(element.group, element.element)) has_pixel_data_ = true;
  }
  return Enter(element, encoding);
}

Status StructureWalker::ReadElement(Encoding encoding, Element& element) {
  std::array<char, 8> head{};
  AXIAL_RETURN_IF_ERROR(CheckLengthFits(head.size()));
  if (!source_.Read(head.data(), head.size())) return Ended();
  element.group = Number16(head.data(), encoding.big_endian);
  element.element = Number16(head.data() + 2, encoding.big_endian);
  std::uint32_t length = Number32(head.data() + 4, encoding.big_endian);
  std::uint64_t head_bytes = head.size();
  if (encoding.explicit_vr && element.group != kItemGroup) {
    element.vr[0] = head[4];
    element.vr[1] = head[5];
    length = Number16(head.data() + 6, encoding.big_endian);
    if (HasLongLength(element.vr)) {
      std::array<char, 4> more{};
      AXIAL_RETURN_IF_ERROR(CheckLengthFits(more.size()));
      if (!source_.Read(more.data(), more.size())) return Ended();
      length = Number32(more.data(), encoding.big_endian);
      head_bytes += more.size();
    }
  }
  element.undefined_length = length == kUndefinedLength;
  element.length = element.undefined_length ? 0 : length;
  return CountHeader(head_bytes);
}

Status StructureWalker::Enter(const Element& element, Encoding encoding) {
  const std::string_view vr = element.Vr();
  if (element.undefined_length) {
    if (IsPixelData(element.group, element.element) || vr.starts_with('O')) {
      stack_.push_back({Kind::kFragments, kUndefinedEnd, encoding, false});
      return {};
    }
    const Encoding inside = vr == "UN" ? Encoding{false, false} : encoding;
    return EnterSequence(inside, kUndefinedEnd, false);
  }
  AXIAL_RETURN_IF_ERROR(CheckLengthFits(element.length));
  const std::uint64_t end = source_.Position() + element.length;
  if (vr == "SQ" ||
      (!encoding.explicit_vr && IsSequenceByDictionary(element.group, element.element)))
    return EnterSequence(encoding, end, false);
  if (!encoding.explicit_vr && element.length >= 8 && LooksLikeSequence(element))
    return EnterSequence(encoding, end, true);
  return TakeValue(element, encoding);
}

Status StructureWalker::EnterSequence(Encoding inside, std::uint64_t end, bool doubtful) {
  if (depth_ >= limits_.sequence_depth)
    return OverLimit(fmt::format("sequences nested deeper than {}", limits_.sequence_depth));
  ++depth_;
  stack_.push_back({Kind::kSequence, end, inside, doubtful});
  return {};
}

Status StructureWalker::TakeValue(const Element& element, Encoding encoding) {
  if (element.length > limits_.value_bytes || has_pixel_data_) {
    if (!source_.Skip(element.length)) return Ended();
    return {};
  }
  AXIAL_RETURN_IF_ERROR(CountHeader(element.length));
  if (!stack_.empty() || !sink_) {
    if (!source_.Skip(element.length)) return Ended();
    return {};
  }
  value_.resize(static_cast<std::size_t>(element.length));
  if (!source_.Read(value_.data(), value_.size())) return Ended();
  sink_({element.group, element.element, element.Vr(), encoding.big_endian, value_});
  return {};
}

/// With implicit VR a private sequence of defined length shows itself only by its first item.
bool StructureWalker::LooksLikeSequence(const Element& element) {
  DictionaryEntry known;
  if (!source_.CanSeek() || LookUpAttribute(element.group, element.element, known)) return false;
  std::array<char, 4> tag{};
  const std::uint64_t position = source_.Position();
  const bool read = source_.Read(tag.data(), tag.size());
  return source_.Seek(position) && read && Number16(tag.data(), false) == kItemGroup &&
         Number16(tag.data() + 2, false) == kItem;
}

/// What looked like a private sequence is none: takes it as opaque bytes.
bool StructureWalker::LeaveDoubtful() {
  const auto outermost =
      std::find_if(stack_.begin(), stack_.end(), [](const Frame& frame) { return frame.doubtful; });
  if (outermost == stack_.end()) return false;
  const std::uint64_t end = outermost->end;
  depth_ -= static_cast<int>(std::count_if(
      outermost, stack_.end(), [](const Frame& frame) { return frame.kind == Kind::kSequence; }));
  stack_.erase(outermost, stack_.end());
  return source_.Seek(end);
}

Status StructureWalker::CheckLengthFits(std::uint64_t length) const {
  // The innermost defined end is the nearest: ends were checked against their parents' before.
  for (auto frame = stack_.rbegin(); frame != stack_.rend(); ++frame) {
    if (frame->end == kUndefinedEnd) continue;
    if (length <= frame->end - source_.Position()) return {};
    return Malformed("an element is longer than the item that holds it");
  }
  return {};
}

Status StructureWalker::CountHeader(std::uint64_t bytes) {
  header_bytes_ += bytes;
  if (header_bytes_ <= limits_.header_bytes || has_pixel_data_) return {};
  return OverLimit(fmt::format("a header of more than {} bytes", limits_.header_bytes));
}

Status StructureWalker::Ended() const {
  if (source_.Failure()) return *source_.Failure();
  return Malformed("the file ends inside an element");
}

Error StructureWalker::Malformed(std::string_view what) const {
  return MakeError(ErrorCode::kInvalidInput, "broken DICOM structure: {}, before byte {}", what,
                   source_.Position());
}

Error StructureWalker::OverLimit(const std::string& what) {
  over_limit_ = true;
  return Malformed(what);
}

Encoding StructureWalker::CurrentEncoding() const {
  return stack_.empty() ? encoding_ : stack_.back().encoding;
}

/// Fewer bytes than an element needs, all zero: padding that some writers leave.
bool StructureWalker::IsTrailingPadding() {
  if (!source_.CanSeek()) return false;
  std::array<char, 8> rest{};
  const std::uint64_t position = source_.Position();
  if (source_.Read(rest.data(), rest.size())) {
    static_cast<void>(source_.Seek(position));
    return false;
  }
  if (!source_.Seek(position)) return false;
  std::size_t size = 0;
  while (size < rest.size() && !source_.AtEnd() && source_.Read(&rest[size], 1)) ++size;
  return source_.Seek(position) && size < rest.size() &&
         std::all_of(rest.begin(), rest.end(), [](char byte) { return byte == 0; });
}

}  // namespace axial
