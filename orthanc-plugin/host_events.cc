// SPDX-License-Identifier: GPL-3.0-or-later
#include "orthanc-plugin/host_events.h"

#include <utility>

namespace axial::plugin {

void HostEvents::OnStarted() {
  {
    const std::lock_guard lock(mutex_);
    started_ = true;
  }
  wake_.notify_all();
}

void HostEvents::WaitForStart() {
  std::unique_lock lock(mutex_);
  wake_.wait(lock, [this] { return started_ || stopping_; });
}

void HostEvents::OnStored(std::string instance_id, Sender sender) {
  {
    const std::lock_guard lock(mutex_);
    news_.any = true;
    if (news_.stored.size() < kMaxStored)
      news_.stored.insert_or_assign(std::move(instance_id), std::move(sender));
  }
  wake_.notify_one();
}

void HostEvents::Append(std::vector<std::string>& list, std::string id) {
  {
    const std::lock_guard lock(mutex_);
    news_.any = true;
    if (list.size() < kMaxOthers)
      list.push_back(std::move(id));
    else if (&list == &news_.deleted_studies || &list == &news_.deleted_series)
      news_.deletions_dropped = true;
  }
  wake_.notify_one();
}

void HostEvents::OnStable(std::string study_id) {
  Append(news_.stable_studies, std::move(study_id));
}

void HostEvents::OnDeletedStudy(std::string study_id) {
  Append(news_.deleted_studies, std::move(study_id));
}

void HostEvents::OnDeletedSeries(std::string series_id) {
  Append(news_.deleted_series, std::move(series_id));
}

void HostEvents::OnWanted(std::string study_id) {
  Append(news_.wanted_studies, std::move(study_id));
}

HostEvents::News HostEvents::Take(std::chrono::milliseconds patience) {
  std::unique_lock lock(mutex_);
  wake_.wait_for(lock, patience, [this] { return news_.any || stopping_; });
  return std::exchange(news_, {});
}

void HostEvents::Stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_all();
}

bool HostEvents::stopping() const {
  const std::lock_guard lock(mutex_);
  return stopping_;
}

}  // namespace axial::plugin
