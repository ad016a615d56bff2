#include "gateway/receive/presentation_contexts.h"

#include <dcmtk/config/osconfig.h>
#include <dcmtk/dcmnet/assoc.h>

#include <algorithm>

namespace axial::receive {
namespace {

/// nullptr when there is none.
const char* FirstStorableTransferSyntax(const T_ASC_PresentationContext& context) {
  for (unsigned i = 0; i < context.transferSyntaxCount; ++i)
    if (IsStorableTransferSyntax(context.proposedTransferSyntaxes[i]))
      return context.proposedTransferSyntaxes[i];
  return nullptr;
}

void AddOnce(std::vector<std::string>& list, const char* text) {
  if (std::find(list.begin(), list.end(), text) == list.end()) list.emplace_back(text);
}

}  // namespace

ContextAnswers AnswerPresentationContexts(T_ASC_Parameters* parameters,
                                          const SopClassPolicy& policy) {
  ContextAnswers answers;
  const int count = ASC_countPresentationContexts(parameters);
  for (int i = 0; i < count; ++i) {
    T_ASC_PresentationContext context{};
    if (ASC_getPresentationContext(parameters, i, &context).bad()) continue;
    const char* transfer_syntax = FirstStorableTransferSyntax(context);
    const bool accepted_class = policy.Accepts(context.abstractSyntax);
    if (accepted_class && transfer_syntax != nullptr) {
      if (ASC_acceptPresentationContext(parameters, context.presentationContextID, transfer_syntax)
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
