#pragma once

#include <string>
#include <string_view>

#include "config/model_card.h"

class DcmItem;

namespace axial::results {

/// Which Specific Character Set a result has, and how our own text fits into it.
///
/// Text copied from the source stays as its bytes are, so the source's character set stays too. Our
/// own text is UTF-8: it is kept when the result may be UTF-8 (the source is, or nothing copied
/// needs more than ASCII), and otherwise replaced by an ASCII text. Japanese and other ISO 2022
/// sources are therefore never transcoded.
class ResultText {
 public:
  /// Looks at the attributes of `source` that the composite context copies, and at the card's
  /// texts.
  [[nodiscard]] static ResultText For(DcmItem& source, const config::ModelCard& card);

  /// Value of Specific Character Set (0008,0005); "" when absent.
  [[nodiscard]] const std::string& character_set() const { return character_set_; }
  /// True when our own text may be more than ASCII.
  [[nodiscard]] bool unicode() const { return unicode_; }
  /// True when it also is.
  [[nodiscard]] bool own_unicode() const { return own_unicode_; }

  /// `utf8` without control characters and backslashes, at most `characters` long; `fallback`
  /// (reduced to ASCII in the same way) instead when it does not fit the character set.
  [[nodiscard]] std::string Own(std::string_view utf8, std::size_t characters,
                                std::string_view fallback = "") const;

  /// As Own for the unlimited VRs (UT, ST): keeps line feeds and backslashes.
  [[nodiscard]] std::string OwnLong(std::string_view utf8, std::size_t characters) const;

 private:
  std::string character_set_;
  bool unicode_ = false;
  bool own_unicode_ = false;
};

/// Strict UTF-8 (no overlong forms, no surrogates).
[[nodiscard]] bool IsUtf8(std::string_view bytes);
[[nodiscard]] bool IsAscii(std::string_view bytes);

}  // namespace axial::results
