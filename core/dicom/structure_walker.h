#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.h"
#include "core/dicom/byte_source.h"
#include "core/dicom/structure.h"

namespace axial {

/// How a data set's elements are written (PS3.5 chapter 7 and A).
struct Encoding {
  bool explicit_vr = true;
  bool big_endian = false;
};

/// Walks the elements of one data set with a stack of its own instead of recursion.
/// WalkStructure is the way in for files. Not thread-safe; one data set each.
class StructureWalker {
 public:
  StructureWalker(ByteSource& source, Encoding encoding, const HeaderLimits& limits,
                  const DataElementSink& sink);

  /// To the end. Errors: InvalidInput, Unavailable.
  [[nodiscard]] Status Walk();

  [[nodiscard]] bool has_pixel_data() const { return has_pixel_data_; }

 private:
  enum class Kind { kSequence, kItem, kFragments };
  struct Frame {
    Kind kind;
    std::uint64_t end;  ///< kUndefinedEnd: closed by a delimiter
    Encoding encoding;  ///< of what is inside
    bool doubtful;      ///< perhaps no sequence at all, but an opaque private value
  };
  struct Element {
    std::uint16_t group = 0;
    std::uint16_t element = 0;
    char vr[2] = {0, 0};
    std::uint64_t length = 0;
    bool undefined_length = false;

    [[nodiscard]] std::string_view Vr() const {
      return vr[0] == 0 ? std::string_view() : std::string_view(vr, 2);
    }
  };

  Status Step(bool& finished);
  Status StepInSequence(Frame& frame);
  Status StepInItem(bool& finished);
  Status ReadElement(Encoding encoding, Element& element);
  Status Enter(const Element& element, Encoding encoding);
  Status EnterSequence(Encoding inside, std::uint64_t end, bool doubtful);
  Status TakeValue(const Element& element, Encoding encoding);
  bool LooksLikeSequence(const Element& element);
  bool LeaveDoubtful();
  Status CheckLengthFits(std::uint64_t length) const;
  Status CountHeader(std::uint64_t bytes);
  Status Ended() const;
  Error Malformed(std::string_view what) const;
  Error OverLimit(const std::string& what);
  [[nodiscard]] Encoding CurrentEncoding() const;
  [[nodiscard]] bool IsTrailingPadding();

  ByteSource& source_;
  Encoding encoding_;
  const HeaderLimits& limits_;
  const DataElementSink& sink_;
  bool has_pixel_data_ = false;
  bool over_limit_ = false;
  int depth_ = 0;
  std::size_t top_level_count_ = 0;
  std::uint64_t header_bytes_ = 0;
  std::vector<Frame> stack_;
  std::string value_;
};

}  // namespace axial
