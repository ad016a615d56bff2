#include "core/dicom/ae_title.h"

namespace axial {

Result<AeTitle> AeTitle::Parse(std::string_view text) {
  while (!text.empty() && (text.back() == ' ' || text.back() == '\0')) text.remove_suffix(1);
  while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
  if (text.empty()) return Error(ErrorCode::kInvalidInput, "AE Title is empty");
  if (text.size() > 16)
    return MakeError(ErrorCode::kInvalidInput, "AE Title '{}' has {} characters; 16 is the limit",
                     text, text.size());
  for (const char c : text)
    if (c < 0x20 || c > 0x7e || c == '\\')
      return Error(ErrorCode::kInvalidInput,
                   "AE Title has a backslash or a character outside printable ASCII");
  return AeTitle(std::string(text));
}

}  // namespace axial
