#include "inference/results/written_object.h"

#include <dcmtk/dcmdata/dctk.h>

#include <cmath>
#include <cstdlib>

#include "inference/results/result_run.h"

namespace axial::results {

namespace {

/// Spaces around a value are padding (PS3.5 6.2), also those that a card's author wrote.
std::string_view WithoutPadding(std::string_view text) {
  while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
  while (!text.empty() && text.back() == ' ') text.remove_suffix(1);
  return text;
}

}  // namespace

Result<std::unique_ptr<DcmFileFormat>> ReadWrittenObject(const std::string& path,
                                                         std::string_view object) {
  auto file = std::make_unique<DcmFileFormat>();
  if (const OFCondition loaded = file->loadFile(path.c_str()); loaded.bad())
    return MakeError(ErrorCode::kCorrupt, "{}: cannot be read: {}", object, loaded.text());
  if (file->getMetaInfo() == nullptr ||
      TextOf(*file->getMetaInfo(), DCM_MediaStorageSOPInstanceUID) !=
          TextOf(*file->getDataset(), DCM_SOPInstanceUID))
    return MakeError(ErrorCode::kCorrupt, "{}: File Meta Information names another Instance",
                     object);
  return file;
}

Status ExpectValue(DcmItem& item, const DcmTagKey& tag, const std::string& expected,
                   std::string_view object) {
  const std::string found = TextOf(item, tag);
  if (WithoutPadding(found) == WithoutPadding(expected)) return {};
  return MakeError(ErrorCode::kCorrupt, "{}: {} is \"{}\" instead of \"{}\"", object,
                   DcmTag(tag).getTagName(), found, expected);
}

DcmItem* ItemOf(DcmItem& item, const DcmTagKey& sequence, long index) {
  DcmItem* found = nullptr;
  return item.findAndGetSequenceItem(sequence, found, index).good() ? found : nullptr;
}

unsigned long ItemCount(DcmItem& item, const DcmTagKey& sequence) {
  DcmSequenceOfItems* items = nullptr;
  return item.findAndGetSequence(sequence, items).good() ? items->card() : 0;
}

std::vector<double> NumbersOf(const std::string& decimals) {
  std::vector<double> numbers;
  for (const char* at = decimals.c_str(); *at != '\0';) {
    char* end = nullptr;
    const double number = std::strtod(at, &end);
    if (end == at || !std::isfinite(number)) break;
    numbers.push_back(number);
    while (*end == ' ') ++end;
    if (*end != '\\') break;
    at = end + 1;
  }
  return numbers;
}

}  // namespace axial::results
