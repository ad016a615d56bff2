#pragma once

#include <array>
#include <cstdint>
#include <vector>

namespace axial::results {

/// An sRGB colour as DICOM writes CIELab values (PS3.3 C.10.7.1.1): three numbers.
[[nodiscard]] std::vector<std::uint16_t> CieLab(const std::array<std::uint8_t, 3>& rgb);

}  // namespace axial::results
