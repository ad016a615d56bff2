#include "inference/results/cie_lab.h"

#include <dcmtk/config/osconfig.h>
#include <dcmtk/dcmiod/cielabutil.h>

#include <algorithm>
#include <cmath>

namespace axial::results {

std::vector<std::uint16_t> CieLab(const std::array<std::uint8_t, 3>& rgb) {
  double l = 0;
  double a = 0;
  double b = 0;
  IODCIELabUtil::rgb2DicomLab(l, a, b, rgb[0] / 255.0, rgb[1] / 255.0, rgb[2] / 255.0);
  std::vector<std::uint16_t> lab;
  for (const double value : {l, a, b})
    lab.push_back(static_cast<std::uint16_t>(std::clamp(std::lround(value), 0l, 65535l)));
  return lab;
}

}  // namespace axial::results
