#include "tests/support/phantom/lung_tree.h"

#include <cmath>

#include "tests/support/phantom/random.h"

namespace axial::phantom {
namespace {

struct Branch {
  Vec3 from;
  Vec3 direction;
  float length = 0.0F;
  float radius = 0.0F;
  int generation = 0;
};

class TreeGrower {
 public:
  explicit TreeGrower(const ChestParameters& chest)
      : chest_(chest), random_(chest.seed ^ 0x7EEULL) {}

  std::vector<Tube> Grow() {
    for (const int lung : {1, 2}) {
      const float outward = lung == 1 ? -1.0F : 1.0F;
      for (int trunk = 0; trunk < chest_.vessel_trunks; ++trunk) {
        Vec3 direction = random_.Direction();
        direction.x = outward * (0.25F + std::fabs(direction.x));
        const float length = random_.Uniform(28.0F, 48.0F);
        const float radius = random_.Uniform(3.0F, 5.5F) * chest_.vessel_scale;
        Extend({HilumOf(chest_, lung), Normalised(direction), length, radius, 0});
      }
    }
    return std::move(tubes_);
  }

 private:
  void Extend(const Branch& branch) {
    const Vec3 to = branch.from + branch.direction * branch.length;
    tubes_.push_back({branch.from, to, branch.radius, kVessel});
    if (branch.generation < 3) AddBronchus(branch, to);
    if (branch.generation + 1 >= chest_.vessel_generations || branch.radius < 0.5F) return;
    const int children = random_.Chance(0.25F) ? 3 : 2;
    for (int i = 0; i < children; ++i) {
      const Vec3 direction = Normalised(branch.direction + random_.Direction() * 0.75F);
      Extend({to, direction, branch.length * random_.Uniform(0.62F, 0.92F),
              branch.radius * random_.Uniform(0.6F, 0.82F), branch.generation + 1});
    }
  }

  void AddBronchus(const Branch& branch, Vec3 to) {
    const Vec3 aside = Normalised(Cross(branch.direction, random_.Direction()) + Vec3{0, 0, 1e-3F});
    const Vec3 shift = aside * (branch.radius * 1.7F + 1.5F);
    tubes_.push_back({branch.from + shift, to + shift, branch.radius * 0.6F, kAirway});
  }

  const ChestParameters& chest_;
  Random random_;
  std::vector<Tube> tubes_;
};

}  // namespace

Vec3 HilumOf(const ChestParameters& chest, int lung) {
  const float scale = chest.cavity_half_width / 132.0F;
  const float x = lung == 1 ? -40.0F : 42.0F;
  return {x * scale * chest.mediastinum_width + chest.mediastinum_shift, 14.0F * scale,
          lung == 1 ? -24.0F : -16.0F};
}

TubeSet GrowLungTree(const ChestParameters& chest) {
  return TubeSet(TreeGrower(chest).Grow(), 2.5F);
}

TubeSet LayMediastinum(const ChestParameters& chest, float spine_y) {
  const float s = chest.cavity_half_width / 132.0F, shift = chest.mediastinum_shift;
  const float airway = chest.trachea_radius;
  const Vec3 carina{-2.0F * s + shift + chest.trachea_shift, 18.0F * s - chest.trachea_forward,
                    0.0F};
  const Vec3 right = HilumOf(chest, 1), left = HilumOf(chest, 2);
  const float aorta_y = spine_y - 12.0F * s;
  std::vector<Tube> tubes = {
      {{carina.x, carina.y - chest.trachea_lean * s, 220.0F}, carina, airway, kMainAirway},
      {carina, right, airway * 0.85F, kMainAirway},
      {carina, left, airway * 0.72F, kMainAirway},
      // Aorta: ascending, arch, descending.
      {{-14.0F * s + shift, -16.0F * s, -35.0F},
       {-12.0F * s + shift, -12.0F * s, 26.0F},
       15.0F * s,
       kGreatVessel},
      {{-12.0F * s + shift, -12.0F * s, 28.0F},
       {22.0F * s + shift, aorta_y - 4.0F, 28.0F},
       13.0F * s,
       kGreatVessel},
      {{22.0F * s + shift, aorta_y - 4.0F, 28.0F},
       {20.0F * s, aorta_y, -110.0F},
       12.0F * s,
       kGreatVessel},
      {{20.0F * s, aorta_y, -110.0F}, {6.0F, aorta_y, -400.0F}, 11.0F * s, kGreatVessel},
      // Neck and arm vessels.
      {{-16.0F * s + shift, -4.0F, 34.0F}, {-30.0F * s, -8.0F, 200.0F}, 5.5F * s, kGreatVessel},
      {{12.0F * s + shift, 6.0F, 36.0F}, {26.0F * s, 2.0F, 200.0F}, 5.0F * s, kGreatVessel},
      // Superior vena cava, pulmonary trunk and arteries.
      {{-31.0F * s + shift, -6.0F * s, 60.0F},
       {-34.0F * s + shift, -2.0F * s, -50.0F},
       9.0F * s,
       kGreatVessel},
      {{12.0F * s + shift, -24.0F * s, -40.0F},
       {18.0F * s + shift, -6.0F * s, -8.0F},
       13.0F * s,
       kGreatVessel},
      {{16.0F * s + shift, -6.0F * s, -10.0F}, right, 9.0F * s, kGreatVessel},
      {{18.0F * s + shift, -6.0F * s, -6.0F}, left, 9.5F * s, kGreatVessel}};
  return TubeSet(std::move(tubes), 4.0F);
}

}  // namespace axial::phantom
