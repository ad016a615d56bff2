#include "tests/support/phantom/acquisition.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <cmath>
#include <thread>

#include "tests/support/phantom/random.h"

namespace axial::phantom {
namespace {

using Plane = std::vector<float>;

/// Separable Gaussian blur of one [row][column] plane, edges repeated.
void Blur(Plane& plane, int rows, int columns, float sigma) {
  if (sigma < 0.05F) return;
  const int reach = static_cast<int>(std::ceil(3.0F * sigma));
  std::vector<float> weights;
  float sum = 0.0F;
  for (int i = -reach; i <= reach; ++i) {
    weights.push_back(std::exp(-0.5F * static_cast<float>(i * i) / (sigma * sigma)));
    sum += weights.back();
  }
  for (float& weight : weights) weight /= sum;
  const auto pass = [&](int lines, int length, int line_stride, int stride) {
    std::vector<float> line(static_cast<std::size_t>(length));
    for (int l = 0; l < lines; ++l) {
      float* start = plane.data() + static_cast<std::ptrdiff_t>(l) * line_stride;
      for (int i = 0; i < length; ++i) line[static_cast<std::size_t>(i)] = start[i * stride];
      for (int i = 0; i < length; ++i) {
        float value = 0.0F;
        for (int k = -reach; k <= reach; ++k) {
          const int at = std::clamp(i + k, 0, length - 1);
          value +=
              weights[static_cast<std::size_t>(k + reach)] * line[static_cast<std::size_t>(at)];
        }
        start[i * stride] = value;
      }
    }
  };
  pass(rows, columns, columns, 1);
  pass(columns, rows, 1, columns);
}

/// White noise, blurred to the kernel's grain, with the wanted standard deviation.
Plane NoisePlane(int rows, int columns, const Scanner& scanner, int slice) {
  Random random(scanner.seed * 1000003U + static_cast<std::uint64_t>(slice) + 77U);
  Plane noise(static_cast<std::size_t>(rows) * static_cast<std::size_t>(columns));
  for (float& value : noise) value = random.Normal();
  Blur(noise, rows, columns, scanner.noise_blur_voxels);
  double squares = 0.0;
  for (const float value : noise) squares += static_cast<double>(value) * value;
  const auto scale = static_cast<float>(
      scanner.noise / std::max(1e-6, std::sqrt(squares / static_cast<double>(noise.size()))));
  for (float& value : noise) value *= scale;
  return noise;
}

/// Sample offsets inside a voxel: fractions of its width, height and thickness.
constexpr std::array<Vec3, 8> kOffsets = {{{-0.25F, -0.25F, -0.25F},
                                           {0.25F, 0.25F, 0.25F},
                                           {0.25F, -0.25F, 0.1F},
                                           {-0.25F, 0.25F, -0.1F},
                                           {-0.1F, -0.4F, 0.4F},
                                           {0.1F, 0.4F, -0.4F},
                                           {0.4F, -0.1F, -0.33F},
                                           {-0.4F, 0.1F, 0.33F}}};

class SliceMaker {
 public:
  SliceMaker(const Anatomy& anatomy, const Scanner& scanner, VoxelImage& image)
      : anatomy_(anatomy), scanner_(scanner), image_(image), grid_(image.grid) {
    const Vec3 normal = Normalised(Cross(grid_.across, grid_.down));
    thickness_ = normal * scanner.slice_thickness_mm;
  }

  void Make(int slice) const {
    const auto plane_size =
        static_cast<std::size_t>(grid_.rows) * static_cast<std::size_t>(grid_.columns);
    const std::size_t start = static_cast<std::size_t>(slice) * plane_size;
    Plane plane(plane_size);
    for (int row = 0; row < grid_.rows; ++row) {
      for (int column = 0; column < grid_.columns; ++column) {
        const std::size_t at = static_cast<std::size_t>(row * grid_.columns + column);
        if (!InField(row, column)) continue;
        plane[at] = Mean(slice, row, column);
        image_.labels[start + at] = anatomy_.Sample(CentreOf(slice, row, column)).label;
      }
    }
    Filter(plane);
    const Plane noise = NoisePlane(grid_.rows, grid_.columns, scanner_, slice);
    for (int row = 0; row < grid_.rows; ++row) {
      for (int column = 0; column < grid_.columns; ++column) {
        const std::size_t at = static_cast<std::size_t>(row * grid_.columns + column);
        image_.values[start + at] =
            InField(row, column) ? std::clamp(plane[at] + noise[at], scanner_.low, scanner_.high)
                                 : scanner_.padding;
      }
    }
  }

