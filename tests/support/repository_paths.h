#pragma once

#include <string>

namespace axial::testing {

/// Root of the checkout that the tests were built from. Told by one unit alone, so that every other
/// unit compiles to the same object in another checkout and a compiler cache can serve it.
[[nodiscard]] std::string SourceDir();

/// Where the build put the programs under test.
[[nodiscard]] std::string BinDir();

}  // namespace axial::testing
