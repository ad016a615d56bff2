// SPDX-License-Identifier: GPL-3.0-or-later
#include "orthanc-plugin/host_deletions.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "core/base/crash_point.h"
#include "orthanc-plugin/guarded.h"

namespace axial::plugin {
namespace {

constexpr int kSweepPage = 50;

}  // namespace

HostDeletions::HostDeletions(const OrthancApi& orthanc, pipeline::Pipeline& pipeline,
                             TakeStudy take_study)
    : orthanc_(orthanc), pipeline_(pipeline), take_study_(std::move(take_study)) {}

Status HostDeletions::Handle(HostEvents::News& news) {
  std::ranges::move(news.deleted_studies, std::back_inserter(studies_));
  std::ranges::move(news.deleted_series, std::back_inserter(series_));
  if (news.deletions_dropped || studies_.size() > HostEvents::kMaxOthers ||
      series_.size() > HostEvents::kMaxOthers) {
    studies_.clear();
    series_.clear();
    sweeping_ = true;
    swept_to_.clear();
  }
  const Status studies =
      DoEach(studies_, [this](const std::string& id) { return RemoveIfGone(id); });
  const Status series = DoEach(series_, [this](const std::string& id) { return CancelIfGone(id); });
  return studies.ok() ? series : studies;
}

Status HostDeletions::CancelIfGone(const std::string& host_series_id) {
  AXIAL_ASSIGN_OR_RETURN(const auto series, pipeline_.host().FindSeries(host_series_id));
  if (!series) return {};
  const Result<std::string> still = orthanc_.Get("/series/" + host_series_id);
  if (still.ok()) return {};  // it came again
  if (still.error().code() != ErrorCode::kNotFound) return still.error();
  AXIAL_RETURN_IF_ERROR(pipeline_.remover().CancelSeries(series->study_uid, series->series_uid));
  return pipeline_.host().ForgetSeries(host_series_id);
}

Status HostDeletions::RemoveIfGone(const std::string& host_study_id) {
  AXIAL_ASSIGN_OR_RETURN(const auto study, pipeline_.host().FindStudy(host_study_id));
  if (!study) return {};
  const Result<std::string> still = orthanc_.Get("/studies/" + host_study_id);
  if (still.ok()) return {};  // it came again
  if (still.error().code() != ErrorCode::kNotFound) return still.error();
  AXIAL_RETURN_IF_ERROR(pipeline_.remover().Remove(study->study_uid));
  // Of another patient under the same UID, as when somebody corrects a Patient ID: all of one study
  // here, which was of two patients so far, and is taken in again as the other one alone.
  AXIAL_ASSIGN_OR_RETURN(const auto same_uid, pipeline_.host().StudiesWith(study->study_uid));
  for (const std::string& other : same_uid)
    if (other != host_study_id) AXIAL_RETURN_IF_ERROR(take_study_(other));
  CrashPoint("orthanc_removed");
  return pipeline_.host().ForgetStudy(host_study_id);
}

Status HostDeletions::SweepSome() {
  if (!sweeping_ || studies_.size() + kSweepPage > HostEvents::kMaxOthers) return {};
  AXIAL_ASSIGN_OR_RETURN(const auto studies, pipeline_.host().Studies(swept_to_, kSweepPage));
  for (const store::HostStudy& study : studies) {
    studies_.push_back(study.host_id);
    swept_to_ = study.host_id;
  }
  sweeping_ = static_cast<int>(studies.size()) == kSweepPage;
  return {};
}

}  // namespace axial::plugin
