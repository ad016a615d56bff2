#pragma once

#include <string>

namespace axial::testing {

/// Writes a model.yaml into `folder` that describes the sample brain model `model5_gw_ae.pt` (white
/// and grey matter on T1 MR), as a user would write it.
void WriteBrainModelCard(const std::string& folder, const std::string& weights_file);

}  // namespace axial::testing
