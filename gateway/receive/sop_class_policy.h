#pragma once

#include <string>
#include <string_view>

#include "config/config.h"

namespace axial::receive {

/// Which SOP Classes are received. A plain value; thread-safe.
///
/// Accepted: Verification; of the standard's Storage SOP Classes (PS3.4 B.5) every one, known here
/// or not, retired or not, by their root; what the configuration adds. Where an entry that accepts
/// and one that refuses both name a class, the longer one counts.
class SopClassPolicy {
 public:
  explicit SopClassPolicy(config::SopClasses classes = {}) : classes_(std::move(classes)) {}

  [[nodiscard]] bool Accepts(const std::string& sop_class_uid) const;

  /// The line below `node` of the configuration that makes the class accepted; "" for what is no
  /// storage class, and what is no UID.
  [[nodiscard]] std::string Configuration(const std::string& sop_class_uid) const;

  /// The same in words.
  [[nodiscard]] std::string Remedy(const std::string& sop_class_uid) const;

 private:
  config::SopClasses classes_;
};

/// As people call it: "CTImageStorage"; "private or unknown" for what DCMTK has no name for.
[[nodiscard]] std::string NameOfSopClass(const std::string& sop_class_uid);

/// Whether a data set in this Transfer Syntax can be stored and its header read: every one of
/// PS3.5 chapter 10 that a DIMSE association carries, known to DCMTK or not, and GE's private one.
[[nodiscard]] bool IsStorableTransferSyntax(std::string_view transfer_syntax_uid);

}  // namespace axial::receive
