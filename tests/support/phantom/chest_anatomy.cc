#include "tests/support/phantom/chest_anatomy.h"

#include <algorithm>
#include <cmath>

#include "tests/support/phantom/lung_tree.h"
#include "tests/support/phantom/random.h"

namespace axial::phantom {
namespace {

constexpr float kAir = -1000.0F;

/// 1 at the centre, 0 on the surface, negative outside.
float EllipsoidDepth(Vec3 p, Vec3 centre, Vec3 radii) {
  const float x = (p.x - centre.x) / radii.x, y = (p.y - centre.y) / radii.y,
              z = (p.z - centre.z) / radii.z;
  return 1.0F - (x * x + y * y + z * z);
}

Vec3 Abs(Vec3 p) { return {std::fabs(p.x), std::fabs(p.y), std::fabs(p.z)}; }

}  // namespace

ChestAnatomy::ChestAnatomy(const ChestParameters& chest)
    : chest_(chest),
      shape_(chest),
      lung_tree_(GrowLungTree(chest)),
      mediastinum_(LayMediastinum(chest, shape_.SpineY())) {
  Random random(chest.seed ^ 0x3A7EULL);
  for (int i = 0; i < 4; ++i) {
    const float wavelength = random.Uniform(90.0F, 320.0F);
    const float amplitude = chest.warp * random.Uniform(0.4F, 1.0F);
    const Vec3 displacement = random.Direction() * amplitude;
    const Vec3 frequency = random.Direction() * (6.2831853F / wavelength);
    waves_.push_back({displacement, frequency, random.Uniform(0.0F, 6.28F)});
  }
  const float roll = chest.roll_deg * 0.01745329F;
  cos_roll_ = std::cos(roll);
  sin_roll_ = std::sin(roll);
  DrawLesions();
  DrawColon();
}

Vec3 ChestAnatomy::PointInLung(std::uint64_t* state_seed) const {
  Random random((*state_seed)++);
  for (int attempt = 0; attempt < 200; ++attempt) {
    const Vec3 p{random.Uniform(-1.0F, 1.0F) * chest_.cavity_half_width,
                 random.Uniform(-1.0F, 1.0F) * chest_.cavity_half_depth,
                 random.Uniform(-170.0F, chest_.apex_z)};
    const bool outer = shape_.CavityDepth(p) < 35.0F;
    if (shape_.CavityDepth(p) < 3.0F || shape_.MediastinalSide(p) == 0) continue;
    if (p.z < shape_.DiaphragmZ(p) + 3.0F) continue;
    if (outer || attempt > 20) return p;  // most disease lies near the surface
  }
  return {-0.6F * chest_.cavity_half_width, 0.0F, 0.0F};
}

void ChestAnatomy::DrawLesions() {
  Random random(chest_.seed ^ 0x1E51ULL);
  std::uint64_t place = chest_.seed * 977U + 13U;
  const auto add = [&](int count, float r_low, float r_high, float hu_low, float hu_high,
                       float roughness) {
    for (int i = 0; i < count; ++i) {
      const float r = random.Uniform(r_low, r_high);
      const Vec3 radii{r * random.Uniform(0.6F, 1.4F), r * random.Uniform(0.6F, 1.4F),
                       r * random.Uniform(0.6F, 1.4F)};
      lesions_.push_back({PointInLung(&place), radii, random.Uniform(hu_low, hu_high), roughness});
    }
  };
  add(chest_.ground_glass, 12.0F, 60.0F, -720.0F, -250.0F, 1.0F);
  add(chest_.consolidations, 8.0F, 38.0F, -150.0F, 60.0F, 1.1F);
  add(chest_.nodules, 2.0F, 12.0F, -20.0F, 120.0F, 0.2F);
  add(chest_.bullae, 4.0F, 22.0F, -995.0F, -970.0F, 0.1F);
}

void ChestAnatomy::DrawColon() {
  Random random(chest_.seed ^ 0xC010ULL);
  for (int i = 0; i < chest_.colon_gas; ++i) {
    Vec3 centre{random.Uniform(-0.85F, 0.9F) * chest_.cavity_half_width,
                random.Uniform(-0.8F, 0.5F) * chest_.cavity_half_depth, 0.0F};
    if (random.Chance(0.6F)) centre.x = std::fabs(centre.x);  // splenic flexure most often
    const Vec3 radii{random.Uniform(8.0F, 40.0F), random.Uniform(8.0F, 30.0F),
                     random.Uniform(8.0F, 35.0F)};
    centre.z = shape_.DiaphragmZ(centre) - radii.z - random.Uniform(4.0F, 60.0F);
    colon_.push_back({centre, radii, random.Uniform(-990.0F, -880.0F), 0.0F});
  }
}

Vec3 ChestAnatomy::Undeform(Vec3 p) const {
  const float x = p.x - chest_.offset_x, y = p.y - chest_.offset_y;
  Vec3 q{cos_roll_ * x + sin_roll_ * y, -sin_roll_ * x + cos_roll_ * y, p.z};
  const Vec3 base = q;
  if (chest_.warp > 0.0F) {
    for (const Wave& wave : waves_) {
      q = q + wave.direction * std::sin(Dot(wave.frequency, base) + wave.phase);
    }
  }
  return q;
}

Tissue ChestAnatomy::Sample(Vec3 p) const {
  const Vec3 q = Undeform(p);
  const float body_depth = shape_.BodyDepth(q);
  if (body_depth < 0.0F) return Outside(p, q);
  if (float hu = 0.0F; Spine(q, &hu)) return {hu, 0};
  const float cavity_depth = shape_.CavityDepth(q);
  if (cavity_depth <= 0.0F) return {Wall(q, body_depth, cavity_depth), 0};
  return Cavity(q, cavity_depth);
}

Tissue ChestAnatomy::Outside(Vec3 p, Vec3 q) const {
  const Vec3 a = Abs(q);  // both sides alike
  const float side = chest_.cavity_half_width + chest_.wall_side;
  if (chest_.breast > 0.0F) {
    const Vec3 centre{0.5F * side, -0.86F * (chest_.cavity_half_depth + chest_.wall_depth), -45.0F};
    const float depth =
        EllipsoidDepth({a.x, q.y, q.z}, centre, Vec3{1.15F, 0.75F, 1.1F} * chest_.breast);
    if (depth > 0.04F) {
      const bool gland = depth > 0.4F && ValueNoise(q * 0.1F, 5) > 0.1F;
      return {gland ? 30.0F : chest_.fat_hu, 0};
    }
    if (depth > 0.0F) return {20.0F, 0};
  }
  if (chest_.arms_down) {
    const Vec3 shoulder{side * 1.12F, 6.0F, 85.0F}, elbow{side + 52.0F, 20.0F, -190.0F};
    const float from_bone = DistanceToSegment({a.x, q.y, q.z}, shoulder, elbow);
    if (from_bone < 44.0F) {
      if (from_bone < 11.0F) return {from_bone < 6.0F ? 40.0F : 1.4F * chest_.bone_hu, 0};
      return {from_bone < 34.0F ? chest_.muscle_hu : chest_.fat_hu, 0};
    }
  }
  if (!chest_.table) return {kAir, 0};
  const float away = chest_.prone ? -1.0F : 1.0F;
  const float back = chest_.cavity_half_depth + chest_.wall_depth + chest_.table_gap;
  const float below = away * (p.y - chest_.offset_y) - back + 0.0009F * p.x * p.x * 0.9F;
  if (std::fabs(p.x) > 225.0F || below < 2.0F || below > 62.0F) return {kAir, 0};
  if (below < 20.0F) return {-930.0F, 0};                   // mattress
  if (below < 23.0F || below > 59.0F) return {-160.0F, 0};  // carbon shell
  return {-960.0F, 0};                                      // its foam core
}

float ChestAnatomy::Wall(Vec3 q, float body_depth, float cavity_depth) const {
  if (body_depth < 1.8F) return 10.0F;
  if (float hu = 0.0F; Skeleton(q, cavity_depth, &hu)) return hu;
  if (q.z > 20.0F) {  // trachea and vessels above the cavity
    const TubeSet::Hit tube = mediastinum_.At(q);
    if (tube.kind == kMainAirway && tube.distance < 1.8F)
      return tube.distance < 0.0F ? kAir : 40.0F;
    if (tube.kind == kGreatVessel && tube.distance < 0.0F) {
      return chest_.blood_hu + chest_.contrast_hu;
    }
  }
  return SoftWall(q, body_depth);
}

float ChestAnatomy::SoftWall(Vec3 q, float body_depth) const {
  const float noise = ValueNoise(q * 0.06F, 11);
  if (body_depth < chest_.fat * (1.0F + 0.4F * noise)) return chest_.fat_hu;
  const float strands = ValueNoise(Vec3{q.x * 0.13F, q.y * 0.13F, q.z * 0.03F}, 12);
  return strands > 0.45F ? chest_.fat_hu + 15.0F : chest_.muscle_hu;
}

bool ChestAnatomy::Skeleton(Vec3 q, float cavity_depth, float* hu) const {
  const float outside = -cavity_depth;
  const Vec3 a = Abs(q);
  const float front = -q.y / chest_.cavity_half_depth;  // 1 at the sternum
  if (outside > 1.0F && outside < 11.0F && q.z < chest_.apex_z && q.z > -210.0F) {
    const float phase = (q.z - 0.55F * q.y) / 25.0F;
    const float off_centre = (phase - std::round(phase)) * 25.0F / 6.5F;
    const float across = (outside - 5.5F) / 4.0F;
    const float rho = across * across + off_centre * off_centre;
    if (rho < 1.0F) {
      *hu = front > 0.72F ? 110.0F : (rho > 0.45F ? chest_.bone_hu : 0.4F * chest_.bone_hu);
      return true;
    }
  }
  if (front > 0.7F && a.x < 17.0F && outside > 2.0F && outside < 12.0F && q.z > -105.0F &&
      q.z < chest_.apex_z - 20.0F) {
    *hu = outside < 4.0F || outside > 10.0F ? 0.7F * chest_.bone_hu : 0.3F * chest_.bone_hu;
    return true;
  }
  if (outside > 14.0F && outside < 18.0F && front < -0.15F &&
      a.x > 0.35F * chest_.cavity_half_width && q.z > -50.0F && q.z < 85.0F) {
    *hu = 0.8F * chest_.bone_hu;  // scapula
    return true;
  }
  const Vec3 folded{a.x, q.y, q.z};
  const float wide = chest_.cavity_half_width / 132.0F;
  const Vec3 medial{20.0F, -0.75F * chest_.cavity_half_depth, chest_.apex_z - 14.0F};
  const Vec3 lateral{130.0F * wide, -20.0F, chest_.apex_z + 16.0F};
  const float clavicle = DistanceToSegment(folded, medial, lateral);
  const float humerus = Length(folded - Vec3{155.0F * wide, 6.0F, chest_.apex_z + 4.0F});
  if (clavicle > 6.5F && humerus > 23.0F) return false;
  *hu = (clavicle < 4.0F || humerus < 20.0F) ? 0.4F * chest_.bone_hu : 1.2F * chest_.bone_hu;
  return true;
}

bool ChestAnatomy::Spine(Vec3 q, float* hu) const {
  const float wide = chest_.cavity_half_width / 132.0F;
  const float x = q.x / wide, y = (q.y - shape_.SpineY()) / wide;
  if (std::fabs(x) > 36.0F || y < -18.0F || y > 52.0F) return false;
  const float phase = q.z / 24.0F - std::floor(q.z / 24.0F);
  const float body = std::sqrt(x * x / 272.0F + y * y / 200.0F);
  if (body < 1.0F) {
    *hu = phase < 0.2F ? 85.0F : (body > 0.85F ? 0.7F * chest_.bone_hu : 0.32F * chest_.bone_hu);
    return true;
  }
  const float canal = std::sqrt(x * x + (y - 23.0F) * (y - 23.0F));
  if (canal < 8.5F) {
    *hu = 25.0F;
    return true;
  }
  const bool lamina = canal < 13.0F && phase > 0.15F;
  const bool spinous = std::fabs(x) < 3.5F && y > 33.0F && y < 50.0F && phase < 0.7F;
  const bool transverse =
      std::fabs(y - 21.0F) < 5.0F && std::fabs(x) < 34.0F && phase > 0.4F && phase < 0.75F;
  if (!lamina && !spinous && !transverse) return false;
  *hu = 0.8F * chest_.bone_hu;
  return true;
}

bool ChestAnatomy::Heart(Vec3 q, float* hu) const {
  const float s = chest_.heart_scale * chest_.cavity_half_width / 132.0F;
  const float dome = 0.5F * (chest_.right_dome_z + chest_.left_dome_z);
  const Vec3 centre{20.0F * s + chest_.mediastinum_shift, -22.0F * s, dome + 30.0F * s};
  Vec3 d = q - centre;
  // Tilted: the apex points left, forward and down.
  d = {0.88F * d.x - 0.35F * d.y - 0.32F * d.z, 0.40F * d.x + 0.90F * d.y,
       0.30F * d.x + 0.95F * d.z};
  const float depth = EllipsoidDepth(d, {}, Vec3{64.0F, 45.0F, 54.0F} * s);
  if (depth < 0.0F) return false;
  const float chambers = ValueNoise(q * 0.028F, 31);
  *hu = depth < 0.1F ? chest_.fat_hu * (0.4F - chambers)
                     : chest_.blood_hu + (chambers > -0.1F ? 0.8F * chest_.contrast_hu : 20.0F);
  return true;
}

float ChestAnatomy::Mediastinum(Vec3 q) const {
  const TubeSet::Hit tube = mediastinum_.At(q);
  if (tube.kind == kMainAirway) {
    if (tube.distance < 0.0F) return kAir;
    if (tube.distance < 1.5F) return 30.0F;
  }
  if (tube.kind == kGreatVessel && tube.distance < 0.0F)
    return chest_.blood_hu + chest_.contrast_hu;
  if (float hu = 0.0F; Heart(q, &hu)) return hu;
  const float x = q.x - 6.0F, y = q.y - shape_.SpineY() + 23.0F;
  const float oesophagus = std::sqrt(x * x + y * y);
  if (oesophagus < chest_.oesophagus_gas) return -900.0F;
  if (oesophagus < 4.0F + std::max(4.0F, chest_.oesophagus_gas)) return 40.0F;
  return ValueNoise(q * 0.07F, 41) > 0.25F ? 40.0F : chest_.fat_hu + 10.0F;
}

Tissue ChestAnatomy::Cavity(Vec3 q, float cavity_depth) const {
  const float above = q.z - shape_.DiaphragmZ(q);
  if (above < 0.0F) return {Abdomen(q, cavity_depth, -above), 0};
  const int side = shape_.MediastinalSide(q);
  if (side == 0) return {Mediastinum(q), 0};
  if (cavity_depth < chest_.pleura) return {chest_.muscle_hu, 0};
  if (above < 2.0F) return {chest_.muscle_hu, 0};
  if (float hu = 0.0F; Heart(q, &hu)) return {hu, 0};
  const TubeSet::Hit great = mediastinum_.At(q);
  if (great.kind >= 0 && great.distance < 1.5F) return {Mediastinum(q), 0};
  if (Length(q - HilumOf(chest_, side)) < 13.0F) return {45.0F, 0};
  const float effusion = side == 1 ? chest_.right_effusion : chest_.left_effusion;
  if (effusion > 0.0F) {
    const float dependent = chest_.prone ? shape_.FrontToBack(q) : 1.0F - shape_.FrontToBack(q);
    const float low = SmoothStep(chest_.apex_z, -80.0F, q.z);
    if (dependent * 2.0F * chest_.cavity_half_depth < effusion * low) return {12.0F, 0};
  }
  return {Parenchyma(q), static_cast<std::uint8_t>(side)};
}

float ChestAnatomy::Parenchyma(Vec3 q) const {
  const float t = shape_.FrontToBack(q) - 0.5F;
  float hu = chest_.lung_hu + chest_.gravity_hu * (chest_.prone ? -t : t) +
             chest_.texture_hu * (ValueNoise(q * 0.25F, 51) + ValueNoise(q * 0.06F, 52));
  for (const Blob& lesion : lesions_) {
    float depth = EllipsoidDepth(q, lesion.centre, lesion.radii);
    if (depth < -1.2F) continue;
    depth +=
        lesion.roughness * 0.6F * (ValueNoise(q * 0.11F, 61) + 0.5F * ValueNoise(q * 0.3F, 62));
    if (depth > 0.0F) hu = std::lerp(hu, lesion.hu, SmoothStep(0.0F, 0.35F, depth));
  }
  const TubeSet::Hit tube = lung_tree_.At(q);
  if (tube.kind == kVessel && tube.distance < 0.0F) {
    return std::max(hu, chest_.blood_hu + chest_.contrast_hu * 0.8F);
  }
  if (tube.kind == kAirway && tube.distance < 0.0F) return -985.0F;
  if (tube.kind == kAirway && tube.distance < 0.9F + 0.15F * tube.radius)
    return std::max(hu, -150.0F);
  return std::max(hu, -1010.0F);
}

bool ChestAnatomy::GasOrgans(Vec3 q, float* hu) const {
  for (const Blob& loop : colon_) {
    const float depth = EllipsoidDepth(q, loop.centre, loop.radii);
    if (depth < 0.0F) continue;
    *hu = depth < 0.2F ? 30.0F : (ValueNoise(q * 0.09F, 71) > 0.4F ? -150.0F : loop.hu);
    return true;
  }
  const float s = chest_.cavity_half_width / 132.0F;
  const Vec3 centre{chest_.stomach_x * s, chest_.stomach_y * s,
                    chest_.left_dome_z - chest_.stomach_below * s};
  const Vec3 radii = Vec3{46.0F, 40.0F, 46.0F} * s;
  const float depth = EllipsoidDepth(q, centre, radii);
  if (depth < 0.0F) return false;
  const float up = (chest_.prone ? 1.0F : -1.0F) * (q.y - centre.y) / radii.y;
  *hu = depth < 0.12F ? 35.0F : (up > 1.0F - 2.0F * chest_.stomach_gas ? -985.0F : 18.0F);
  return true;
}

float ChestAnatomy::Abdomen(Vec3 q, float cavity_depth, float below_diaphragm) const {
  if (below_diaphragm < 2.5F || cavity_depth < 3.0F) return chest_.muscle_hu;
  const TubeSet::Hit tube = mediastinum_.At(q);
  if (tube.kind == kGreatVessel && tube.distance < 0.0F)
    return chest_.blood_hu + chest_.contrast_hu;
  if (float hu = 0.0F; GasOrgans(q, &hu)) return hu;
  const float s = chest_.cavity_half_width / 132.0F;
  const Vec3 spleen = Vec3{84.0F, 34.0F, 0.0F} * s + Vec3{0, 0, chest_.left_dome_z - 45.0F};
  if (EllipsoidDepth(q, spleen, Vec3{34.0F, 42.0F, 48.0F} * s) > 0.0F)
    return chest_.liver_hu - 8.0F;
  const bool liver = q.x < (25.0F - 0.35F * q.y) * s && q.z > chest_.right_dome_z - 165.0F;
  if (liver) {
    const float vessels = std::fabs(ValueNoise(q * 0.04F, 81));
    return chest_.liver_hu + (vessels < 0.05F ? 0.3F * chest_.contrast_hu - 12.0F : 0.0F);
  }
  return ValueNoise(q * 0.045F, 82) > 0.1F ? 35.0F : chest_.fat_hu;
}

}  // namespace axial::phantom
