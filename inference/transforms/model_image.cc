#include "inference/transforms/model_image.h"

#include <algorithm>

namespace axial {

SpatialSize ModelImage::Size() const {
  SpatialSize size = {1, 1, 1};
  std::copy(data.shape.begin() + 1, data.shape.end(), size.begin());
  return size;
}

std::int64_t ModelImage::VoxelsPerChannel() const {
  const SpatialSize size = Size();
  return size[0] * size[1] * size[2];
}

void ModelImage::Replace(std::vector<float> values, std::int64_t channels, const SpatialSize& size,
                         const IndexMap& to_old) {
  data.values = std::move(values);
  data.shape.assign({channels});
  data.shape.insert(data.shape.end(), size.begin(), size.begin() + rank);
  to_source = to_source.After(to_old);
}

ModelImage FromVolume(const Volume& volume) {
  const GridSize& size = volume.geometry.size;
  const auto slices = static_cast<std::size_t>(size.slices);
  const auto rows = static_cast<std::size_t>(size.rows);
  const auto columns = static_cast<std::size_t>(size.columns);
  ModelImage image;
  image.data.shape = {1, size.columns, size.rows, size.slices};
  image.data.values.resize(size.Voxels());
  constexpr std::size_t kBlock = 16;  // both sides of the transposition stay in cache
  for (std::size_t s0 = 0; s0 < slices; s0 += kBlock)
    for (std::size_t r = 0; r < rows; ++r)
      for (std::size_t c = 0; c < columns; ++c)
        for (std::size_t s = s0; s < std::min(slices, s0 + kBlock); ++s)
          image.data.values[(c * rows + r) * slices + s] =
              volume.voxels[(s * rows + r) * columns + c];
  image.source_to_patient = ToPatient(volume.geometry);
  return image;
}

ModelImage FromImage(const Image2D& image) {
  ModelImage made;
  made.rank = 2;
  made.data.shape = {1, image.rows, image.columns};
  made.data.values = image.pixels;
  made.to_source.linear = {{{0, 1, 0}, {1, 0, 0}, {0, 0, 1}}};  // (row, column) -> (column, row)
  return made;
}

}  // namespace axial
