#include "tests/support/brain_model.h"

#include <fmt/format.h>

#include <fstream>

namespace axial::testing {

void WriteBrainModelCard(const std::string& folder, const std::string& weights_file) {
  constexpr const char* kCard = R"(name: brain-gray-white
version: 1.0.0
engine: torchscript
weights: {{file: {}}}
algorithm: {{name: MeshNet gray white, manufacturer: brainchop, version: 1.0.0}}
input: {{modality: [MR], kind: volume, minimum_slices: 64}}
preprocessing:
  - LoadImaged: {{keys: image}}
  - EnsureChannelFirstd: {{keys: image}}
  - Spacingd: {{keys: image, pixdim: [1, 1, 1], diagonal: true, mode: bilinear}}
  - Orientationd: {{keys: image, axcodes: LIA}}
  - ScaleIntensityRangePercentilesd: {{keys: image, lower: 0, upper: 99.9, b_min: 0, b_max: 1, clip: true}}
inferer:
  SimpleInferer: {{}}
postprocessing:
  - AsDiscreted: {{keys: pred, argmax: true}}
  - KeepLargestConnectedComponentd: {{keys: pred, independent: false}}
outputs:
  segments:
    - label: 1
      name: White matter
      category: {{code: "123037004", scheme: SCT, meaning: Anatomical Structure}}
      type: {{code: "68523003", scheme: SCT, meaning: Cerebral white matter}}
      colour: [255, 255, 255]
    - label: 2
      name: Grey matter
      category: {{code: "123037004", scheme: SCT, meaning: Anatomical Structure}}
      type: {{code: "40146001", scheme: SCT, meaning: Cerebral cortex}}
      colour: [205, 62, 78]
  measurements: [volume]
)";
  std::ofstream(folder + "/model.yaml") << fmt::format(kCard, weights_file);
}

}  // namespace axial::testing
