#pragma once

#include <string>
#include <vector>

#include "gateway/receive/sop_class_policy.h"

struct T_ASC_Parameters;

namespace axial::receive {

/// What became of the proposed Presentation Contexts.
struct ContextAnswers {
  int accepted = 0;
  std::vector<std::string> refused_classes;  ///< abstract syntaxes, each once
  /// Transfer syntaxes of contexts that had no other, each once.
  std::vector<std::string> refused_transfer_syntaxes;
};

/// Answers every proposed Presentation Context: the first proposed Transfer Syntax that can be
/// stored, because the bits are kept as they come. `services`: Storage Commitment (in either role)
/// and Modality Performed Procedure Step are offered, too, in plain Transfer Syntaxes.
ContextAnswers AnswerPresentationContexts(T_ASC_Parameters* parameters,
                                          const SopClassPolicy& policy, bool services);

}  // namespace axial::receive
