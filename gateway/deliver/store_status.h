#pragma once

#include <cstdint>
#include <string>

#include "gateway/deliver/destination.h"

namespace axial::deliver {

/// What a C-STORE status or a STOW-RS Failure Reason (PS3.4 table B.2-1, PS3.7 annex C, PS3.18
/// table I.2-2) means for the artifact: Success and Duplicate SOP Instance (it got it before)
/// confirm, warnings (BxxxH) confirm with a note, A7xxH is Exhausted, everything else a lasting no.
/// `comment`: the Error Comment, "" when there is none.
[[nodiscard]] SendResult JudgeStoreStatus(std::uint16_t status, const std::string& comment);

}  // namespace axial::deliver
