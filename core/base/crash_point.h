#pragma once

namespace axial {

/// For crash tests: the process ends here as by kill -9 when the environment variable
/// AXIAL_CRASH_AT names this point, and an exception is thrown, once, when AXIAL_THROW_AT does
/// (among others, with commas). The store calls it right after each hand-off is committed. Costs
/// nothing otherwise.
void CrashPoint(const char* name);

}  // namespace axial
