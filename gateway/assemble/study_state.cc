#include "gateway/assemble/study_state.h"

#include <algorithm>
#include <utility>

namespace axial::assemble {

StudyState::StudyState(std::string calling_ae_title, TimePoint opened_at)
    : calling_ae_title_(std::move(calling_ae_title)), opened_at_(opened_at) {}

void StudyState::BeginRevision(int number, TimePoint at) {
  if (open_)  // a Series that had been closed got a late Instance: what is not complete goes on
    for (auto& [uid, series] : series_)
      if (IsOpen(series)) series.revision = number;
  revision_ = number;
  if (!open_) opened_at_ = at;
  open_ = true;
}

void StudyState::Touch(std::int64_t association_id, const std::string& series_uid, TimePoint now) {
  last_activity_at_ = std::max(last_activity_at_, now);
  stable_at_.reset();
  const bool first = !open_associations_.contains(association_id);
  if (first && released_at_ && !awaits_retry_) {
    ++pauses_;
    pause_between_ = std::max(pause_between_, Duration(now - *released_at_));
  }
  Carrier& carrier = open_associations_[association_id];
  ++carrier.instances;
  released_at_.reset();
  const auto found = series_.find(series_uid);
  if (found == series_.end()) return;
  SeriesState& series = found->second;
  if (!carrier.series.insert(series_uid).second) return;
  ++series.associations;
  series.open_carriers.insert(association_id);
  series.released_at.reset();
}

void StudyState::Add(const Arrival& arrival) {
  if (arrival.revision > revision_ || !open_) BeginRevision(arrival.revision, arrival.at);
  version_ = std::max(version_, arrival.study_version);
  whole_study_ = whole_study_ || arrival.whole_study;
  last_instance_at_ = std::max(last_instance_at_, arrival.at);
  if (!arrival.replaces) ++instances_;
  declared_instances_ =
      std::max(declared_instances_, arrival.facts.study_instances.value_or(std::int64_t{0}));
  const std::string& uid = arrival.facts.series_uid;
  if (series_.size() < kMaxSeries || series_.contains(uid)) {
    if (series_.contains(uid) && last_series_ != uid) interleaved_ = true;
    const bool counted = arrival.replaces && series_.contains(uid);
    SeriesState& series = series_[uid];
    if (!counted) series.evidence.Add(arrival.facts);
    // An Instance whose row is older than the closing of its Series is part of what was closed.
    if (arrival.revision > series.revision) series.closed = false;
    series.revision = std::max(series.revision, arrival.revision);
    series.arrived_in = series.revision;
    series.last_at = std::max(series.last_at, arrival.at);
    series.left = false;
  }
  Touch(arrival.association_id, uid, arrival.at);
  Carrier& carrier = open_associations_.at(arrival.association_id);
  for (const std::string& before :
       {std::exchange(carrier.last_series, uid), std::exchange(last_series_, uid)})
    if (before != uid) Leave(before);
}

void StudyState::Leave(const std::string& series_uid) {
  const auto found = series_.find(series_uid);
  if (found == series_.end()) return;
  const std::set<std::int64_t>& carriers = found->second.open_carriers;
  found->second.left = std::none_of(carriers.begin(), carriers.end(), [&](std::int64_t id) {
    return open_associations_.at(id).last_series == series_uid;
  });
}

void StudyState::Repeat(std::int64_t association_id, const std::string& series_uid, TimePoint now) {
  Touch(association_id, series_uid, now);
}

void StudyState::EndCarrier(const std::string& series_uid, std::int64_t association_id,
                            const Carrier& carrier, bool properly, TimePoint now) {
  SeriesState& series = series_.at(series_uid);
  series.open_carriers.erase(association_id);
  series.awaits_retry = !properly;
  if (!properly) --series.associations;
  if (carrier.instances > 1) series.only_lone_associations = false;
  if (series.open_carriers.empty()) series.released_at = now;
}

void StudyState::EndAssociation(std::int64_t association_id, bool released, bool always_aborts,
                                TimePoint now) {
  const auto found = open_associations_.find(association_id);
  if (found == open_associations_.end()) return;
  const Carrier carrier = std::move(found->second);
  open_associations_.erase(found);
  const bool properly = released || always_aborts;
  awaits_retry_ = !properly;
  last_was_aborted_ = !released;
  if (properly) {
    ++associations_;
    if (carrier.series.size() < 2) associations_span_series_ = false;
  }
  for (const std::string& uid : carrier.series)
    EndCarrier(uid, association_id, carrier, properly, now);
  if (open_associations_.empty()) released_at_ = now;
}

void StudyState::EndAllAssociations(TimePoint now) {
  while (!open_associations_.empty())
    EndAssociation(open_associations_.begin()->first, false, false, now);
  last_activity_at_ = std::max(last_activity_at_, now);
}

void StudyState::Restored(int revision, std::int64_t version, TimePoint now) {
  revision_ = revision;
  version_ = version;
  last_activity_at_ = std::max(last_activity_at_, now);
}

void StudyState::CloseRevision() {
  open_ = false;
  for (auto& [uid, series] : series_) series.closed = true;
}

void StudyState::CloseEarlierRevision(int number) {
  for (auto& [uid, series] : series_)
    if (series.arrived_in <= number && series.revision > number) {
      series.revision = number;
      series.closed = true;
    }
}

std::optional<std::int64_t> StudyState::declared_instances() const {
  if (partial_ || declared_instances_ == 0 || instances_ > declared_instances_) return std::nullopt;
  return declared_instances_;
}

StudyLesson StudyState::Lesson() const {
  StudyLesson lesson;
  lesson.associations = associations_ + static_cast<int>(open_associations_.size());
  lesson.series = static_cast<int>(series_.size());
  lesson.aborted_last = last_was_aborted_;
  lesson.interleaved = interleaved_;
  lesson.pauses = pauses_;
  lesson.pause_between = pause_between_;
  for (const auto& [uid, series] : series_) {
    if (series.associations > 1) lesson.split_series = true;
    if (series.evidence.instances() > 1) {
      ++lesson.structured_series;
      if (series.evidence.FindStructure().structure == Structure::kHole) ++lesson.holed_series;
    }
    series.evidence.CheckCounts(lesson.counts_right, lesson.counts_wrong);
  }
  return lesson;
}

}  // namespace axial::assemble
