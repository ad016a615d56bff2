#include "gateway/pipeline/route_stage.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <utility>

#include "core/base/log.h"

namespace axial::pipeline {
namespace {

constexpr int kRevisionsPerRound = 100;

/// Series that this revision brought nothing new to were analysed with an earlier one.
std::set<std::string> UnchangedSeries(const std::vector<store::SeriesRow>& rows, int revision) {
  std::set<std::string> unchanged;
  for (const store::SeriesRow& row : rows)
    if (row.changed_in_revision < revision) unchanged.insert(row.series_uid);
  return unchanged;
}

/// Those that are routed already; with `only`, all but this one.
std::set<std::string> LeftOut(const std::vector<store::SeriesRow>& rows, const std::string& only) {
  std::set<std::string> left_out;
  for (const store::SeriesRow& row : rows)
    if (row.routed || (!only.empty() && row.series_uid != only)) left_out.insert(row.series_uid);
  return left_out;
}

/// An identical re-send never re-runs anything, also when it comes after `storage.keep`: the
/// results would be the same objects.
bool RunBeforeRemoval(const std::vector<store::SeriesRow>& rows, const std::string& series_uid,
                      const std::pair<std::string, std::string>& model) {
  for (const store::SeriesRow& row : rows)
    if (row.series_uid == series_uid)
      return std::ranges::find(row.run_before_removal, model) != row.run_before_removal.end();
  return false;
}

struct Routing {
  std::vector<store::VerdictRow> verdicts;
  std::vector<store::NewJob> jobs;
};

Routing ToRows(const store::Revision& revision, const std::vector<store::SeriesRow>& series,
               const routing::RouteDecision& decision, const std::string& only,
               const std::map<std::string, std::string>& model_versions) {
  const std::set<std::string> left_out = LeftOut(series, only);
  const std::set<std::string> unchanged = UnchangedSeries(series, revision.number);
  Routing rows;
  int rule_index = 0;
  for (const routing::RuleDecision& rule : decision.rules) {
    const auto version = model_versions.find(rule.run);
    const std::string model_version = version == model_versions.end() ? "" : version->second;
    for (const routing::SeriesVerdict& verdict : rule.series) {
      const std::string& series_uid = verdict.series_instance_uid.str();
      if (left_out.contains(series_uid)) continue;
      std::string reason = verdict.reason;
      const bool again = verdict.matched && unchanged.contains(series_uid);
      if (again) reason += "; unchanged since an earlier revision, not run again";
      const bool before_removal =
          verdict.matched && RunBeforeRemoval(series, series_uid, {rule.run, model_version});
      if (before_removal && !again)
        reason +=
            "; the model was run on the same Instances before they were removed, not run again";
      rows.verdicts.push_back({rule_index, rule.rule, series_uid, verdict.matched, reason});
      if (!verdict.matched || again || before_removal) continue;
      rows.jobs.push_back({fmt::format("{}|{}|{}|{}|{}|{}", revision.study_uid, revision.number,
                                       rule.rule, series_uid, rule.run, model_version),
                           series_uid, rule.rule, rule.run, model_version,
                           static_cast<int>(rule.priority), rule.send_to});
    }
    ++rule_index;
  }
  return rows;
}

}  // namespace

Result<routing::StudySummary> SummarizeRows(const std::string& study_uid,
                                            const std::vector<store::SeriesRow>& series) {
  AXIAL_ASSIGN_OR_RETURN(Uid study, Uid::Parse(study_uid));
  routing::StudySummary summary{std::move(study), {}, {}};
  for (const store::SeriesRow& row : series) {
    if (row.classes.empty()) continue;
    AXIAL_ASSIGN_OR_RETURN(Uid uid, Uid::Parse(row.series_uid));
    const store::SeriesClass& representative = row.classes.front();
    routing::SeriesSummary entry{
        std::move(uid),       representative.sop_class_uid, representative.attributes, 0, 0,
        row.calling_ae_title, row.called_ae_title};
    for (const store::SeriesClass& sop_class : row.classes) {
      entry.instances += sop_class.instances;
      entry.frames += sop_class.frames;
    }
    if (summary.series.empty()) summary.attributes = routing::StudyAttributes(entry.attributes);
    summary.series.push_back(std::move(entry));
  }
  return summary;
}

RouteStage::RouteStage(store::StudyStore& studies, Metrics& metrics,
                       std::function<Status(const std::string& study_uid)> make_durable,
                       std::function<void()> on_jobs)
    : studies_(studies),
      make_durable_(std::move(make_durable)),
      on_jobs_(std::move(on_jobs)),
      routed_total_(metrics.GetCounter("axial_pipeline_revisions_total",
                                       "Study revisions routed, by whether any rule matched",
                                       {{"outcome", "routed"}})),
      not_routed_total_(metrics.GetCounter("axial_pipeline_revisions_total",
                                           "Study revisions routed, by whether any rule matched",
                                           {{"outcome", "not_routed"}})) {}

void RouteStage::SetRules(routing::RuleSet rules, const std::vector<config::ModelCard>& models) {
  const std::lock_guard lock(mutex_);
  rules_ = std::move(rules);
  model_versions_.clear();
  for (const config::ModelCard& model : models) model_versions_[model.name] = model.version;
}

Status RouteStage::Route(const store::Revision& revision, const std::string& series_uid,
                         TimePoint now) {
  AXIAL_ASSIGN_OR_RETURN(const std::vector<store::SeriesRow> series,
                         studies_.SeriesOfRevision(revision.study_uid, revision.number));
  AXIAL_ASSIGN_OR_RETURN(const routing::StudySummary summary,
                         SummarizeRows(revision.study_uid, series));
  routing::RuleSet rules;
  std::map<std::string, std::string> model_versions;
  {
    const std::lock_guard lock(mutex_);
    rules = rules_;
    model_versions = model_versions_;
  }
  const Routing rows =
      ToRows(revision, series, rules.Evaluate(summary), series_uid, model_versions);
  // An Instance may have come between the close and the sync before it.
  if (!rows.jobs.empty()) AXIAL_RETURN_IF_ERROR(make_durable_(revision.study_uid));
  int jobs = 0;
  if (series_uid.empty()) {
    AXIAL_ASSIGN_OR_RETURN(jobs, studies_.RecordRouting(revision, rows.verdicts, rows.jobs, now));
    (jobs == 0 ? not_routed_total_ : routed_total_).Increment();
    Log(LogLevel::kInfo, jobs == 0 ? "study_not_routed" : "study_routed",
        {{"study_uid", revision.study_uid}, {"revision", revision.number}, {"jobs", jobs}});
  } else {
    AXIAL_ASSIGN_OR_RETURN(
        jobs, studies_.RecordSeriesRouting(revision, series_uid, rows.verdicts, rows.jobs, now));
    Log(LogLevel::kInfo, "series_routed",
        {{"study_uid", revision.study_uid},
         {"series_uid", series_uid},
         {"revision", revision.number},
         {"jobs", jobs}});
  }
  if (jobs > 0) on_jobs_();
  return {};
}

Result<std::optional<TimePoint>> RouteStage::RunOnce(TimePoint now) {
  Status first_error;
  const auto note = [&](const Status& status, const std::string& study_uid) {
    // Conflict: a late Instance closed the revision meanwhile; then that is routed.
    if (status.ok() || status.error().code() == ErrorCode::kConflict || !first_error.ok()) return;
    first_error = status.error().WithContext("study {}", study_uid);
  };
  AXIAL_ASSIGN_OR_RETURN(const auto complete, studies_.UnroutedSeries(kRevisionsPerRound));
  for (const auto& [revision, series_uid] : complete)
    note(Route(revision, series_uid, now), revision.study_uid);
  AXIAL_ASSIGN_OR_RETURN(const std::vector<store::Revision> closed,
                         studies_.Revisions("closed", kRevisionsPerRound));
  for (const store::Revision& revision : closed)
    note(Route(revision, "", now), revision.study_uid);  // one broken study holds up no other
  if (!first_error.ok()) return first_error.error();
  if (static_cast<int>(std::max(closed.size(), complete.size())) == kRevisionsPerRound)
    return std::optional<TimePoint>(now);
  return std::optional<TimePoint>{};
}

}  // namespace axial::pipeline
