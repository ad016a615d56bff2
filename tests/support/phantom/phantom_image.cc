#include "tests/support/phantom/phantom_image.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "tests/support/phantom/chest_anatomy.h"
#include "tests/support/phantom/head_anatomy.h"
#include "tests/support/phantom/random.h"

namespace axial::phantom {
namespace {

constexpr float kDegree = 0.01745329F;

int Or(int given, int fallback) { return given > 0 ? given : fallback; }
float Or(float given, float fallback) { return given > 0.0F ? given : fallback; }

void Orient(VoxelGrid& grid, const PhantomOptions& options, float spacing_mm) {
  const float tilt = options.tilt_deg * kDegree;
  switch (options.plane) {
    case Plane::kAxial:
      grid.down = {0.0F, std::cos(tilt), -std::sin(tilt)};
      grid.slice_step = {0.0F, 0.0F, spacing_mm};
      return;
    case Plane::kSagittal:
      grid.across = {0, 1, 0};
      grid.down = {0, 0, -1};
      break;
    case Plane::kCoronal:
      grid.across = {1, 0, 0};
      grid.down = {0, 0, -1};
      break;
    case Plane::kOblique:
      grid.across = Normalised({0.96F, 0.2F, 0.19F});
      grid.down = Normalised(Cross({-0.25F, -0.22F, 0.94F}, grid.across));
      break;
  }
  grid.slice_step = Cross(grid.across, grid.down) * spacing_mm;
}

VoxelGrid PlanGrid(const PhantomOptions& options, float width_mm, float depth_mm, int slices) {
  VoxelGrid grid;
  grid.rows = Or(options.rows, 256);
  grid.columns = Or(options.columns, 256);
  grid.slices = Or(options.slices, slices);
  const float pixel = Or(options.pixel_spacing_mm,
                         width_mm / static_cast<float>(std::max(grid.rows, grid.columns)));
  grid.row_spacing_mm = grid.column_spacing_mm = pixel;
  const float spacing =
      Or(options.slice_spacing_mm, std::min(3.0F, depth_mm / static_cast<float>(grid.slices)));
  Orient(grid, options, spacing);
  return grid;
}

/// Draws what differs between scanners and protocols; `detail_mm` stays the native voxel size.
void DrawScanner(Random& random, const PhantomOptions& options, VoxelGrid& grid, Scanner& scanner) {
  if (options.slice_thickness_mm <= 0.0F) scanner.slice_thickness_mm = random.Uniform(0.8F, 5.0F);
  if (options.slice_spacing_mm <= 0.0F) {
    grid.slice_step = Normalised(grid.slice_step) * scanner.slice_thickness_mm;
  }
  if (options.pixel_spacing_mm <= 0.0F) {
    const float pixel = random.Uniform(260.0F, 500.0F) / static_cast<float>(grid.columns);
    grid.row_spacing_mm = grid.column_spacing_mm = pixel;
  }
  scanner.detail_mm = std::min(grid.column_spacing_mm, random.Uniform(0.6F, 1.6F));
  const bool sharp = random.Chance(0.4F);
  scanner.noise = sharp ? random.Uniform(15.0F, 110.0F) : random.Uniform(3.0F, 30.0F);
  scanner.noise_blur_voxels = sharp ? random.Uniform(0.0F, 0.6F) : random.Uniform(0.3F, 1.1F);
  scanner.sharpen = sharp ? random.Uniform(0.0F, 0.9F) : 0.0F;
  scanner.blur_voxels = sharp ? 0.0F : random.Uniform(0.0F, 0.6F);
  const float half =
      0.5F * grid.column_spacing_mm * static_cast<float>(std::min(grid.rows, grid.columns));
  if (random.Chance(0.6F)) scanner.field_radius_mm = half * random.Uniform(0.72F, 1.02F);
  scanner.padding = random.Chance(0.5F) ? -1024.0F : -2000.0F;
  if (!random.Chance(0.7F)) scanner.high = random.Uniform(800.0F, 2000.0F);
}

PhantomImage MakeCt(const PhantomOptions& options) {
  ChestParameters chest =
      options.randomise ? RandomChest(options.seed) : AverageChest(options.seed);
  VoxelGrid grid = PlanGrid(options, 360.0F, 260.0F, 80);
  Scanner scanner;
  scanner.seed = options.seed;
  scanner.slice_thickness_mm = Or(options.slice_thickness_mm, Length(grid.slice_step));
  Vec3 centre{0.0F, 0.0F, -28.0F};
  if (options.randomise) {
    Random random(options.seed ^ 0x5CA4ULL);
    DrawScanner(random, options, grid, scanner);
    centre = {18.0F * random.Normal(), 18.0F * random.Normal(), -28.0F + 12.0F * random.Normal()};
  }
  if (options.noise >= 0.0F) scanner.noise = options.noise;
  grid.CentreOn(centre);
  const ChestAnatomy anatomy(chest);
  PhantomImage made{Acquire(anatomy, grid, scanner, options.threads), scanner.slice_thickness_mm,
                    scanner.padding, scanner.field_radius_mm > 0.0F, options.view};
  return made;
}

PhantomImage MakeMr(const PhantomOptions& options) {
  VoxelGrid grid = PlanGrid(options, 240.0F, 180.0F, 40);
  if (options.slice_spacing_mm <= 0.0F) grid.slice_step = Normalised(grid.slice_step) * 4.0F;
  Scanner scanner;
  scanner.seed = options.seed;
  scanner.slice_thickness_mm = Or(options.slice_thickness_mm, Length(grid.slice_step));
  scanner.low = 0.0F;
  scanner.padding = 0.0F;
  scanner.noise = options.noise >= 0.0F ? options.noise : 12.0F;
  grid.CentreOn({0.0F, 0.0F, 5.0F});
  const HeadAnatomy anatomy(options.seed, options.randomise);
  return {Acquire(anatomy, grid, scanner, options.threads), scanner.slice_thickness_mm, 0.0F, false,
          options.view};
}

PhantomImage MakeDx(const PhantomOptions& options) {
  ChestParameters chest =
      options.randomise ? RandomChest(options.seed) : AverageChest(options.seed);
  chest.table = false;
  chest.arms_down = false;  // arms are held away in both views
  ProjectionOptions projection;
  projection.view = options.view;
  projection.rows = Or(options.rows, 256);
  projection.columns = Or(options.columns, 256);
  projection.seed = options.seed;
  projection.height_mm = 380.0F;
  projection.width_mm = options.view == ChestView::kLateral ? 320.0F : 380.0F;
  if (options.randomise) {
    Random random(options.seed ^ 0xD8D8ULL);
    projection.height_mm = random.Uniform(270.0F, 470.0F);
    projection.width_mm = projection.height_mm * random.Uniform(0.8F, 1.2F);
    projection.centre = {15.0F * random.Normal(), 15.0F * random.Normal(),
                         -40.0F + 20.0F * random.Normal()};
    projection.turn_deg = 7.0F * random.Normal();
    projection.noise = random.Uniform(0.0F, 0.05F);
    projection.gamma = random.Uniform(0.5F, 2.0F);
  }
  VoxelImage image;
  image.grid.slices = 1;
  image.grid.rows = projection.rows;
  image.grid.columns = projection.columns;
  image.grid.row_spacing_mm = projection.height_mm / static_cast<float>(projection.rows);
  image.grid.column_spacing_mm = projection.width_mm / static_cast<float>(projection.columns);
  image.values = Project(ChestAnatomy(chest), projection);
  for (float& value : image.values) value = std::round(value * 4095.0F);
  image.labels.resize(image.values.size());
  return {std::move(image), 0.0F, 0.0F, false, options.view};
}

}  // namespace

PhantomImage MakePhantomImage(const PhantomOptions& options) {
  switch (options.kind) {
    case PhantomKind::kMr:
      return MakeMr(options);
    case PhantomKind::kDx:
      return MakeDx(options);
    case PhantomKind::kCt:
      break;
  }
  return MakeCt(options);
}

std::vector<LabelTruth> MeasureTruth(PhantomKind kind, const VoxelImage& image) {
  if (kind == PhantomKind::kDx) return {};
  std::vector<LabelTruth> truth = {{1, kind == PhantomKind::kCt ? "Right lung" : "Brain"},
                                   {2, kind == PhantomKind::kCt ? "Left lung" : "Ventricles"}};
  for (LabelTruth& entry : truth) {
    double sum = 0.0;
    for (std::size_t i = 0; i < image.labels.size(); ++i) {
      if (image.labels[i] != entry.label) continue;
      ++entry.voxels;
      sum += static_cast<double>(image.values[i]);
    }
    entry.volume_mm3 = static_cast<double>(entry.voxels) * image.grid.VoxelVolumeMm3();
    entry.mean = entry.voxels > 0 ? sum / static_cast<double>(entry.voxels) : 0.0;
  }
  return truth;
}

}  // namespace axial::phantom
