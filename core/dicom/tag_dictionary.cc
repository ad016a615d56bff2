#include "core/dicom/tag_dictionary.h"

#include <dcmtk/config/osconfig.h>
#include <dcmtk/dcmdata/dcdicent.h>
#include <dcmtk/dcmdata/dcdict.h>
#include <dcmtk/dcmdata/dctag.h>

#include <string_view>

namespace axial {
namespace {

/// Holds the dictionary's read lock as long as it lives.
class LockedDictionary {
 public:
  LockedDictionary() : dictionary_(dcmDataDict.rdlock()) {}
  ~LockedDictionary() { dcmDataDict.rdunlock(); }
  LockedDictionary(const LockedDictionary&) = delete;
  LockedDictionary& operator=(const LockedDictionary&) = delete;

  const DcmDictEntry* Find(std::uint16_t group, std::uint16_t element) const {
    return dictionary_.findEntry(DcmTagKey(group, element), nullptr);
  }

 private:
  const DcmDataDictionary& dictionary_;
};

bool IsStandard(std::uint16_t group, std::uint16_t element) {
  return group % 2 == 0 && element != 0;
}

}  // namespace

bool LookUpAttribute(std::uint16_t group, std::uint16_t element, DictionaryEntry& entry) {
  if (!IsStandard(group, element)) return false;
  const LockedDictionary dictionary;
  const DcmDictEntry* found = dictionary.Find(group, element);
  if (found == nullptr || found->getTagName() == nullptr) return false;
  std::string_view name = found->getTagName();
  for (const std::string_view prefix : {"RETIRED_", "ACR_NEMA_"})
    if (name.starts_with(prefix)) name.remove_prefix(prefix.size());
  entry.keyword = name;
  entry.vr = found->getVR().getVRName();
  return true;
}

bool IsSequenceByDictionary(std::uint16_t group, std::uint16_t element) {
  if (!IsStandard(group, element)) return false;
  const LockedDictionary dictionary;
  const DcmDictEntry* found = dictionary.Find(group, element);
  return found != nullptr && found->getEVR() == EVR_SQ;
}

}  // namespace axial
