// SPDX-License-Identifier: GPL-3.0-or-later
#include "orthanc-plugin/study_intake.h"

#include <algorithm>
#include <chrono>
#include <nlohmann/json.hpp>
#include <utility>
#include <vector>

#include "core/base/log.h"
#include "core/dicom/instance_header.h"
#include "core/dicom/uid.h"

namespace axial::plugin {
namespace {

constexpr const char* kCaller = "ORTHANC";  // what rules see as CallingAETitle and CalledAETitle

/// One turn of handing over counts as one Association: its end lets the revision close.
receive::AssociationInfo NewAssociation() {
  const auto now = std::chrono::steady_clock::now().time_since_epoch().count();
  return {now, kCaller, kCaller, "127.0.0.1", /*whole_study=*/true};
}

}  // namespace

StudyIntake::StudyIntake(const OrthancApi& orthanc, receive::ReceiveEvents& events,
                         receive::SpoolDisk& spool)
    : orthanc_(orthanc), events_(events), spool_(spool), thread_([this] { Run(); }) {}

StudyIntake::~StudyIntake() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_all();
  thread_.join();
}

void StudyIntake::OnStableStudy(const std::string& orthanc_study_id) {
  {
    const std::lock_guard lock(mutex_);
    if (std::find(waiting_.begin(), waiting_.end(), orthanc_study_id) != waiting_.end()) return;
    waiting_.push_back(orthanc_study_id);
  }
  wake_.notify_all();
}

void StudyIntake::Run() {
  std::unique_lock lock(mutex_);
  while (true) {
    wake_.wait(lock, [this] { return stopping_ || !waiting_.empty(); });
    if (stopping_) return;
    const std::string study = std::move(waiting_.front());
    waiting_.pop_front();
    lock.unlock();
    const Status status = TakeStudy(study);
    if (!status.ok())
      Log(LogLevel::kError, "orthanc_study_not_taken",
          {{"orthanc_study", study}, {"error", status.error().ToString()}});
    lock.lock();
  }
}

Status StudyIntake::TakeStudy(const std::string& orthanc_study_id) {
  AXIAL_ASSIGN_OR_RETURN(const std::string answer, orthanc_.Get("/studies/" + orthanc_study_id));
  const auto study = nlohmann::json::parse(answer, nullptr, false);
  if (!study.is_object() || !study.contains("Series") || !study["Series"].is_array())
    return Error(ErrorCode::kCorrupt, "Orthanc's answer names no series");
  const receive::AssociationInfo association = NewAssociation();
  AXIAL_RETURN_IF_ERROR(events_.OnAssociationOpened(association));
  Status outcome;
  for (const auto& series_id : study["Series"]) {
    const auto series_answer = orthanc_.Get("/series/" + series_id.get<std::string>());
    if (!series_answer.ok()) continue;  // deleted meanwhile
    const auto series = nlohmann::json::parse(*series_answer, nullptr, false);
    if (!series.is_object() || !series.contains("Instances")) continue;
    for (const auto& instance_id : series["Instances"]) {
      const Status taken = TakeInstance(instance_id.get<std::string>(), association);
      if (!taken.ok() && outcome.ok()) outcome = taken;
    }
  }
  events_.OnAssociationClosed(association, {}, receive::AssociationEnd::kReleased);
  return outcome;
}

Status StudyIntake::TakeInstance(const std::string& orthanc_instance_id,
                                 const receive::AssociationInfo& association) {
  AXIAL_ASSIGN_OR_RETURN(const std::string bytes, orthanc_.DicomFile(orthanc_instance_id));
  AXIAL_ASSIGN_OR_RETURN(std::unique_ptr<receive::SpoolFile> file, spool_.Create());
  AXIAL_RETURN_IF_ERROR(file->Write(bytes));
  AXIAL_ASSIGN_OR_RETURN(InstanceHeader header, ReadInstanceHeader(file->path()));
  const std::string sha256 = Sha256Hex(bytes);
  const std::string name = header.sop_instance_uid.str() + "." + sha256.substr(0, 16) + ".dcm";
  AXIAL_ASSIGN_OR_RETURN(
      const receive::SpoolPlace place,
      spool_.Commit(std::move(file), header.study_instance_uid.str(), name, true));
  return events_.OnInstance({std::move(header), place.path, static_cast<std::int64_t>(bytes.size()),
                             sha256, place.existed, association});
}

}  // namespace axial::plugin
