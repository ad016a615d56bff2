#pragma once

#include <string>
#include <vector>

#include "tests/support/temp_dir.h"

namespace axial::testing {

/// The folder of sample data beside the source tree, or "" when it is not there.
[[nodiscard]] std::string SharedFolder();

/// Makes the item `name` of the sample data readable: unpacks `<name>.tar.xz` into `into`, or finds
/// the plain folder. Returns the item's folder, or "" when the sample data is not there.
[[nodiscard]] std::string OpenSharedItem(const std::string& name, const TempDir& into);

/// All regular files below `folder`, sorted by path.
[[nodiscard]] std::vector<std::string> FilesBelow(const std::string& folder);

}  // namespace axial::testing
