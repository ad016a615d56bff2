// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

namespace axial::plugin {

/// The text of explorer.js; its unit is made by CMake.
extern const char* const kExplorerScript;

}  // namespace axial::plugin
