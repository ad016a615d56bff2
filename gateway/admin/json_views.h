#pragma once

#include <nlohmann/json_fwd.hpp>

#include "gateway/admin/admin_api.h"

namespace axial::admin {

// How each row looks to people: snake_case names, RFC 3339 times, null for "never".
[[nodiscard]] nlohmann::json ToJson(TimePoint time);
[[nodiscard]] nlohmann::json ToJson(const store::StudyRow& study);
[[nodiscard]] nlohmann::json ToJson(const store::Revision& revision);
[[nodiscard]] nlohmann::json ToJson(const store::SeriesRevision& series);
[[nodiscard]] nlohmann::json ToJson(const store::SeriesRow& series);
[[nodiscard]] nlohmann::json ToJson(const store::VerdictRow& verdict);
[[nodiscard]] nlohmann::json ToJson(const store::EventRow& event);
[[nodiscard]] nlohmann::json ToJson(const store::Job& job);
[[nodiscard]] nlohmann::json ToJson(const store::Delivery& delivery);
[[nodiscard]] nlohmann::json ToJson(const store::Commitment& commitment);
[[nodiscard]] nlohmann::json ToJson(const store::PerformedStepRow& step);
[[nodiscard]] nlohmann::json ToJson(const store::AnalysisRequest& request);
[[nodiscard]] nlohmann::json ToJson(const config::RuleSpec& rule);
[[nodiscard]] nlohmann::json ToJson(const DestinationView& destination);
[[nodiscard]] nlohmann::json ToJson(const QuarantineView& attempt);
[[nodiscard]] nlohmann::json ToJson(const ModelView& model);
[[nodiscard]] nlohmann::json ToJson(const WorkerView& worker);
[[nodiscard]] nlohmann::json ToJson(const HealthCheck& check);
[[nodiscard]] nlohmann::json ToJson(const AssociationsView& associations);

/// "ok", "degraded" or "failing".
[[nodiscard]] std::string_view HealthName(Health health);

}  // namespace axial::admin
