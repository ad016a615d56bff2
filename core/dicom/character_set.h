#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace axial {

/// A data set's Specific Character Set (PS3.3 C.12.1.1.2), as a decoder to UTF-8 that never fails:
/// what it cannot decode becomes '?'.
///
/// Knows ISO_IR 6, 100, 101, 109, 110, 126, 127, 138, 144, 148, 166, 203, 13, 192, GB18030, GBK,
/// and with code extensions (ISO 2022) also IR 87, 159, 149 and 58. Not thread-safe; one each.
class CharacterSet {
 public:
  /// The default repertoire (ISO_IR 6).
  CharacterSet();
  /// `attribute`: the raw value of (0008,0005), several values parted by backslashes. Unknown
  /// terms count as ISO_IR 6.
  explicit CharacterSet(std::string_view attribute);
  ~CharacterSet();
  CharacterSet(CharacterSet&&) noexcept;
  CharacterSet& operator=(CharacterSet&&) noexcept;

  /// Decodes a value field. With `multi_valued` each backslash that is a delimiter, not the second
  /// byte of a character, starts a new value. `person_name`: '^' and '=' end code extensions
  /// (PS3.5 6.1.2.5.3).
  [[nodiscard]] std::vector<std::string> Decode(std::string_view bytes, bool multi_valued,
                                                bool person_name) const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace axial
