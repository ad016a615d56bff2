#pragma once

#include <filesystem>
#include <span>

#include "core/base/result.h"
#include "tests/support/phantom/phantom_study.h"

namespace axial::phantom {

/// "ct", "mr" or "dx".
[[nodiscard]] const char* KindName(PhantomKind kind);

/// Replaces the file's content. Error: Unavailable.
[[nodiscard]] Status WriteBytes(const std::filesystem::path& path, std::span<const char> bytes);

/// Writes `truth.json` (and `truth.raw` if the kind has labels) for the study; the paths are in it.
[[nodiscard]] Status WriteTruth(const PhantomOptions& options, const PhantomStudy& study);

}  // namespace axial::phantom
