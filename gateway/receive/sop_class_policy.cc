#include "gateway/receive/sop_class_policy.h"

#include <dcmtk/config/osconfig.h>
#include <dcmtk/dcmdata/dcuid.h>
#include <fmt/format.h>

#include <algorithm>
#include <unordered_set>
#include <vector>

#include "core/dicom/uid.h"

namespace axial::receive {
namespace {

// Below it there is nothing but storage; also what is newer than DCMTK, and what is retired.
constexpr std::string_view kStorageRoot = "1.2.840.10008.5.1.4.1.1.";
constexpr std::string_view kStandardRoot = "1.2.840.10008.";

/// The standard's storage classes outside that root.
const std::unordered_set<std::string>& OtherStorageClasses() {
  static const std::unordered_set<std::string> classes = [] {
    std::unordered_set<std::string> known;
    for (const char** uid = dcmAllStorageSOPClassUIDs; *uid != nullptr; ++uid)
      if (std::string_view(*uid).starts_with(kStandardRoot)) known.insert(*uid);
    return known;
  }();
  return classes;
}

/// How many characters of the UID the entries name: 0 when none does.
std::size_t LongestMatch(const std::vector<std::string>& patterns, std::string_view uid) {
  std::size_t longest = 0;
  for (const std::string_view pattern : patterns) {
    const bool root = pattern.ends_with('*');
    const std::string_view named = root ? pattern.substr(0, pattern.size() - 1) : pattern;
    if (root ? uid.starts_with(named) : uid == named) longest = std::max(longest, named.size() + 1);
  }
  return longest;
}

}  // namespace

bool SopClassPolicy::Accepts(const std::string& sop_class_uid) const {
  if (sop_class_uid == UID_VerificationSOPClass) return true;
  const std::size_t accepted = LongestMatch(classes_.accept, sop_class_uid);
  const std::size_t refused = LongestMatch(classes_.refuse, sop_class_uid);
  if (accepted > 0 || refused > 0) return accepted > refused;
  return sop_class_uid.starts_with(kStorageRoot) || OtherStorageClasses().contains(sop_class_uid);
}

std::string SopClassPolicy::Configuration(const std::string& sop_class_uid) const {
  const bool other_service =
      sop_class_uid.starts_with(kStandardRoot) && LongestMatch(classes_.refuse, sop_class_uid) == 0;
  if (other_service || !Uid::Parse(sop_class_uid).ok()) return "";
  return fmt::format("sop_classes: {{accept: [{}]}}", sop_class_uid);
}

std::string SopClassPolicy::Remedy(const std::string& sop_class_uid) const {
  const std::string configuration = Configuration(sop_class_uid);
  if (configuration.empty())
    return "no storage class of the standard: Axial stores Instances and answers no queries; "
           "nothing to do";
  return fmt::format("if these objects shall be stored: node.{} in the configuration",
                     configuration);
}

std::string NameOfSopClass(const std::string& sop_class_uid) {
  return dcmFindNameOfUID(sop_class_uid.c_str(), "private or unknown");
}

bool IsStorableTransferSyntax(std::string_view transfer_syntax_uid) {
  constexpr std::string_view kImplicitLittle = "1.2.840.10008.1.2";
  constexpr std::string_view kGePrivate = "1.2.840.113619.5.2";  // Implicit VR Little Endian too
  if (transfer_syntax_uid == kImplicitLittle || transfer_syntax_uid == kGePrivate) return true;
  if (!transfer_syntax_uid.starts_with("1.2.840.10008.1.2.")) return false;
  for (const std::string_view other : {"1.2.840.10008.1.2.6.",   // MIME and XML, retired
                                       "1.2.840.10008.1.2.7."})  // SMPTE ST 2110, real time
    if (transfer_syntax_uid.starts_with(other)) return false;
  return true;
}

}  // namespace axial::receive
