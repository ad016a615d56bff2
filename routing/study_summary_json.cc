#include <nlohmann/json.hpp>

#include "routing/study_summary.h"

namespace axial::routing {
namespace {

constexpr auto kReplace = nlohmann::json::error_handler_t::replace;

Result<std::string> Text(const nlohmann::json& object, const char* member) {
  const auto found = object.find(member);
  if (found == object.end() || !found->is_string())
    return MakeError(ErrorCode::kCorrupt, "stored summary has no text '{}'", member);
  return found->get<std::string>();
}

Result<std::int64_t> Count(const nlohmann::json& object, const char* member) {
  const auto found = object.find(member);
  if (found == object.end() || !found->is_number_integer() || found->get<std::int64_t>() < 0)
    return MakeError(ErrorCode::kCorrupt, "stored summary has no count '{}'", member);
  return found->get<std::int64_t>();
}

Result<Uid> UidOf(const nlohmann::json& object, const char* member) {
  AXIAL_ASSIGN_OR_RETURN(const std::string text, Text(object, member));
  const Result<Uid> uid = Uid::Parse(text);
  if (!uid.ok()) return Error(ErrorCode::kCorrupt, uid.error().message());
  return uid;
}

Result<AttributeSet> Attributes(const nlohmann::json& object) {
  const auto found = object.find("attributes");
  if (found == object.end()) return Error(ErrorCode::kCorrupt, "stored summary has no attributes");
  return AttributeSetFromJson(found->dump(-1, ' ', false, kReplace));
}

nlohmann::json SeriesToJson(const SeriesSummary& series) {
  return {{"series_instance_uid", series.series_instance_uid.str()},
          {"sop_class_uid", series.sop_class_uid},
          {"attributes", nlohmann::json::parse(ToJson(series.attributes))},
          {"instances", series.instances},
          {"frames", series.frames},
          {"calling_ae_title", series.calling_ae_title},
          {"called_ae_title", series.called_ae_title}};
}

Result<SeriesSummary> SeriesFromJson(const nlohmann::json& object) {
  if (!object.is_object()) return Error(ErrorCode::kCorrupt, "stored series is not an object");
  AXIAL_ASSIGN_OR_RETURN(const Uid uid, UidOf(object, "series_instance_uid"));
  AXIAL_ASSIGN_OR_RETURN(std::string sop_class, Text(object, "sop_class_uid"));
  AXIAL_ASSIGN_OR_RETURN(AttributeSet attributes, Attributes(object));
  AXIAL_ASSIGN_OR_RETURN(const std::int64_t instances, Count(object, "instances"));
  AXIAL_ASSIGN_OR_RETURN(const std::int64_t frames, Count(object, "frames"));
  AXIAL_ASSIGN_OR_RETURN(std::string calling, Text(object, "calling_ae_title"));
  AXIAL_ASSIGN_OR_RETURN(std::string called, Text(object, "called_ae_title"));
  return SeriesSummary{uid,    std::move(sop_class), std::move(attributes), instances,
                       frames, std::move(calling),   std::move(called)};
}

}  // namespace

std::string ToJson(const StudySummary& summary) {
  nlohmann::json object = {{"study_instance_uid", summary.study_instance_uid.str()},
                           {"attributes", nlohmann::json::parse(ToJson(summary.attributes))},
                           {"series", nlohmann::json::array()}};
  for (const SeriesSummary& series : summary.series)
    object["series"].push_back(SeriesToJson(series));
  return object.dump(-1, ' ', false, kReplace);
}

Result<StudySummary> StudySummaryFromJson(std::string_view json) {
  const nlohmann::json object = nlohmann::json::parse(json, nullptr, false);
  if (!object.is_object())
    return Error(ErrorCode::kCorrupt, "stored study summary is not a JSON object");
  AXIAL_ASSIGN_OR_RETURN(const Uid uid, UidOf(object, "study_instance_uid"));
  AXIAL_ASSIGN_OR_RETURN(AttributeSet attributes, Attributes(object));
  StudySummary summary{uid, std::move(attributes), {}};
  const auto series = object.find("series");
  if (series == object.end() || !series->is_array())
    return Error(ErrorCode::kCorrupt, "stored study summary has no series");
  for (const nlohmann::json& entry : *series) {
    AXIAL_ASSIGN_OR_RETURN(SeriesSummary one, SeriesFromJson(entry));
    summary.series.push_back(std::move(one));
  }
  return summary;
}

}  // namespace axial::routing
