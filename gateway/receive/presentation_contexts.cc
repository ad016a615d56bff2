#include "gateway/receive/presentation_contexts.h"

#include <dcmtk/config/osconfig.h>
#include <dcmtk/dcmnet/assoc.h>

#include <algorithm>

#include "gateway/receive/normalized_server.h"

namespace axial::receive {
namespace {

/// nullptr when there is none.
const char* FirstTransferSyntax(const T_ASC_PresentationContext& context,
                                bool (*accepts)(std::string_view)) {
  for (unsigned i = 0; i < context.transferSyntaxCount; ++i)
    if (accepts(context.proposedTransferSyntaxes[i])) return context.proposedTransferSyntaxes[i];
  return nullptr;
}

void AddOnce(std::vector<std::string>& list, const char* text) {
  if (std::find(list.begin(), list.end(), text) == list.end()) list.emplace_back(text);
}

}  // namespace

ContextAnswers AnswerPresentationContexts(T_ASC_Parameters* parameters,
                                          const SopClassPolicy& policy, bool services) {
  ContextAnswers answers;
  const int count = ASC_countPresentationContexts(parameters);
  for (int i = 0; i < count; ++i) {
    T_ASC_PresentationContext context{};
    if (ASC_getPresentationContext(parameters, i, &context).bad()) continue;
    const bool normalized = services && IsNormalizedClass(context.abstractSyntax);
    const char* transfer_syntax =
        FirstTransferSyntax(context, normalized ? IsPlainTransferSyntax : IsStorableTransferSyntax);
    const bool accepted_class = normalized || policy.Accepts(context.abstractSyntax);
    if (accepted_class && transfer_syntax != nullptr) {
      // An archive that brings the answer to our own Storage Commitment request comes as SCP.
      if (ASC_acceptPresentationContext(parameters, context.presentationContextID, transfer_syntax,
                                        normalized ? context.proposedRole : ASC_SC_ROLE_DEFAULT)
              .good())
        ++answers.accepted;
      continue;
    }
    if (!accepted_class) AddOnce(answers.refused_classes, context.abstractSyntax);
    for (unsigned t = 0; accepted_class && t < context.transferSyntaxCount; ++t)
      AddOnce(answers.refused_transfer_syntaxes, context.proposedTransferSyntaxes[t]);
    const T_ASC_P_ResultReason reason =
        accepted_class ? ASC_P_TRANSFERSYNTAXESNOTSUPPORTED : ASC_P_ABSTRACTSYNTAXNOTSUPPORTED;
    const OFCondition refused =
        ASC_refusePresentationContext(parameters, context.presentationContextID, reason);
    if (refused.bad()) continue;  // only for a context that is not there
  }
  return answers;
}

}  // namespace axial::receive
