// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <mutex>
#include <string>
#include <thread>

#include "core/base/result.h"
#include "gateway/receive/receive_events.h"
#include "gateway/receive/spool_disk.h"
#include "orthanc-plugin/orthanc_api.h"

namespace axial::plugin {

/// Hands the Instances of stable studies to the pipeline, on a thread of its own. What it hands
/// over twice changes nothing, so a study that becomes stable again (because our result arrived in
/// it) is not analysed again.
class StudyIntake {
 public:
  /// References outlive the intake.
  StudyIntake(const OrthancApi& orthanc, receive::ReceiveEvents& events, receive::SpoolDisk& spool);
  /// Ends after the Instance in progress.
  ~StudyIntake();
  StudyIntake(const StudyIntake&) = delete;
  StudyIntake& operator=(const StudyIntake&) = delete;

  /// For Orthanc's callbacks: returns at once. A study that waits already is not queued twice.
  void OnStableStudy(const std::string& orthanc_study_id);

 private:
  void Run();
  [[nodiscard]] Status TakeStudy(const std::string& orthanc_study_id);
  [[nodiscard]] Status TakeInstance(const std::string& orthanc_instance_id,
                                    const receive::AssociationInfo& association);

  const OrthancApi& orthanc_;
  receive::ReceiveEvents& events_;
  receive::SpoolDisk& spool_;
  std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<std::string> waiting_;
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace axial::plugin
