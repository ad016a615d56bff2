#pragma once

#include <dcmtk/config/osconfig.h>
#include <dcmtk/dcmdata/dctk.h>

#include <cstddef>
#include <string>

// Heavy (DCMTK): only for .cc files.
namespace axial {

/// The attribute's values as text, padding removed; "" when absent.
[[nodiscard]] std::string AttributeText(DcmItem& item, const DcmTagKey& tag);

/// Finds the item that holds a functional group's attributes for one frame (PS3.3 C.7.6.16): the
/// frame's own item, else the shared one. A data set without functional groups holds them itself.
/// Points into the data set, which must outlive it.
class FunctionalGroups {
 public:
  explicit FunctionalGroups(DcmDataset& data_set);

  [[nodiscard]] bool present() const { return per_frame_ != nullptr || shared_ != nullptr; }
  /// True when there is an item for each of `frames` frames.
  [[nodiscard]] bool Covers(std::size_t frames) const;
  /// nullptr when the group is absent. `frame` from 0.
  [[nodiscard]] DcmItem* Find(std::size_t frame, const DcmTagKey& group);
  /// The attribute `tag` of the group, "" when absent.
  [[nodiscard]] std::string Text(std::size_t frame, const DcmTagKey& group, const DcmTagKey& tag);

 private:
  DcmDataset& data_set_;
  DcmItem* shared_ = nullptr;
  DcmSequenceOfItems* per_frame_ = nullptr;
};

}  // namespace axial
