#pragma once

#include <cstdint>

namespace axial::phantom {

/// One person's chest in numbers: lengths in mm, tissue in HU. The defaults are an average adult
/// lying on the back with the arms raised. The carina is near the origin.
struct ChestParameters {
  std::uint64_t seed = 1;  ///< Seeds vessels, lesions, noise fields.

  // Thoracic cavity and body wall.
  float cavity_half_width = 132.0F;
  float cavity_half_depth = 84.0F;
  float cavity_exponent = 2.3F;
  float apex_z = 92.0F;
  float widest_z = -30.0F;
  float apex_exponent = 2.4F;
  float wall_side = 30.0F;   ///< Body surface beyond the cavity at the side.
  float wall_depth = 24.0F;  ///< The same in front and behind.
  float fat = 12.0F;         ///< Subcutaneous fat.
  float shoulder = 0.25F;    ///< Widening of the body at the shoulders.
  float breast = 0.0F;       ///< Breast radius; 0: none.
  bool arms_down = false;
  bool prone = false;  ///< Puts the table in front of the patient.
  bool table = true;
  float table_gap = 6.0F;

  // Lungs.
  float lung_hu = -840.0F;
  float gravity_hu = 40.0F;  ///< Difference between dependent and upper lung.
  float texture_hu = 25.0F;
  float pleura = 3.0F;
  float spine_depth = 0.62F;  ///< Vertebral body behind the middle, part of the half-depth.
  float right_dome_z = -85.0F;
  float left_dome_z = -98.0F;
  float dome_drop = 62.0F;
  float dome_power = 2.6F;
  float mediastinum_width = 1.0F;
  float anterior_junction = 6.0F;  ///< Half-width where the lungs nearly meet in front.
  float mediastinum_shift = 0.0F;
  int vessel_generations = 5;
  int vessel_trunks = 13;
  float vessel_scale = 1.0F;

  // Lesions; all but effusion stay lung in the truth.
  int ground_glass = 0;
  int consolidations = 0;
  int nodules = 0;
  int bullae = 0;
  float right_effusion = 0.0F;  ///< Depth of a dependent layer of fluid; not lung.
  float left_effusion = 0.0F;

  // Heart and great vessels.
  float heart_scale = 1.0F;
  float blood_hu = 45.0F;
  float contrast_hu = 0.0F;  ///< Added to the blood of the great vessels.

  // Airways and gas outside the lungs.
  float trachea_radius = 8.5F;
  float trachea_shift = 0.0F;    ///< Sideways; towards the right (negative) it meets the lung.
  float trachea_forward = 0.0F;  ///< Away from the spine.
  float trachea_lean = 26.0F;    ///< How far in front of the carina it is 220 mm higher.
  float oesophagus_gas = 0.0F;   ///< Radius of gas in the oesophagus.
  float stomach_gas = 0.55F;     ///< Part of the stomach that is gas.
  int colon_gas = 2;
  float stomach_x = 58.0F;
  float stomach_y = -22.0F;
  float stomach_below = 52.0F;  ///< Its centre below the left dome.

  // Soft tissue.
  float fat_hu = -100.0F;
  float muscle_hu = 50.0F;
  float liver_hu = 60.0F;
  float bone_hu = 620.0F;

  // Whole-body variation.
  float warp = 2.0F;  ///< Amplitude of a smooth random deformation.
  float roll_deg = 0.0F;
  float offset_x = 0.0F;
  float offset_y = 0.0F;
};

/// The default person with the seed's vessels.
[[nodiscard]] ChestParameters AverageChest(std::uint64_t seed);

/// A person drawn widely (wider than life) around the average: size, shape, density, disease.
[[nodiscard]] ChestParameters RandomChest(std::uint64_t seed);

}  // namespace axial::phantom
