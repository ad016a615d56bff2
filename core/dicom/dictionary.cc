#include "core/dicom/dictionary.h"

#include <dcmtk/config/osconfig.h>
#include <dcmtk/dcmdata/dcdicent.h>
#include <dcmtk/dcmdata/dcdict.h>

#include <array>
#include <functional>
#include <map>
#include <vector>

#include "core/base/spelling.h"

namespace axial {
namespace {

/// Keyword -> VR of every public, unique attribute, copied once so that lookups take no lock.
using Keywords = std::map<std::string, std::string, std::less<>>;

// How DCMTK marks keywords that PS3.6 no longer has; people, and the header reader, go without.
constexpr std::array<std::string_view, 2> kMarks = {"RETIRED_", "ACR_NEMA_"};

void AddEntry(const DcmDictEntry& entry, Keywords& keywords) {
  if (entry.getPrivateCreator() != nullptr || entry.getGroup() % 2 != 0) return;
  if (entry.getGroup() <= 0x0002 || entry.getElement() == 0x0000) return;  // not in a data set
  std::string keyword = entry.getTagName();
  for (const std::string_view mark : kMarks)
    if (keyword.starts_with(mark)) keyword.erase(0, mark.size());
  const DcmVR vr(entry.getVR().getValidEVR());  // "xs" (US or SS) and the like become a real VR
  keywords.emplace(std::move(keyword), entry.getEVR() == EVR_xs ? "US" : vr.getVRName());
}

Keywords ReadKeywords() {
  Keywords keywords;
  const DcmDataDictionary& locked = dcmDataDict.rdlock();
  // DCMTK's iteration is declared on a mutable dictionary; nothing is changed through it.
  auto& dictionary = const_cast<DcmDataDictionary&>(locked);  // NOLINT(*-const-cast)
  for (auto entry = dictionary.normalBegin(); entry != dictionary.normalEnd(); ++entry)
    AddEntry(**entry, keywords);
  dcmDataDict.rdunlock();
  return keywords;
}

const Keywords& AllKeywords() {
  static const Keywords keywords = ReadKeywords();
  return keywords;
}

}  // namespace

Status CheckDictionary() {
  if (AllKeywords().contains("SliceThickness")) return {};
  return MakeError(ErrorCode::kNotFound,
                   "the DICOM data dictionary was not found at {}; install DCMTK's data files "
                   "(Debian: the libdcmtk package) or name the dictionary in {}",
                   DCM_DICT_DEFAULT_PATH, DCM_DICT_ENVIRONMENT_VARIABLE);
}

std::optional<std::string> VrOfKeyword(std::string_view keyword) {
  const auto found = AllKeywords().find(keyword);
  if (found == AllKeywords().end()) return std::nullopt;
  return found->second;
}

std::string NearestKeyword(std::string_view keyword) {
  std::vector<std::string_view> candidates;
  candidates.reserve(AllKeywords().size());
  for (const auto& [known, vr] : AllKeywords()) candidates.push_back(known);
  return std::string(NearestWord(keyword, candidates));
}

}  // namespace axial
