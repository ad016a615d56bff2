#include "gateway/deliver/store_status.h"

#include <dcmtk/config/osconfig.h>
#include <dcmtk/dcmdata/dcuid.h>
#include <fmt/format.h>

namespace axial::deliver {
namespace {

/// The keyword of PS3.6 table A-1, also where DCMTK is older than the class.
std::string SopClassKeyword(const std::string& uid) {
  if (uid == "1.2.840.10008.5.1.4.1.1.66.7") return "LabelMapSegmentationStorage";
  return dcmFindNameOfUID(uid.c_str(), "object of the SOP Class");
}

}  // namespace

Error SopClassNotTaken(const std::string& sop_class_uid, const std::string& how) {
  return MakeError(ErrorCode::kUnsupported,
                   "it takes no {} ({}) {}; enable that there and retry this destination, or ask "
                   "for something else in its results",
                   SopClassKeyword(sop_class_uid), sop_class_uid, how);
}

SendResult JudgeStoreStatus(std::uint16_t status, const std::string& comment,
                            const std::string& sop_class_uid) {
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
  if (status == 0x0122) return SopClassNotTaken(sop_class_uid, "(" + text + ")");
  return MakeError(ErrorCode::kInvalidInput, "it refused the object, {}", text);
}

}  // namespace axial::deliver
