#include "gateway/receive/presentation_contexts.h"

#include <dcmtk/config/osconfig.h>
#include <dcmtk/dcmdata/dcuid.h>
#include <dcmtk/dcmdata/dcxfer.h>
#include <dcmtk/dcmnet/assoc.h>

#include <string_view>
#include <unordered_set>

namespace axial::receive {
namespace {

// Roots below which there is nothing but storage, or where a vendor's storage classes are.
constexpr std::string_view kStorageRoots[] = {
    "1.2.840.10008.5.1.4.1.1.",    // PS3.4 B.5, also what is newer than DCMTK, and retired ones
    "1.2.840.113619.4.",           // GE
    "1.2.840.113619.5.1.",         // GE
    "1.3.12.2.1107.5.9.",          // Siemens CSA
    "1.3.46.670589.2.",            // Philips
    "1.3.46.670589.5.0.",          // Philips
    "1.3.46.670589.7.8.1.",        // Philips
    "1.3.46.670589.11.0.0.",       // Philips
    "1.2.392.200036.9116.7.8.1.",  // Toshiba, Canon
    "1.2.392.200036.9125.1.1.",    // Fuji
    "1.2.752.24.3.7.",             // Sectra
};

const std::unordered_set<std::string>& KnownStorageClasses() {
  static const std::unordered_set<std::string> classes = [] {
    std::unordered_set<std::string> known;
    for (const char** uid = dcmAllStorageSOPClassUIDs; *uid != nullptr; ++uid) known.insert(*uid);
    return known;
  }();
  return classes;
}

/// The first that DCMTK knows, or nullptr.
const char* FirstKnownTransferSyntax(const T_ASC_PresentationContext& context) {
  for (unsigned i = 0; i < context.transferSyntaxCount; ++i)
    if (DcmXfer(context.proposedTransferSyntaxes[i]).getXfer() != EXS_Unknown)
      return context.proposedTransferSyntaxes[i];
  return nullptr;
}

}  // namespace

bool IsAcceptedSopClass(const std::string& sop_class_uid) {
  if (sop_class_uid == UID_VerificationSOPClass) return true;
  for (const std::string_view root : kStorageRoots)
    if (sop_class_uid.starts_with(root)) return true;
  return KnownStorageClasses().contains(sop_class_uid);
}

int AnswerPresentationContexts(T_ASC_Parameters* parameters) {
  int accepted = 0;
  const int count = ASC_countPresentationContexts(parameters);
  for (int i = 0; i < count; ++i) {
    T_ASC_PresentationContext context{};
    if (ASC_getPresentationContext(parameters, i, &context).bad()) continue;
    const char* transfer_syntax = FirstKnownTransferSyntax(context);
    const bool known_class = IsAcceptedSopClass(context.abstractSyntax);
    if (known_class && transfer_syntax != nullptr) {
      if (ASC_acceptPresentationContext(parameters, context.presentationContextID, transfer_syntax)
              .good())
        ++accepted;
      continue;
    }
    const T_ASC_P_ResultReason reason =
        known_class ? ASC_P_TRANSFERSYNTAXESNOTSUPPORTED : ASC_P_ABSTRACTSYNTAXNOTSUPPORTED;
    const OFCondition refused =
        ASC_refusePresentationContext(parameters, context.presentationContextID, reason);
    if (refused.bad()) continue;  // only for a context that is not there
  }
  return accepted;
}

}  // namespace axial::receive