 private:
  Vec3 CentreOf(int slice, int row, int column) const {
    return grid_.At(static_cast<float>(slice), static_cast<float>(row), static_cast<float>(column));
  }

  bool InField(int row, int column) const {
    if (scanner_.field_radius_mm <= 0.0F) return true;
    const float y = (static_cast<float>(row) - 0.5F * static_cast<float>(grid_.rows - 1)) *
                    grid_.row_spacing_mm;
    const float x = (static_cast<float>(column) - 0.5F * static_cast<float>(grid_.columns - 1)) *
                    grid_.column_spacing_mm;
    return x * x + y * y <= scanner_.field_radius_mm * scanner_.field_radius_mm;
  }

  float Mean(int slice, int row, int column) const {
    const Vec3 centre = CentreOf(slice, row, column);
    if (scanner_.samples_per_voxel <= 1) return anatomy_.Sample(centre).value;
    const float width = scanner_.detail_mm > 0.0F ? scanner_.detail_mm : grid_.column_spacing_mm;
    const float height = scanner_.detail_mm > 0.0F ? scanner_.detail_mm : grid_.row_spacing_mm;
    float sum = 0.0F;
    for (int i = 0; i < scanner_.samples_per_voxel; ++i) {
      const Vec3 offset = kOffsets[static_cast<std::size_t>(i)];
      sum += anatomy_
                 .Sample(centre + grid_.across * (offset.x * width) +
                         grid_.down * (offset.y * height) + thickness_ * offset.z)
                 .value;
    }
    return sum / static_cast<float>(scanner_.samples_per_voxel);
  }

  void Filter(Plane& plane) const {
    Blur(plane, grid_.rows, grid_.columns, scanner_.blur_voxels);
    if (scanner_.sharpen <= 0.0F) return;
    Plane soft = plane;
    Blur(soft, grid_.rows, grid_.columns, 1.2F);
    for (std::size_t i = 0; i < plane.size(); ++i)
      plane[i] += scanner_.sharpen * (plane[i] - soft[i]);
  }

  const Anatomy& anatomy_;
  const Scanner& scanner_;
  VoxelImage& image_;
  const VoxelGrid& grid_;
  Vec3 thickness_;
};

}  // namespace

double VoxelGrid::VoxelVolumeMm3() const {
  return static_cast<double>(std::fabs(Dot(Cross(across, down), slice_step))) *
         static_cast<double>(row_spacing_mm) * static_cast<double>(column_spacing_mm);
}

void VoxelGrid::CentreOn(Vec3 centre) {
  const Vec3 middle = At(0.5F * static_cast<float>(slices - 1), 0.5F * static_cast<float>(rows - 1),
                         0.5F * static_cast<float>(columns - 1));
  origin = origin + (centre - middle);
}

VoxelImage Acquire(const Anatomy& anatomy, const VoxelGrid& grid, const Scanner& scanner,
                   int threads) {
  VoxelImage image{grid, {}, {}};
  const std::size_t size = static_cast<std::size_t>(grid.slices) *
                           static_cast<std::size_t>(grid.rows) *
                           static_cast<std::size_t>(grid.columns);
  image.values.resize(size);
  image.labels.resize(size);
  const SliceMaker maker(anatomy, scanner, image);
  std::atomic<int> next{0};
  const auto work = [&] {
    for (int slice = next++; slice < grid.slices; slice = next++) maker.Make(slice);
  };
  std::vector<std::jthread> pool;
  for (int i = 1; i < std::min(threads, grid.slices); ++i) pool.emplace_back(work);
  work();
  pool.clear();
  return image;
}

}  // namespace axial::phantom
