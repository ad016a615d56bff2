// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "core/base/result.h"
#include "gateway/pipeline/pipeline.h"
#include "orthanc-plugin/host_events.h"
#include "orthanc-plugin/orthanc_api.h"

namespace axial::plugin {

/// What Orthanc deleted is forgotten here: studies and series that callbacks tell and, after a
/// start or when those were too many, every study that is known here and not there any more. Not
/// thread-safe.
class HostDeletions {
 public:
  /// Takes in all of a study, by Orthanc's identifier, also what was removed before.
  using TakeStudy = std::function<Status(const std::string& host_study_id)>;

  /// References outlive it.
  HostDeletions(const OrthancApi& orthanc, pipeline::Pipeline& pipeline, TakeStudy take_study);

  /// Takes the deletions out of `news` and handles them. What fails is tried again with the next
  /// ones, and holds up none of the others.
  [[nodiscard]] Status Handle(HostEvents::News& news);
  /// Looks at some more of the studies that are known here; those that are gone Handle() removes.
  [[nodiscard]] Status SweepSome();
  /// Studies are left to look at.
  [[nodiscard]] bool sweeping() const { return sweeping_; }

 private:
  [[nodiscard]] Status CancelIfGone(const std::string& host_series_id);
  [[nodiscard]] Status RemoveIfGone(const std::string& host_study_id);

  const OrthancApi& orthanc_;
  pipeline::Pipeline& pipeline_;
  const TakeStudy take_study_;
  std::vector<std::string> studies_;  ///< to do
  std::vector<std::string> series_;
  bool sweeping_ = true;  ///< some may have been deleted while nobody looked
  std::string swept_to_;
};

}  // namespace axial::plugin
