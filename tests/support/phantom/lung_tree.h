#pragma once

#include "tests/support/phantom/chest_parameters.h"
#include "tests/support/phantom/tube_set.h"

namespace axial::phantom {

enum TubeKind : int { kVessel = 0, kAirway = 1, kGreatVessel = 2, kMainAirway = 3 };

/// Arteries, veins and bronchi inside the lungs: random binary trees that start at the hila.
[[nodiscard]] TubeSet GrowLungTree(const ChestParameters& chest);

/// Trachea and main bronchi (kMainAirway), aorta, caval veins and pulmonary arteries
/// (kGreatVessel): what the mediastinum holds besides the heart.
[[nodiscard]] TubeSet LayMediastinum(const ChestParameters& chest, float spine_y);

/// The hilum of a lung (1 right, 2 left).
[[nodiscard]] Vec3 HilumOf(const ChestParameters& chest, int lung);

}  // namespace axial::phantom
