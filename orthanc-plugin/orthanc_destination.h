// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <memory>

#include "gateway/deliver/destination.h"
#include "orthanc-plugin/orthanc_api.h"

namespace axial::plugin {

/// The Orthanc that the plugin runs inside, as a Destination: results are posted through the SDK,
/// and proven by asking for them. `orthanc` outlives it.
///
/// Results of a study that Orthanc has deleted meanwhile are not posted: they would bring the study
/// back.
[[nodiscard]] std::unique_ptr<deliver::Destination> MakeOrthancDestination(
    const OrthancApi& orthanc);

}  // namespace axial::plugin
