// libFuzzer: the header walker over any bytes at all. Built with clang only:
//   cmake -B build-fuzz -G Ninja -DCMAKE_CXX_COMPILER=clang++-19 \
//     -DAXIAL_SANITIZE=address,undefined,fuzzer-no-link
//   cmake --build build-fuzz --target structure_fuzz && build-fuzz/bin/structure_fuzz CORPUS
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "core/dicom/attribute_values.h"
#include "core/dicom/structure.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  axial::CharacterSet character_set;
  std::string keyword;
  axial::AttributeValue value;
  const auto take = [&](const axial::DataElement& element) {
    if (element.group == 8 && element.element == 5)
      character_set = axial::CharacterSet(element.value);
    static_cast<void>(axial::ReadAttributeValue(element, character_set, false, keyword, value));
  };
  static_cast<void>(axial::WalkStructureOfBytes({reinterpret_cast<const char*>(data), size},
                                                axial::HeaderLimits{}, take));
  return 0;
}
