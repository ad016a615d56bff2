#pragma once

#include "gateway/deliver/destination.h"
#include "gateway/deliver/http_connection.h"

namespace axial::deliver {

/// What an answer to STOW-RS (PS3.18 10.5.3) means for the one artifact that was sent. A Failed SOP
/// Sequence that names it, or names nothing, decides by its Failure Reason as a C-STORE status
/// would; a warning is a note; without either, the HTTP status decides.
[[nodiscard]] SendResult JudgeStoreAnswer(const HttpAnswer& answer,
                                          const store::Delivery& artifact);

/// Whether an answer to QIDO-RS (PS3.18 10.6.3) holds the artifact. Errors: Unsupported (it does
/// not search Instances, or not for us), Unavailable, Exhausted (it cannot now).
[[nodiscard]] Result<bool> JudgeSearchAnswer(const HttpAnswer& answer,
                                             const store::Delivery& artifact);

/// The answer says that the artifact's Transfer Syntax is not taken (415, or Failure Reason C122H).
[[nodiscard]] bool RefusesTransferSyntax(const HttpAnswer& answer, const store::Delivery& artifact);

}  // namespace axial::deliver
