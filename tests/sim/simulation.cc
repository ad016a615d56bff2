#include "tests/sim/simulation.h"

#include <algorithm>
#include <chrono>
#include <cmath>

namespace axial::sim {
namespace {

using std::chrono::seconds;

std::vector<const Event*> Merge(const std::vector<SentStudy>& corpus) {
  std::vector<const Event*> events;
  for (const SentStudy& study : corpus)
    for (const Event& event : study.events) events.push_back(&event);
  std::stable_sort(events.begin(), events.end(),
                   [](const Event* a, const Event* b) { return a->at < b->at; });
  return events;
}

using ClosesByUid = std::map<std::string, std::vector<TimePoint>>;

/// Whether one of `closes` came before one of `instances`.
bool AnyBefore(const std::vector<TimePoint>& closes, TimePoint last_instance) {
  return std::any_of(closes.begin(), closes.end(),
                     [&](TimePoint close) { return close < last_instance; });
}

void AddDelay(const std::vector<TimePoint>& closes, TimePoint last_instance,
              std::vector<double>& delays, int& never_closed) {
  if (closes.empty() || closes.back() < last_instance)
    ++never_closed;
  else
    delays.push_back(std::chrono::duration<double>(closes.back() - last_instance).count());
}

void Judge(const SentStudy& study, const ClosesByUid& closes, Score& score) {
  const auto closes_of = [&](const std::string& uid) {
    const auto found = closes.find(uid);
    return found == closes.end() ? std::vector<TimePoint>() : found->second;
  };
  std::map<std::string, TimePoint> last_of_series;
  TimePoint last{};
  for (const Event& event : study.events) {
    if (event.is_end || event.repeated) continue;
    last_of_series[event.instance.front().series_instance_uid.str()] = event.at;
    last = std::max(last, event.at);
  }
  for (const auto& [uid, last_at] : last_of_series) {
    ++score.series;
    if (AnyBefore(closes_of(uid), last_at)) ++score.premature_series;
    AddDelay(closes_of(uid), last_at, score.series_seconds, score.never_closed);
  }
  ++score.studies;
  const std::vector<TimePoint> study_closes = closes_of(study.study_uid);
  if (AnyBefore(study_closes, study.transfer_over))
    ++score.premature_studies;
  else if (AnyBefore(study_closes, last))
    ++score.reopened_studies;
  AddDelay(study_closes, last, score.study_seconds, score.never_closed);
}

}  // namespace

Report Play(const std::string& name, const std::vector<SentStudy>& corpus, Policy& policy) {
  const auto run_until = [&](std::optional<TimePoint> end) {
    for (auto due = policy.NextDue(); due && (!end || *due <= *end); due = policy.NextDue())
      policy.Run(*due);
  };
  for (const Event* event : Merge(corpus)) {
    run_until(event->at);
    policy.Take(*event);
  }
  run_until(std::nullopt);
  ClosesByUid closes;
  for (const Close& close : policy.Closes())
    closes[close.series_uid.empty() ? close.study_uid : close.series_uid].push_back(close.at);
  Report report{name, {}, {}};
  for (const SentStudy& study : corpus) {
    Judge(study, closes, report.all);
    Judge(study, closes, report.by_behaviour[study.behaviour]);
  }
  return report;
}

double Quantile(std::vector<double> values, double share) {
  if (values.empty()) return 0;
  std::sort(values.begin(), values.end());
  const auto index =
      static_cast<std::size_t>(std::ceil(share * static_cast<double>(values.size())));
  return values[std::clamp<std::size_t>(index, 1, values.size()) - 1];
}

std::vector<Report> PlayAll(const std::vector<SentStudy>& corpus) {
  struct Fixed {
    const char* name;
    Duration series;
    Duration study;
  };
  std::vector<Report> reports;
  reports.push_back(Play("Axial", corpus, *MakeAxial({})));
  for (const Fixed& fixed : {Fixed{"mercure, 60 s series, 900 s study", seconds(60), seconds(900)},
                             Fixed{"Orthanc, StableAge 60", seconds(60), seconds(60)},
                             Fixed{"MONAI, 5 s", seconds(5), seconds(5)},
                             Fixed{"Orthanc, StableAge 1", seconds(1), seconds(1)}})
    reports.push_back(Play(fixed.name, corpus, *MakeFixedQuiet(fixed.series, fixed.study)));
  return reports;
}

}  // namespace axial::sim
