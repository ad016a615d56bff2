// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <map>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.h"
#include "gateway/admin/admin_api.h"
#include "orthanc-plugin/axial_plugin.h"

namespace axial::plugin {

/// A request as Orthanc hands it over.
struct RestRequest {
  std::string_view method;                   ///< "GET"
  std::string path;                          ///< percent-decoded: "/axial/api/studies"
  std::map<std::string, std::string> query;  ///< Orthanc (1.12.7, too) gives that of a GET alone
  std::string_view body;
};

/// What the body or the query of a request for an analysis asks for.
struct AnalysisOrder {
  std::string model;
};

/// Of the query, a JSON object or a form (`model=name`). Error: InvalidInput.
[[nodiscard]] Result<AnalysisOrder> ReadAnalysisOrder(const RestRequest& request);

/// A request target again of what Orthanc took apart: the path, which it decodes, is encoded; the
/// query is as it came, because Orthanc does not decode it.
[[nodiscard]] std::string EncodeTarget(std::string_view path,
                                       const std::map<std::string, std::string>& query);

/// What `/axial/` answers: the gateway's own API (design 4.4), and beside it what goes by Orthanc's
/// identifiers. Who may ask is Orthanc's to decide, before this is called. Thread-safe.
///
///   GET  /axial/studies/{orthanc-id}          all that the panel in Orthanc Explorer shows
///   POST /axial/studies/{orthanc-id}/analyze  runs a model on demand; the same for series
class RestApi {
 public:
  /// `plugin` outlives this.
  explicit RestApi(AxialPlugin& plugin) : plugin_(plugin) {}

  /// Never throws; problems are answers (RFC 9457).
  [[nodiscard]] admin::Response Handle(const RestRequest& request) const noexcept;

 private:
  /// A study or series of Orthanc.
  struct Resource {
    std::string study_id;
    std::string study_uid;
    std::string series_uid;  ///< "": the whole study
  };

  [[nodiscard]] Result<admin::Response> Route(const RestRequest& request) const;
  [[nodiscard]] Result<admin::Response> RouteResource(const RestRequest& request,
                                                      const std::vector<std::string>& path) const;
  [[nodiscard]] Result<admin::Response> Analyze(const RestRequest& request,
                                                const Resource& resource) const;
  [[nodiscard]] Result<Resource> FindResource(const std::string& level,
                                              const std::string& id) const;
  [[nodiscard]] Result<admin::Response> Panel(const Resource& resource) const;
  [[nodiscard]] nlohmann::json SeriesOf(const Resource& resource) const;
  [[nodiscard]] nlohmann::json ResultsOf(const nlohmann::json& study) const;
  [[nodiscard]] nlohmann::json Models() const;

  AxialPlugin& plugin_;
};

}  // namespace axial::plugin
