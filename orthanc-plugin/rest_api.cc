// SPDX-License-Identifier: GPL-3.0-or-later
#include "orthanc-plugin/rest_api.h"

#include <fmt/format.h>

#include <cctype>
#include <nlohmann/json.hpp>
#include <set>
#include <utility>
#include <vector>

#include "core/dicom/uid.h"
#include "gateway/admin/answers.h"
#include "gateway/admin/target.h"
#include "gateway/pipeline/analysis_requests.h"

namespace axial::plugin {
namespace {

using admin::Response;
using nlohmann::json;

constexpr std::string_view kRoot = "/axial";
constexpr std::size_t kMaxBodyBytes = 1024 * 1024;  // as the gateway's own server
constexpr std::size_t kMaxModelName = 256;
constexpr std::size_t kMaxResults = 200;  // shown of a study

/// Five groups of eight hexadecimal digits: what Orthanc calls a resource.
bool IsOrthancId(const std::string& text) {
  if (text.size() != 44) return false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool dash = i % 9 == 8;
    const char c = text[i];
    if (dash ? c != '-' : !((c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'))) return false;
  }
  return true;
}

std::string Tag(const json& resource, const char* name) {
  const auto tags = resource.find("MainDicomTags");
  if (tags == resource.end() || !tags->is_object()) return "";
  const auto tag = tags->find(name);
  return tag != tags->end() && tag->is_string() ? tag->get<std::string>() : "";
}

std::string Text(const json& object, const char* name) {
  const auto value = object.find(name);
  return value != object.end() && value->is_string() ? value->get<std::string>() : "";
}

json Index() {
  json paths = json::array({"GET /axial/studies/{orthanc-id}", "GET /axial/series/{orthanc-id}",
                            "POST /axial/studies/{orthanc-id}/analyze",
                            "POST /axial/series/{orthanc-id}/analyze"});
  for (const auto& [method, pattern] : admin::AdminApi::Routes())
    paths.push_back(fmt::format("{} {}{}", method, kRoot, pattern));
  return {{"resources", std::move(paths)}};
}

}  // namespace

Result<AnalysisOrder> ReadAnalysisOrder(const RestRequest& request) {
  std::string model;
  if (const auto found = request.query.find("model"); found != request.query.end()) {
    model = found->second;
  } else if (const auto begin = request.body.find_first_not_of(" \t\r\n");
             begin == std::string_view::npos) {
    return Error(ErrorCode::kInvalidInput, "no model is named");
  } else if (request.body[begin] == '{') {
    const json body = json::parse(request.body, nullptr, /*allow_exceptions=*/false);
    if (!body.is_object()) return Error(ErrorCode::kInvalidInput, "the body is no JSON object");
    model = Text(body, "model");
  } else {
    AXIAL_ASSIGN_OR_RETURN(const admin::Target form,
                           admin::Target::Parse("/?" + std::string(request.body)));
    if (const auto field = form.query.find("model"); field != form.query.end())
      model = field->second;
  }
  if (model.empty()) return Error(ErrorCode::kInvalidInput, "no model is named");
  if (model.size() > kMaxModelName)
    return Error(ErrorCode::kInvalidInput, "the model's name is too long");
  return AnalysisOrder{std::move(model)};
}

std::string EncodeTarget(std::string_view path, const std::map<std::string, std::string>& query) {
  const auto encode = [](std::string_view text, std::string_view kept) {
    std::string encoded;
    for (const char c : text) {
      if (std::isalnum(static_cast<unsigned char>(c)) != 0 || kept.find(c) != kept.npos)
        encoded += c;
      else
        encoded += fmt::format("%{:02X}", static_cast<unsigned char>(c));
    }
    return encoded;
  };
  std::string target = encode(path, "-._~/");
  char separator = '?';
  for (const auto& [name, value] : query) {
    target += separator + encode(name, "-._~%+") + "=" + encode(value, "-._~%+");
    separator = '&';
  }
  return target;
}

Response RestApi::Handle(const RestRequest& request) const noexcept try {
  Result<Response> response = Route(request);
  return response.ok() ? std::move(response).value() : admin::Problem(response.error());
} catch (const std::exception& exception) {
  return admin::Problem(500, "Internal Server Error", exception.what());
}

Result<Response> RestApi::Route(const RestRequest& request) const {
  if (request.body.size() > kMaxBodyBytes)
    return admin::Problem(413, "Content Too Large",
                          fmt::format("at most {} bytes are read", kMaxBodyBytes));
  const std::string target = EncodeTarget(request.path, request.query);
  AXIAL_ASSIGN_OR_RETURN(const admin::Target parsed, admin::Target::Parse(target));
  std::vector<std::string> path = parsed.segments;
  if (path.empty() || path.front() != kRoot.substr(1))
    return admin::Problem(404, "Not Found", "there is nothing at this path");
  path.erase(path.begin());
  if (!plugin_.running()) {
    if (path == std::vector<std::string>{"healthz"}) return plugin_.Health();
    return admin::Problem(503, "Service Unavailable",
                          "Axial does not run: its configuration is wrong; GET /axial/healthz "
                          "says where");
  }
  if (path.empty())
    return request.method == "GET" ? admin::Ok(Index()) : admin::MethodNotAllowed("GET");
  if (path[0] == "studies" || path[0] == "series") return RouteResource(request, path);
  return plugin_.api()->Handle({request.method, target.substr(kRoot.size()), request.body});
}

Result<Response> RestApi::RouteResource(const RestRequest& request,
                                        const std::vector<std::string>& path) const {
  const bool panel = path.size() == 2;
  if (!panel && !(path.size() == 3 && path[2] == "analyze"))
    return admin::Problem(404, "Not Found", "there is nothing at this path");
  const char* const method = panel ? "GET" : "POST";
  if (request.method != method) return admin::MethodNotAllowed(method);
  AXIAL_ASSIGN_OR_RETURN(const Resource resource, FindResource(path[0], path[1]));
  return panel ? Panel(resource) : Analyze(request, resource);
}

Result<RestApi::Resource> RestApi::FindResource(const std::string& level,
                                                const std::string& id) const {
  const Error absent = MakeError(ErrorCode::kNotFound, "Orthanc has no such resource in {}", level);
  if (!IsOrthancId(id)) return absent;
  const auto answer = plugin_.orthanc().Get("/" + level + "/" + id);
  if (!answer.ok()) return absent;
  const json found = json::parse(*answer, nullptr, false);
  if (level == "studies") {
    AXIAL_ASSIGN_OR_RETURN(const Uid study, Uid::Parse(Tag(found, "StudyInstanceUID")));
    return Resource{id, study.str(), ""};
  }
  AXIAL_ASSIGN_OR_RETURN(Resource resource, FindResource("studies", Text(found, "ParentStudy")));
  AXIAL_ASSIGN_OR_RETURN(const Uid series, Uid::Parse(Tag(found, "SeriesInstanceUID")));
  resource.series_uid = series.str();
  return resource;
}

Result<Response> RestApi::Analyze(const RestRequest& request, const Resource& resource) const {
  const Result<AnalysisOrder> order = ReadAnalysisOrder(request);
  if (!order.ok())
    return MakeError(ErrorCode::kInvalidInput,
                     "{}; write the body {{\"model\": \"name\"}} or model=name (Orthanc keeps the "
                     "query of a POST from its plugins); models: {}",
                     order.error().message(), Models().dump());
  AXIAL_ASSIGN_OR_RETURN(
      const pipeline::RequestedAnalysis asked,
      plugin_.Analyze(resource.study_id, resource.study_uid, resource.series_uid, order->model));
  if (asked.finished && asked.jobs.empty()) return Error(ErrorCode::kConflict, asked.outcome);
  return admin::Ok(
      {{"study_uid", resource.study_uid},
       {"series_uid", resource.series_uid.empty() ? json() : json(resource.series_uid)},
       {"model", order->model},
       {"outcome", asked.outcome},
       {"jobs", asked.jobs}},
      202);
}

Result<Response> RestApi::Panel(const Resource& resource) const {
  const Response answer = plugin_.api()->Handle({"GET", "/api/studies/" + resource.study_uid, ""});
  if (answer.status != 200 && answer.status != 404) return answer;
  const json study = answer.status == 200 ? json::parse(answer.body) : json();
  return admin::Ok(
      {{"orthanc_study", resource.study_id},
       {"study_uid", resource.study_uid},
       {"series_uid", resource.series_uid.empty() ? json() : json(resource.series_uid)},
       {"study", study},
       {"series", SeriesOf(resource)},
       {"results", ResultsOf(study)},
       {"models", Models()}});
}

json RestApi::SeriesOf(const Resource& resource) const {
  json series = json::object();
  const auto answer = plugin_.orthanc().Get("/studies/" + resource.study_id + "/series");
  const json list = answer.ok() ? json::parse(*answer, nullptr, false) : json();
  if (!list.is_array()) return series;
  for (const json& one : list)
    series[Tag(one, "SeriesInstanceUID")] = {{"orthanc_series", Text(one, "ID")},
                                             {"modality", Tag(one, "Modality")},
                                             {"number", Tag(one, "SeriesNumber")},
                                             {"description", Tag(one, "SeriesDescription")}};
  return series;
}

json RestApi::ResultsOf(const json& study) const {
  json results = json::array();
  if (!study.is_object()) return results;
  std::set<std::string> told;
  for (const json& delivery : study.at("deliveries")) {
    const std::string uid = Text(delivery, "sop_instance_uid");
    if (results.size() >= kMaxResults || !told.insert(uid).second) continue;
    json result{{"kind", Text(delivery, "kind")},
                {"job_id", delivery.at("job_id")},
                {"sop_instance_uid", uid},
                {"orthanc_instance", nullptr},
                {"series_uid", nullptr}};
    const std::string instance = plugin_.orthanc().LookupInstance(uid);
    const auto parent = instance.empty()
                            ? Result<std::string>(std::string())
                            : plugin_.orthanc().Get("/instances/" + instance + "/series");
    const json series = parent.ok() ? json::parse(*parent, nullptr, false) : json();
    if (series.is_object()) {
      result["orthanc_instance"] = instance;
      result["series_uid"] = Tag(series, "SeriesInstanceUID");
    }
    results.push_back(std::move(result));
  }
  return results;
}

json RestApi::Models() const {
  const json answer =
      json::parse(plugin_.api()->Handle({"GET", "/api/models", ""}).body, nullptr, false);
  json models = json::array();
  if (!answer.is_object()) return models;
  for (const json& model : answer.at("models"))
    if (model.at("usable") == true)
      models.push_back({{"name", model.at("name")},
                        {"version", model.at("version")},
                        {"modalities", model.at("modalities")}});
  return models;
}

}  // namespace axial::plugin
