// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <orthanc/OrthancCPlugin.h>

#include "core/base/metrics.h"
#include "gateway/admin/admin_api.h"
#include "orthanc-plugin/rest_api.h"

namespace axial::plugin {

/// What the REST API answers to, for Orthanc.
inline constexpr const char* kRestPaths = "/axial(/.*)?";

/// `path` as Orthanc gives it. The views are into the request, which outlives them.
[[nodiscard]] RestRequest ReadRequest(const char* path, const OrthancPluginHttpRequest& request);

/// Answers with the means that the SDK has for each status.
void Answer(OrthancPluginContext* context, OrthancPluginRestOutput* output,
            const admin::Response& response);

/// Hands every metric over to Orthanc, whose own endpoint shows it. Orthanc knows no labels: they
/// are a part of the name, as in the Prometheus text format, which is what it makes of them.
void ExportMetrics(OrthancPluginContext* context, const Metrics& metrics);

}  // namespace axial::plugin
