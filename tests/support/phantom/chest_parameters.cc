#include "tests/support/phantom/chest_parameters.h"

#include "tests/support/phantom/random.h"

namespace axial::phantom {
namespace {

void DrawBody(Random& random, ChestParameters& chest) {
  const float size = random.Uniform(0.78F, 1.15F);
  chest.cavity_half_width = 132.0F * size * random.Uniform(0.9F, 1.1F);
  chest.cavity_half_depth = 84.0F * size * random.Uniform(0.8F, 1.22F);
  chest.cavity_exponent = random.Uniform(2.0F, 2.9F);
  chest.apex_z = random.Uniform(62.0F, 115.0F);
  chest.widest_z = random.Uniform(-60.0F, 0.0F);
  chest.apex_exponent = random.Uniform(1.7F, 3.0F);
  chest.fat = random.Chance(0.3F) ? random.Uniform(18.0F, 45.0F) : random.Uniform(3.0F, 18.0F);
  chest.wall_side = random.Uniform(16.0F, 26.0F) + chest.fat;
  chest.wall_depth = random.Uniform(10.0F, 18.0F);
  chest.wall_depth += chest.fat * random.Uniform(0.6F, 1.1F);
  chest.shoulder = random.Uniform(0.05F, 0.4F);
  chest.breast = random.Chance(0.4F) ? random.Uniform(30.0F, 70.0F) : 0.0F;
  chest.arms_down = random.Chance(0.2F);
  chest.prone = random.Chance(0.06F);
  chest.table = random.Chance(0.93F);
  chest.table_gap = random.Chance(0.4F) ? 0.0F : random.Uniform(0.0F, 25.0F);
  chest.warp = random.Uniform(0.0F, 7.0F);
  chest.roll_deg = 6.0F * random.Normal();
  chest.offset_x = 10.0F * random.Normal();
  chest.offset_y = 15.0F * random.Normal();
}

void DrawLungs(Random& random, ChestParameters& chest) {
  chest.lung_hu =
      random.Chance(0.15F) ? random.Uniform(-960.0F, -900.0F) : random.Uniform(-900.0F, -620.0F);
  chest.gravity_hu = random.Uniform(0.0F, 160.0F);
  chest.texture_hu = random.Uniform(5.0F, 70.0F);
  chest.pleura = random.Uniform(1.0F, 4.0F);
  chest.right_dome_z = random.Uniform(-125.0F, -50.0F);
  chest.left_dome_z = chest.right_dome_z + random.Uniform(-32.0F, 12.0F);
  chest.dome_drop = random.Uniform(30.0F, 85.0F);
  chest.dome_power = random.Uniform(1.8F, 3.6F);
  chest.mediastinum_width = random.Uniform(0.5F, 1.4F);
  chest.anterior_junction =
      random.Chance(0.5F) ? random.Uniform(0.5F, 3.5F) : random.Uniform(3.5F, 26.0F);
  chest.mediastinum_shift = 9.0F * random.Normal();
  chest.spine_depth = random.Uniform(0.45F, 0.78F);
  chest.vessel_generations = 3 + random.Below(4);
  chest.vessel_trunks = 6 + random.Below(14);
  chest.vessel_scale = random.Uniform(0.7F, 1.5F);
}

void DrawDisease(Random& random, ChestParameters& chest) {
  if (random.Chance(0.35F)) chest.ground_glass = 1 + random.Below(9);
  if (random.Chance(0.35F)) chest.consolidations = 1 + random.Below(6);
  if (random.Chance(0.3F)) chest.nodules = 1 + random.Below(6);
  if (random.Chance(0.2F)) chest.bullae = 1 + random.Below(12);
  if (random.Chance(0.12F)) chest.right_effusion = random.Uniform(8.0F, 50.0F);
  if (random.Chance(0.12F)) chest.left_effusion = random.Uniform(8.0F, 50.0F);
}

void DrawOrgans(Random& random, ChestParameters& chest) {
  chest.heart_scale = random.Uniform(0.78F, 1.35F);
  chest.blood_hu = random.Uniform(30.0F, 60.0F);
  chest.contrast_hu = random.Chance(0.4F) ? random.Uniform(40.0F, 350.0F) : 0.0F;
  chest.trachea_radius = random.Uniform(5.5F, 12.0F);
  chest.oesophagus_gas = random.Chance(0.35F) ? random.Uniform(2.0F, 8.0F) : 0.0F;
  chest.stomach_gas = random.Uniform(-0.4F, 1.2F);
  chest.colon_gas = random.Below(7);
  chest.stomach_x = random.Uniform(35.0F, 80.0F);
  chest.stomach_y = random.Uniform(-50.0F, 15.0F);
  chest.stomach_below = random.Uniform(35.0F, 75.0F);
  chest.fat_hu = random.Uniform(-125.0F, -75.0F);
  chest.muscle_hu = random.Uniform(25.0F, 70.0F);
  chest.liver_hu = random.Uniform(20.0F, 130.0F);
  chest.bone_hu = random.Uniform(350.0F, 900.0F);
  // The last draws, so that a seed keeps its other numbers. In life the trachea touches the right
  // lung, in some the left, and lies between the fronts of the apices: a network that never saw it
  // there takes it for lung.
  if (random.Chance(0.7F)) chest.trachea_shift = random.Uniform(-20.0F, 14.0F);
  chest.trachea_forward = random.Uniform(-4.0F, 24.0F);
  chest.trachea_lean = random.Uniform(10.0F, 80.0F);
}

}  // namespace

ChestParameters AverageChest(std::uint64_t seed) {
  ChestParameters chest;
  chest.seed = seed;
  return chest;
}

ChestParameters RandomChest(std::uint64_t seed) {
  ChestParameters chest = AverageChest(seed);
  Random random(seed ^ 0xC4E57ULL);
  DrawBody(random, chest);
  DrawLungs(random, chest);
  DrawDisease(random, chest);
  DrawOrgans(random, chest);
  return chest;
}

}  // namespace axial::phantom
