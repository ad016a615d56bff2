#include "core/dicom/tag_dictionary.h"

#include <dcmtk/config/osconfig.h>
#include <dcmtk/dcmdata/dcdicent.h>
#include <dcmtk/dcmdata/dcdict.h>
#include <dcmtk/dcmdata/dctag.h>

#include <string_view>
#include <unordered_map>
#include <utility>

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

std::uint32_t TagOf(std::uint16_t group, std::uint16_t element) {
  return std::uint32_t{group} << 16 | element;
}

bool IsStandard(std::uint16_t group, std::uint16_t element) {
  return group % 2 == 0 && element != 0;
}

struct Known {
  DictionaryEntry entry;
  bool sequence = false;
};

bool Describe(const DcmDictEntry& found, Known& known) {
  if (found.getTagName() == nullptr) return false;
  std::string_view name = found.getTagName();
  for (const std::string_view prefix : {"RETIRED_", "ACR_NEMA_"})
    if (name.starts_with(prefix)) name.remove_prefix(prefix.size());
  known.entry.keyword = name;
  known.entry.vr = found.getVR().getVRName();
  known.sequence = found.getEVR() == EVR_SQ;
  return true;
}

/// The entries that stand for one tag each, copied once: a look into DCMTK's takes its lock.
std::unordered_map<std::uint32_t, Known> CopyEntries() {
  std::unordered_map<std::uint32_t, Known> entries;
  DcmDataDictionary& dictionary = dcmDataDict.wrlock();  // it iterates over no const one
  for (auto entry = dictionary.normalBegin(); entry != dictionary.normalEnd(); ++entry) {
    const DcmDictEntry& found = **entry;
    Known known;
    if (found.getPrivateCreator() == nullptr && IsStandard(found.getGroup(), found.getElement()) &&
        Describe(found, known))
      entries.emplace(TagOf(found.getGroup(), found.getElement()), std::move(known));
  }
  dcmDataDict.wrunlock();
  return entries;
}

/// nullptr when the dictionary does not know it. `repeating`: where one of a repeating group is
/// put.
const Known* Find(std::uint16_t group, std::uint16_t element, Known& repeating) {
  if (!IsStandard(group, element)) return nullptr;
  static const std::unordered_map<std::uint32_t, Known> entries = CopyEntries();
  if (const auto found = entries.find(TagOf(group, element)); found != entries.end())
    return &found->second;
  const LockedDictionary dictionary;
  const DcmDictEntry* found = dictionary.Find(group, element);
  return found != nullptr && Describe(*found, repeating) ? &repeating : nullptr;
}

}  // namespace

bool LookUpAttribute(std::uint16_t group, std::uint16_t element, DictionaryEntry& entry) {
  Known repeating;
  const Known* known = Find(group, element, repeating);
  if (known != nullptr) entry = known->entry;
  return known != nullptr;
}

bool IsSequenceByDictionary(std::uint16_t group, std::uint16_t element) {
  Known repeating;
  const Known* known = Find(group, element, repeating);
  return known != nullptr && known->sequence;
}

}  // namespace axial
