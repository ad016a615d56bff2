#pragma once

#include <string>

struct T_ASC_Parameters;

namespace axial::receive {

/// True for Verification, every storage SOP Class that DCMTK knows, anything else below the
/// standard's storage root, and vendors' own storage classes that modalities send.
[[nodiscard]] bool IsAcceptedSopClass(const std::string& sop_class_uid);

/// Answers every proposed Presentation Context: the first proposed Transfer Syntax that DCMTK
/// knows, because the bits are stored as they come. Returns how many were accepted.
int AnswerPresentationContexts(T_ASC_Parameters* parameters);

}  // namespace axial::receive
