#pragma once

#include <cstdint>

#include "core/base/result.h"
#include "gateway/store/performed_step_store.h"

class DcmItem;

namespace axial::receive {

/// Reads the Attribute List of an N-CREATE or N-SET of the Modality Performed Procedure Step SOP
/// Class (PS3.4 F.7.2). Lenient: of what the standard demands, only what Axial uses is demanded, so
/// that no modality is stopped for the rest. `status`: the DIMSE status for an InvalidInput;
/// Exhausted: too many references. The reader leaves step_uid and calling_ae_title alone.
[[nodiscard]] Result<store::NewPerformedStep> ReadNewPerformedStep(DcmItem& attributes,
                                                                   std::uint16_t& status);
[[nodiscard]] Result<store::PerformedStepChange> ReadPerformedStepChange(DcmItem& attributes,
                                                                         std::uint16_t& status);

}  // namespace axial::receive
