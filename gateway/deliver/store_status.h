#pragma once

#include <cstdint>
#include <string>

#include "gateway/deliver/destination.h"

namespace axial::deliver {

/// What a C-STORE status or a STOW-RS Failure Reason (PS3.4 table B.2-1, PS3.7 annex C, PS3.18
/// table I.2-2) means for the artifact: Success and Duplicate SOP Instance (it got it before)
/// confirm, warnings (BxxxH) confirm with a note, A7xxH is Exhausted, everything else a lasting no.
/// `comment`: the Error Comment, "" when there is none; `sop_class_uid`: of the artifact.
[[nodiscard]] SendResult JudgeStoreStatus(std::uint16_t status, const std::string& comment,
                                          const std::string& sop_class_uid);

/// The lasting no of a Destination that does not take artifacts of this SOP Class, with what a
/// person can do. `how` continues the sentence: "in RLE Lossless".
[[nodiscard]] Error SopClassNotTaken(const std::string& sop_class_uid, const std::string& how);

}  // namespace axial::deliver
