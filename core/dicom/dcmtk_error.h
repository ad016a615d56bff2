#pragma once

#include "core/base/result.h"

class OFCondition;

namespace axial {

/// The one place where DCMTK's conditions become Axial's codes. `condition` must be bad.
[[nodiscard]] Error FromOFCondition(const OFCondition& condition);

/// Sends DCMTK's own log into Axial's: warnings and worse, one line each, `event=dcmtk`.
/// Call once at process start, never inside a host that owns DCMTK (the Orthanc plugin).
void RedirectDcmtkLog();

}  // namespace axial
