#include "inference/volume/functional_groups.h"

namespace axial {

std::string AttributeText(DcmItem& item, const DcmTagKey& tag) {
  OFString text;
  if (item.findAndGetOFStringArray(tag, text).bad()) return "";
  std::string trimmed(text.data(), text.size());
  while (!trimmed.empty() && (trimmed.back() == ' ' || trimmed.back() == '\0')) trimmed.pop_back();
  return trimmed;
}

FunctionalGroups::FunctionalGroups(DcmDataset& data_set) : data_set_(data_set) {
  if (data_set.findAndGetSequenceItem(DCM_SharedFunctionalGroupsSequence, shared_, 0).bad())
    shared_ = nullptr;
  if (data_set.findAndGetSequence(DCM_PerFrameFunctionalGroupsSequence, per_frame_).bad())
    per_frame_ = nullptr;
}

bool FunctionalGroups::Covers(std::size_t frames) const {
  return per_frame_ == nullptr || per_frame_->card() >= frames;
}

DcmItem* FunctionalGroups::Find(std::size_t frame, const DcmTagKey& group) {
  if (!present()) return &data_set_;
  DcmItem* found = nullptr;
  if (per_frame_ != nullptr)
    if (DcmItem* own = per_frame_->getItem(static_cast<unsigned long>(frame)))
      if (own->findAndGetSequenceItem(group, found, 0).good() && found != nullptr) return found;
  if (shared_ != nullptr && shared_->findAndGetSequenceItem(group, found, 0).good()) return found;
  return nullptr;
}

std::string FunctionalGroups::Text(std::size_t frame, const DcmTagKey& group,
                                   const DcmTagKey& tag) {
  DcmItem* item = Find(frame, group);
  return item == nullptr ? "" : AttributeText(*item, tag);
}

}  // namespace axial
