// SPDX-License-Identifier: GPL-3.0-or-later
#include "orthanc-plugin/orthanc_face.h"

#include <charconv>
#include <sstream>
#include <string>
#include <string_view>

namespace axial::plugin {
namespace {

std::string_view MethodName(OrthancPluginHttpMethod method) {
  switch (method) {
    case OrthancPluginHttpMethod_Get:
      return "GET";
    case OrthancPluginHttpMethod_Post:
      return "POST";
    case OrthancPluginHttpMethod_Put:
      return "PUT";
    case OrthancPluginHttpMethod_Delete:
      return "DELETE";
    default:
      return "";
  }
}

}  // namespace

RestRequest ReadRequest(const char* path, const OrthancPluginHttpRequest& request) {
  RestRequest read;
  read.method = MethodName(request.method);
  read.path = path;
  read.body = {static_cast<const char*>(request.body), request.bodySize};
  // Orthanc 1.10 reads the query of a GET alone.
  if (request.getKeys == nullptr || request.getValues == nullptr) return read;
  for (std::uint32_t i = 0; i < request.getCount; ++i)
    read.query[request.getKeys[i]] = request.getValues[i];
  return read;
}

void Answer(OrthancPluginContext* context, OrthancPluginRestOutput* output,
            const admin::Response& response) {
  OrthancPluginSetHttpHeader(context, output, "Cache-Control", "no-store");
  OrthancPluginSetHttpHeader(context, output, "X-Content-Type-Options", "nosniff");
  const auto size = static_cast<std::uint32_t>(response.body.size());
  if (response.status == 200) {
    OrthancPluginAnswerBuffer(context, output, response.body.data(), size,
                              response.content_type.c_str());
  } else if (response.status == 405) {  // has a function of its own, which takes no body
    OrthancPluginSendMethodNotAllowed(context, output, response.allow.c_str());
  } else {
    OrthancPluginSetHttpHeader(context, output, "Content-Type", response.content_type.c_str());
    OrthancPluginSendHttpStatus(context, output, static_cast<std::uint16_t>(response.status),
                                response.body.data(), size);
  }
}

void ExportMetrics(OrthancPluginContext* context, const Metrics& metrics) {
  std::istringstream text(metrics.Serialize());
  for (std::string line; std::getline(text, line);) {
    const std::size_t space = line.rfind(' ');
    if (line.empty() || line.front() == '#' || space == std::string::npos) continue;
    float value = 0;
    const char* const end = line.data() + line.size();
    const auto [stop, error] = std::from_chars(line.data() + space + 1, end, value);
    if (error != std::errc() || stop != end) continue;  // "Nan": there is no value
    line.resize(space);
    OrthancPluginSetMetricsValue(context, line.c_str(), value, OrthancPluginMetricsType_Default);
  }
}

}  // namespace axial::plugin
