#include "gateway/deliver/store_status.h"

#include <fmt/format.h>

namespace axial::deliver {

SendResult JudgeStoreStatus(std::uint16_t status, const std::string& comment) {
  const std::string text =
      fmt::format("status {:04X}H{}{}", status, comment.empty() ? "" : ": ", comment);
  if (status == 0x0000) return std::string();
  if (status == 0x0111) return "it had this Instance already (" + text + ")";
  if ((status & 0xf000) == 0xb000) return "stored with a warning, " + text;
  if ((status & 0xff00) == 0xa700)
    return MakeError(ErrorCode::kExhausted, "it is out of resources, {}", text);
  if ((status & 0xff00) == 0xa900)
    return MakeError(ErrorCode::kInvalidInput,
                     "it says the object does not match its SOP Class, {}", text);
  if (status == 0x0122)
    return MakeError(ErrorCode::kUnsupported, "it does not store this SOP Class, {}", text);
  return MakeError(ErrorCode::kInvalidInput, "it refused the object, {}", text);
}

}  // namespace axial::deliver
