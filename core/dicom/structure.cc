#include "core/dicom/structure.h"

#include <array>
#include <memory>
#include <optional>

#include "core/dicom/byte_source.h"
#include "core/dicom/structure_walker.h"

namespace axial {
namespace {

constexpr std::uint64_t kPreambleBytes = 128;
constexpr std::size_t kMetaElements = 256;

Error NotDicom() {
  return Error(ErrorCode::kInvalidInput,
               "not a DICOM file: neither \"DICM\" at byte 128 nor a data set at byte 0");
}

bool IsUpperCase(char c) { return c >= 'A' && c <= 'Z'; }

unsigned Byte(char c) { return static_cast<unsigned char>(c); }

bool StartsMetaInformation(const char* tag) { return Byte(tag[0]) == 2 && Byte(tag[1]) == 0; }

/// From the first 8 bytes of a data set whose Transfer Syntax nobody names. A bare one must begin
/// with a group that comes first in real ones, in either byte order.
std::optional<Encoding> GuessEncoding(const std::array<char, 8>& head, bool bare) {
  const auto comes_first = [](unsigned group) { return group >= 0x04 && group <= 0x10; };
  const bool explicit_vr = IsUpperCase(head[4]) && IsUpperCase(head[5]);
  const unsigned little = Byte(head[0]) | Byte(head[1]) << 8;
  const unsigned big = Byte(head[1]) | Byte(head[0]) << 8;
  if (comes_first(little)) return Encoding{explicit_vr, false};
  if (comes_first(big)) return Encoding{explicit_vr, true};
  if (!bare) return Encoding{explicit_vr, false};
  return std::nullopt;
}

Encoding EncodingOf(const std::string& transfer_syntax_uid) {
  if (transfer_syntax_uid == "1.2.840.10008.1.2") return {false, false};
  if (transfer_syntax_uid == "1.2.840.113619.5.2") return {false, false};  // GE private
  if (transfer_syntax_uid == "1.2.840.10008.1.2.2") return {true, true};
  return {true, false};
}

bool IsDeflated(const std::string& transfer_syntax_uid) {
  for (const std::string_view uid : {"1.2.840.10008.1.2.1.99",  // Deflated Explicit VR
                                     "1.2.840.10008.1.2.4.95",  // JPIP Referenced Deflate
                                     "1.2.840.10008.1.2.4.205"})
    if (transfer_syntax_uid == uid) return true;
  return false;
}

/// Finds where the elements begin: after preamble and "DICM", or at byte 0.
Status SkipPreamble(PlainSource& source) {
  std::array<char, 8> head{};
  if (source.Seek(kPreambleBytes) && source.Read(head.data(), head.size()) &&
      std::string_view(head.data(), 4) == "DICM" && StartsMetaInformation(head.data() + 4))
    return source.Seek(kPreambleBytes + 4) ? Status() : NotDicom();
  return source.Seek(0) ? Status() : NotDicom();
}

/// Reads the File Meta Information (PS3.10 chapter 7) if it is there. Its group length is not
/// believed: the first element of another group ends it.
Status ReadMetaInformation(PlainSource& source, std::string& transfer_syntax_uid) {
  for (std::size_t count = 0; count < kMetaElements; ++count) {
    const std::uint64_t start = source.Position();
    std::array<char, 8> head{};
    if (!source.Read(head.data(), head.size()) || !StartsMetaInformation(head.data()))
      return source.Seek(start) ? Status() : NotDicom();
    std::uint64_t length = Byte(head[4]) | Byte(head[5]) << 8 | Byte(head[6]) << 16 |
                           std::uint64_t{Byte(head[7])} << 24;
    if (IsUpperCase(head[4]) && IsUpperCase(head[5])) {
      length = Byte(head[6]) | Byte(head[7]) << 8;
      if (head[4] == 'O' || (head[4] == 'U' && (head[5] == 'N' || head[5] == 'T'))) {
        std::array<char, 4> more{};
        if (!source.Read(more.data(), more.size())) return NotDicom();
        length = Byte(more[0]) | Byte(more[1]) << 8 | Byte(more[2]) << 16 |
                 std::uint64_t{Byte(more[3])} << 24;
      }
    }
    constexpr std::uint64_t kUidBytes = 66;
    if (Byte(head[2]) == 0x10 && Byte(head[3]) == 0 && length <= kUidBytes) {
      transfer_syntax_uid.resize(static_cast<std::size_t>(length));
      if (!source.Read(transfer_syntax_uid.data(), transfer_syntax_uid.size())) return NotDicom();
      while (!transfer_syntax_uid.empty() &&
             (transfer_syntax_uid.back() == '\0' || transfer_syntax_uid.back() == ' '))
        transfer_syntax_uid.pop_back();
    } else if (!source.Skip(length)) {
      return Error(ErrorCode::kInvalidInput,
                   "broken DICOM structure: the file ends inside the File Meta Information");
    }
  }
  return Error(ErrorCode::kInvalidInput,
               "broken DICOM structure: File Meta Information of more than 256 elements");
}

/// From where the elements begin, which may be deflated.
Status WalkElements(PlainSource& source, const Encoding& encoding, const HeaderLimits& limits,
                    const DataElementSink& sink, StructureSummary& summary) {
  const auto walk = [&](ByteSource& elements) -> Status {
    StructureWalker walker(elements, encoding, limits, sink);
    const Status status = walker.Walk();
    summary.has_pixel_data = walker.has_pixel_data();
    return status;
  };
  if (!IsDeflated(summary.transfer_syntax_uid)) return walk(source);
  InflatingSource inflated(source, limits.inflated_bytes);
  return walk(inflated);
}

Result<StructureSummary> WalkSource(PlainSource& source, const HeaderLimits& limits,
                                    const DataElementSink& sink) {
  StructureSummary summary;
  AXIAL_RETURN_IF_ERROR(SkipPreamble(source));
  AXIAL_RETURN_IF_ERROR(ReadMetaInformation(source, summary.transfer_syntax_uid));
  const bool bare = source.Position() == 0;
  Encoding encoding = EncodingOf(summary.transfer_syntax_uid);
  if (summary.transfer_syntax_uid.empty() && (bare || !source.AtEnd())) {
    std::array<char, 8> head{};
    const std::uint64_t start = source.Position();
    if (!source.Read(head.data(), head.size()) || !source.Seek(start)) return NotDicom();
    const std::optional<Encoding> guess = GuessEncoding(head, bare);
    if (!guess) return NotDicom();
    encoding = *guess;
  }
  AXIAL_RETURN_IF_ERROR(WalkElements(source, encoding, limits, sink, summary));
  return summary;
}

}  // namespace

Result<StructureSummary> WalkStructure(const std::string& path, const HeaderLimits& limits,
                                       const DataElementSink& sink) {
  AXIAL_ASSIGN_OR_RETURN(const std::unique_ptr<PlainSource> source, PlainSource::OpenFile(path));
  return WalkSource(*source, limits, sink);
}

Result<StructureSummary> WalkStructureOfOpenFile(int descriptor, const HeaderLimits& limits,
                                                 const DataElementSink& sink) {
  AXIAL_ASSIGN_OR_RETURN(const std::unique_ptr<PlainSource> source,
                         PlainSource::OfOpenFile(descriptor));
  return WalkSource(*source, limits, sink);
}

Result<StructureSummary> WalkStructureOfBytes(std::string_view bytes, const HeaderLimits& limits,
                                              const DataElementSink& sink) {
  PlainSource source(bytes);
  return WalkSource(source, limits, sink);
}

Status CheckStructureOfDataSet(std::string_view bytes, const std::string& transfer_syntax_uid,
                               const HeaderLimits& limits) {
  PlainSource source(bytes);
  StructureSummary summary{transfer_syntax_uid};
  return WalkElements(source, EncodingOf(transfer_syntax_uid), limits, {}, summary);
}

}  // namespace axial
