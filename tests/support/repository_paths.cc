#include "tests/support/repository_paths.h"

namespace axial::testing {

std::string SourceDir() { return AXIAL_SOURCE_DIR; }

std::string BinDir() { return AXIAL_BIN_DIR; }

}  // namespace axial::testing
