#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <vector>

namespace axial {

inline constexpr int kMaxLabel = 65535;  ///< of a model
inline constexpr int kByteLabels = 255;  ///< that one layer holds

/// One layer of masks, of labels that share no voxel.
struct LabelLayer {
  std::vector<std::uint8_t> values;  ///< [slice][row][column]; 0: background
  std::vector<int> labels = {};      ///< of each value; empty: a value is its label

  [[nodiscard]] int LabelOf(std::uint8_t value) const {
    return labels.empty() ? value : labels[value];
  }
};

/// Makes one layer of several that hold different values, if no voxel is on two of them; layers
/// that share voxels, or whose values are not their labels, stay as they are.
void MergeDisjointLayers(std::vector<LabelLayer>& layers);

/// One layer of `voxels` for each channel of masks that may overlap: layer k holds label k + 1.
[[nodiscard]] std::vector<LabelLayer> LayersOfChannels(std::int64_t channels, std::size_t voxels);

/// The value that stands for the label of layer k of LayersOfChannels.
[[nodiscard]] std::uint8_t ValueOfChannel(const LabelLayer& layer, std::int64_t k);

/// Voxels by label, of labels that no segment of the card has.
using UnnamedLabels = std::map<int, std::int64_t>;

/// Where the voxels of each label go: into which layer, as which value.
class LabelPlaces {
 public:
  struct Place {
    std::size_t layer = 0;
    std::uint8_t value = 0;  ///< 0 for a label that has no place: no segment's
  };

  /// Up to 255 a label is its value. When one of `labels` (ascending, 1 to kMaxLabel) is above,
  /// each of them gets the next value, and no other label has a place.
  explicit LabelPlaces(const std::vector<int>& labels);

  /// `label`: 0 to kMaxLabel + 1.
  [[nodiscard]] Place Of(int label) const { return places_[static_cast<std::size_t>(label)]; }
  [[nodiscard]] std::size_t layers() const { return tables_.size(); }
  [[nodiscard]] std::vector<LabelLayer> MakeLayers(std::size_t voxels) const;

 private:
  std::vector<Place> places_;             ///< by label
  std::vector<std::vector<int>> tables_;  ///< LabelLayer::labels
};

}  // namespace axial
