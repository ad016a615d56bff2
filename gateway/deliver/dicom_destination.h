#pragma once

#include <memory>

#include "config/config.h"
#include "core/base/result.h"
#include "gateway/deliver/destination.h"

namespace axial::deliver {

/// C-STORE to a DICOM node over one Association per Send, Explicit and Implicit VR Little Endian
/// (a compressed artifact: in its own Transfer Syntax), C-ECHO (PS3.4 annexes A and B).
///
/// Success and Duplicate SOP Instance (0111H: it got it before) confirm, warnings (BxxxH) confirm
/// with a note, A7xxH is tried again, every other status is a lasting no with its Error Comment.
[[nodiscard]] Result<std::unique_ptr<Destination>> MakeDicomDestination(
    const config::Destination& destination, const DestinationOptions& options);

}  // namespace axial::deliver
