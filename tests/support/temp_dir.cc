#include "tests/support/temp_dir.h"

#include <cstdlib>
#include <string>
#include <system_error>

#include "core/base/result.h"

namespace axial::testing {

TempDir::TempDir(Place place) {
  constexpr const char* kPattern = "axial-test-XXXXXX";
  std::string name = std::string("/dev/shm/") + kPattern;
  if (place == Place::kMemory && mkdtemp(name.data()) != nullptr) {
    path_ = name;
    return;
  }
  name = (std::filesystem::temp_directory_path() / kPattern).string();
  AXIAL_INVARIANT(mkdtemp(name.data()) != nullptr);
  path_ = name;
}

TempDir::~TempDir() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

}  // namespace axial::testing
