#include "inference/transforms/label_layers.h"

#include <utility>

namespace axial {

LabelPlaces::LabelPlaces(const std::vector<int>& labels) : places_(kMaxLabel + 2) {
  if (labels.empty() || labels.back() <= kByteLabels) {
    for (std::size_t label = 1; label <= kByteLabels; ++label)
      places_[label] = {0, static_cast<std::uint8_t>(label)};
    tables_.resize(1);
    return;
  }
  for (const int label : labels) {
    if (tables_.empty() || tables_.back().size() > kByteLabels) tables_.push_back({0});
    places_[static_cast<std::size_t>(label)] = {tables_.size() - 1,
                                                static_cast<std::uint8_t>(tables_.back().size())};
    tables_.back().push_back(label);
  }
}

std::vector<LabelLayer> LabelPlaces::MakeLayers(std::size_t voxels) const {
  std::vector<LabelLayer> layers;
  for (const std::vector<int>& table : tables_)
    layers.push_back({std::vector<std::uint8_t>(voxels), table});
  return layers;
}

std::vector<LabelLayer> LayersOfChannels(std::int64_t channels, std::size_t voxels) {
  std::vector<LabelLayer> layers;
  for (int k = 0; k < static_cast<int>(channels); ++k) {
    layers.push_back({std::vector<std::uint8_t>(voxels)});
    if (channels > kByteLabels) layers.back().labels = {0, k + 1};
  }
  return layers;
}

std::uint8_t ValueOfChannel(const LabelLayer& layer, std::int64_t k) {
  return static_cast<std::uint8_t>(layer.labels.empty() ? k + 1 : 1);
}

void MergeDisjointLayers(std::vector<LabelLayer>& layers) {
  if (layers.size() < 2 || !layers.front().labels.empty()) return;
  std::vector<std::uint8_t> merged = layers.front().values;
  for (std::size_t layer = 1; layer < layers.size(); ++layer)
    for (std::size_t i = 0; i < merged.size(); ++i) {
      if (layers[layer].values[i] == 0) continue;
      if (merged[i] != 0) return;
      merged[i] = layers[layer].values[i];
    }
  layers.assign(1, {std::move(merged)});
}

}  // namespace axial
