#pragma once

#include <gtest/gtest.h>

#include <optional>
#include <ostream>
#include <string>
#include <vector>

#include "inference/volume/source_series.h"
#include "tests/support/temp_dir.h"

namespace axial::testing {

/// A Series of the shared sample data.
struct RealSource {
  const char* item;
  bool volume = false;         ///< as a stack; otherwise image by image
  std::size_t at_most = 1000;  ///< of its images: those from the middle
  const char* part = "";       ///< only files whose path has it
};

/// What the reader of a Series says of it. nullopt, with a failure of the test: it cannot be read.
[[nodiscard]] std::optional<SourceSeries> LoadRealSource(const RealSource& source,
                                                         const std::string& folder);

/// Readable, and unique among the parameters of a test.
[[nodiscard]] std::string NameOf(const RealSource& source);

void PrintTo(const RealSource& source, std::ostream* stream);

}  // namespace axial::testing
