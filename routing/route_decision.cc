#include "routing/route_decision.h"

#include <algorithm>
#include <nlohmann/json.hpp>

namespace axial::routing {

bool RouteDecision::IsRouted() const {
  return std::any_of(rules.begin(), rules.end(), [](const RuleDecision& rule) {
    return std::any_of(rule.series.begin(), rule.series.end(),
                       [](const SeriesVerdict& verdict) { return verdict.matched; });
  });
}

std::string_view PriorityName(config::Priority priority) {
  switch (priority) {
    case config::Priority::kUrgent:
      return "urgent";
    case config::Priority::kNormal:
      return "normal";
    case config::Priority::kBackground:
      return "background";
  }
  return "normal";
}

std::string ToJson(const RouteDecision& decision) {
  nlohmann::json rules = nlohmann::json::array();
  for (const RuleDecision& rule : decision.rules) {
    nlohmann::json series = nlohmann::json::array();
    for (const SeriesVerdict& verdict : rule.series)
      series.push_back({{"series_instance_uid", verdict.series_instance_uid.str()},
                        {"matched", verdict.matched},
                        {"reason", verdict.reason}});
    rules.push_back({{"rule", rule.rule},
                     {"run", rule.run},
                     {"send_to", rule.send_to},
                     {"priority", PriorityName(rule.priority)},
                     {"series", std::move(series)}});
  }
  const nlohmann::json object = {{"study_instance_uid", decision.study_instance_uid.str()},
                                 {"routed", decision.IsRouted()},
                                 {"rules", std::move(rules)}};
  return object.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

}  // namespace axial::routing
