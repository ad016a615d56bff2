#include "gateway/pipeline/analysis_requests.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <set>
#include <utility>

#include "core/base/log.h"

namespace axial::pipeline {
namespace {

constexpr const char* kRule = "on request";  // what its Jobs name as their rule
constexpr int kUrgent = static_cast<int>(config::Priority::kUrgent);
constexpr Duration kPatience = std::chrono::hours(24);

std::vector<std::string> DestinationsOf(const config::Config& config, const std::string& model) {
  std::set<std::string> names;
  for (const config::RuleSpec& rule : config.rules)
    if (rule.run == model) names.insert(rule.send_to.begin(), rule.send_to.end());
  if (names.empty())
    for (const auto& [name, destination] : config.destinations) names.insert(name);
  return {names.begin(), names.end()};
}

/// What the model takes of the request's Series as Jobs, and why it does not take the others.
struct Choice {
  std::vector<store::RequestedJob> jobs;
  std::vector<std::string> reasons;
  bool waits = false;  ///< a Series of the request is not routed
};

Choice Choose(const store::AnalysisRequest& request, const std::vector<store::Revision>& revisions,
              const std::vector<store::SeriesRow>& series, const config::ModelCard& card,
              const std::vector<std::string>& destinations) {
  Choice choice;
  bool found = false;
  for (const store::SeriesRow& row : series) {
    if (!request.series_uid.empty() && row.series_uid != request.series_uid) continue;
    found = true;
    const auto revision =
        std::ranges::find(revisions, row.changed_in_revision, &store::Revision::number);
    const bool routed = row.routed && revision != revisions.end();
    choice.waits = choice.waits || !routed;
    const std::string reason =
        routed ? WhyNotFor(card, row) : std::string("its images are not here, or not complete");
    if (!reason.empty()) {
      choice.reasons.push_back(fmt::format("Series {}: {}", row.series_uid, reason));
      continue;
    }
    choice.jobs.push_back(
        {*revision,
         {fmt::format("{}|{}|{}|{}|{}|{}", revision->study_uid, revision->number, kRule,
                      row.series_uid, card.name, card.version),
          row.series_uid, kRule, card.name, card.version, kUrgent, destinations}});
  }
  if (found) return choice;
  choice.waits = true;
  choice.reasons.push_back(request.series_uid.empty()
                               ? "the study has no images"
                               : "the study has no Series " + request.series_uid);
  return choice;
}

std::string Outcome(const Choice& choice, bool finished) {
  if (choice.jobs.empty())
    return finished ? fmt::format("not run: {}", fmt::join(choice.reasons, "; "))
                    : "waits for the Series to be complete";
  return fmt::format("runs on {} Series{}", choice.jobs.size(),
                     finished ? "" : "; waits for the rest of the study");
}

bool IsRouted(const std::vector<store::Revision>& revisions) {
  return std::ranges::all_of(revisions,
                             [](const auto& revision) { return revision.state == "routed"; });
}

}  // namespace

std::string WhyNotFor(const config::ModelCard& card, const store::SeriesRow& series) {
  if (series.classes.empty()) return "it has no images";
  const std::string modality = FirstValue(series.classes.front().attributes, "Modality");
  const auto& modalities = card.input.modalities;
  if (!modalities.empty() &&
      std::find(modalities.begin(), modalities.end(), modality) == modalities.end())
    return fmt::format("it is {}; the model takes {}",
                       modality.empty() ? "of no Modality" : modality, fmt::join(modalities, ", "));
  std::int64_t frames = 0;
  for (const store::SeriesClass& entry : series.classes) frames += entry.frames;
  if (frames < card.input.minimum_slices)
    return fmt::format("{} slices; the model needs at least {}", frames, card.input.minimum_slices);
  return "";
}

AnalysisRequests::AnalysisRequests(store::StudyStore& studies, store::JobStore& jobs,
                                   store::AnalysisRequestStore& requests,
                                   std::function<Status(const std::string& study_uid)> make_durable,
                                   std::function<void()> on_jobs)
    : studies_(studies),
      jobs_(jobs),
      requests_(requests),
      make_durable_(std::move(make_durable)),
      on_jobs_(std::move(on_jobs)) {}

void AnalysisRequests::SetModels(const config::Config& config,
                                 const std::vector<config::ModelCard>& cards) {
  const std::lock_guard lock(mutex_);
  models_.clear();
  for (const config::ModelCard& card : cards)
    models_[card.name] = {card, DestinationsOf(config, card.name)};
}

Result<std::vector<store::Revision>> AnalysisRequests::RevisionsHere(
    const std::string& study_uid) const {
  AXIAL_ASSIGN_OR_RETURN(const auto study, studies_.Find(study_uid));
  if (!study || study->removed_at != TimePoint{}) return std::vector<store::Revision>{};
  AXIAL_ASSIGN_OR_RETURN(auto revisions, studies_.RevisionsOfStudy(study_uid));
  if (!revisions.empty() && revisions.back().removed_at != TimePoint{}) revisions.clear();
  return revisions;
}

std::optional<AnalysisRequests::Model> AnalysisRequests::FindModel(const std::string& name) const {
  const std::lock_guard lock(mutex_);
  const auto found = models_.find(name);
  return found == models_.end() ? std::nullopt : std::optional(found->second);
}

Result<RequestedAnalysis> AnalysisRequests::Ask(const std::string& study_uid,
                                                const std::string& series_uid,
                                                const std::string& model, TimePoint now) {
  if (!FindModel(model)) {
    const std::lock_guard lock(mutex_);
    std::vector<std::string> names;
    for (const auto& [name, entry] : models_) names.push_back(name);
    return MakeError(ErrorCode::kNotFound, "there is no usable model '{}'; usable: {}", model,
                     names.empty() ? "none" : fmt::format("{}", fmt::join(names, ", ")));
  }
  AXIAL_ASSIGN_OR_RETURN(const store::AnalysisRequest request,
                         requests_.Add(study_uid, series_uid, model, now));
  Log(LogLevel::kInfo, "analysis_requested",
      {{"study_uid", study_uid}, {"series_uid", series_uid}, {"model", model}});
  AXIAL_ASSIGN_OR_RETURN(const auto revisions, RevisionsHere(study_uid));
  if (revisions.empty())
    return RequestedAnalysis{false, false, "waits for the study to be taken in", {}};
  std::vector<std::int64_t> existing;
  AXIAL_ASSIGN_OR_RETURN(RequestedAnalysis answer, Fulfil(request, now, existing));
  RetryFailed(study_uid, existing, now);
  if (!answer.jobs.empty()) on_jobs_();
  return answer;
}

Result<RequestedAnalysis> AnalysisRequests::Fulfil(const store::AnalysisRequest& request,
                                                   TimePoint now,
                                                   std::vector<std::int64_t>& existing) {
  AXIAL_ASSIGN_OR_RETURN(const auto revisions, RevisionsHere(request.study_uid));
  AXIAL_ASSIGN_OR_RETURN(const auto series, studies_.SeriesOfStudy(request.study_uid));
  const std::optional<Model> model = FindModel(request.model);
  Choice choice;
  bool finished = request.requested_at < now - kPatience;
  if (revisions.empty()) {
    choice.reasons = {"the study did not come within a day"};
  } else if (!model) {
    choice.reasons = {"there is no such usable model any more"};
    finished = true;
  } else {
    choice = Choose(request, revisions, series, model->card, model->destinations);
    finished = finished || IsRouted(revisions) || (!request.series_uid.empty() && !choice.waits);
  }
  RequestedAnalysis answer{!revisions.empty(), finished, Outcome(choice, finished), {}};
  if (!finished && choice.jobs.empty()) return answer;
  if (!choice.jobs.empty()) AXIAL_RETURN_IF_ERROR(make_durable_(request.study_uid));
  AXIAL_ASSIGN_OR_RETURN(store::RequestedJobs made,
                         requests_.Record(request, choice.jobs, answer.outcome, finished, now));
  answer.jobs = std::move(made.created);
  answer.jobs.insert(answer.jobs.end(), made.existing.begin(), made.existing.end());
  existing = std::move(made.existing);
  return answer;
}

void AnalysisRequests::RetryFailed(const std::string& study_uid,
                                   const std::vector<std::int64_t>& ids, TimePoint now) {
  if (ids.empty()) return;
  const auto all = jobs_.ListOfStudy(study_uid);
  if (!all.ok()) return;  // they stay as they are, for another try
  for (const store::Job& job : *all)
    if (job.state == store::JobState::kFailed &&
        std::find(ids.begin(), ids.end(), job.id) != ids.end())
      (void)jobs_.Retry(job.id, now);  // Conflict: someone else did
}

Result<std::optional<TimePoint>> AnalysisRequests::RunOnce(TimePoint now) {
  AXIAL_ASSIGN_OR_RETURN(const auto due, requests_.Due(now - kPatience));
  std::map<std::int64_t, std::int64_t> served;
  Status first_error;
  for (const auto& [request, routed_series, study_routed] : due) {
    const auto before = served_.find(request.id);
    const bool news = before == served_.end() || before->second != routed_series;
    served[request.id] = routed_series;
    if (!news && !study_routed && request.requested_at >= now - kPatience) continue;
    std::vector<std::int64_t> existing;
    const auto fulfilled = Fulfil(request, now, existing);
    if (fulfilled.ok()) {
      if (fulfilled->jobs.size() > existing.size()) on_jobs_();
      continue;
    }
    served.erase(request.id);
    // Conflict: whoever asked again was faster.
    if (fulfilled.error().code() != ErrorCode::kConflict && first_error.ok())
      first_error = fulfilled.error().WithContext("analysis request {}", request.id);
  }
  served_ = std::move(served);
  if (!first_error.ok()) return first_error.error();
  return std::optional<TimePoint>{};
}

}  // namespace axial::pipeline
