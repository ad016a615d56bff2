// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <thread>
#include <vector>

#include "core/base/clock.h"
#include "core/base/metrics.h"
#include "core/base/result.h"
#include "gateway/pipeline/pipeline.h"
#include "orthanc-plugin/change_log.h"
#include "orthanc-plugin/host_deletions.h"
#include "orthanc-plugin/host_events.h"
#include "orthanc-plugin/instance_taker.h"
#include "orthanc-plugin/orthanc_api.h"
#include "orthanc-plugin/senders.h"

namespace axial::plugin {

/// Where Orthanc listens.
struct HostPorts {
  std::uint16_t dicom = 0;
  std::uint16_t http = 0;
};

/// Follows Orthanc on a thread of its own: what it stores goes into the pipeline, what it deletes
/// is forgotten. The truth is Orthanc's change log (/changes) and the row that says how far it was
/// handled, so that a kill of the process loses nothing; callbacks only say "look now", and who
/// sent what. Where the log does not tell (cleared, another or an older database), Orthanc's
/// studies themselves are looked at.
class HostIntake {
 public:
  /// References outlive the intake. `quiet`: after it a study that was stored while nobody looked
  /// is complete.
  HostIntake(const OrthancApi& orthanc, pipeline::Pipeline& pipeline, HostPorts ports,
             InstanceTaker::Options options, Duration quiet);
  /// Ends after the Instance in progress.
  ~HostIntake();
  HostIntake(const HostIntake&) = delete;
  HostIntake& operator=(const HostIntake&) = delete;

  [[nodiscard]] HostEvents& events() { return events_; }

 private:
  void Run();
  [[nodiscard]] bool Follow(HostEvents::News news);
  [[nodiscard]] Status Begin();
  [[nodiscard]] Status Round(HostEvents::News news);
  [[nodiscard]] Status ReadChanges();
  [[nodiscard]] Status TakeOne(const std::string& instance_id, bool even_removed = false);
  [[nodiscard]] Status TakeLate();
  [[nodiscard]] Status TakeStudy(const std::string& host_study_id, bool even_removed);
  [[nodiscard]] Status LookAtAllStudies();
  [[nodiscard]] Status KeepPosition(bool now);
  [[nodiscard]] receive::AssociationInfo AssociationOf(const Sender& sender,
                                                       const std::string& host_study_id);
  void EndBacklog();

  const OrthancApi& orthanc_;
  pipeline::Pipeline& pipeline_;
  const HostPorts ports_;
  const Duration quiet_;
  const Clock& clock_ = Clock::System();
  Gauge& behind_;
  Gauge& late_;
  HostEvents events_;
  ChangeLog log_;
  InstanceTaker taker_;
  Senders senders_;
  HostDeletions deletions_;

  // Of the thread alone.
  bool begun_ = false;
  store::HostPosition position_;     ///< handled
  std::int64_t kept_sequence_ = -1;  ///< as the row says
  TimePoint kept_at_{};
  TimePoint next_look_at_{};
  std::map<std::string, Sender> stored_;     ///< told by callbacks, not yet seen in the log
  std::vector<std::string> wanted_studies_;  ///< asked for by a person, not taken yet
  /// Until the log was read to its end for the first time: by study, because nobody who sent it is
  /// connected any more.
  bool backlog_ = true;
  std::map<std::string, receive::AssociationInfo> backlog_associations_;
  std::int64_t first_seen_ = 0;  ///< entries of the log, since the beginning of the backlog

  std::thread thread_;
};

}  // namespace axial::plugin
