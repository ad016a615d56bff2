// SPDX-License-Identifier: GPL-3.0-or-later
#include "orthanc-plugin/host_intake.h"

#include <fmt/format.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <iterator>
#include <nlohmann/json.hpp>
#include <random>
#include <utility>
#include <vector>

#include "core/base/crash_point.h"
#include "core/base/log.h"
#include "core/base/log_exceptions.h"
#include "orthanc-plugin/guarded.h"
#include "orthanc-plugin/open_connections.h"
#include "orthanc-plugin/orthanc_time.h"

namespace axial::plugin {
namespace {

/// Where the identity of Orthanc's database is kept in it; plugins have the numbers from 1024.
constexpr int kIdentityProperty = 20618;
constexpr int kPage = 200;
/// Of Orthanc's studies, the newest so many are looked at where the log does not tell.
constexpr std::int64_t kMaxStudiesLookedAt = 20'000;
/// What was handled last may be a little older than its time says.
constexpr Duration kMargin = std::chrono::minutes(5);
constexpr Duration kKeepEvery = std::chrono::seconds(2);
constexpr auto kFastTick = std::chrono::milliseconds(20);
constexpr auto kSlowTick = std::chrono::milliseconds(1000);
constexpr int kMaxAttempts = 20;
/// Orthanc's own threads come first.
constexpr int kNice = 10;

std::string NewIdentity() {
  std::random_device random;
  return fmt::format("axial-{:08x}{:08x}{:08x}{:08x}", random(), random(), random(), random());
}

Duration PauseAfter(int attempt) {
  return std::min<Duration>(std::chrono::seconds(1) * (1 << std::min(attempt, 8)),
                            std::chrono::minutes(5));
}

bool IsLasting(ErrorCode code) {
  return code == ErrorCode::kInvalidInput || code == ErrorCode::kUnsupported ||
         code == ErrorCode::kCorrupt;
}

}  // namespace

HostIntake::HostIntake(const OrthancApi& orthanc, pipeline::Pipeline& pipeline, HostPorts ports,
                       InstanceTaker::Options options, Duration quiet)
    : orthanc_(orthanc),
      pipeline_(pipeline),
      ports_(ports),
      quiet_(quiet),
      behind_(pipeline.metrics().GetGauge("axial_orthanc_changes_behind",
                                          "Changes of Orthanc that are not handled yet")),
      late_(pipeline.metrics().GetGauge(
          "axial_orthanc_late_instances",
          "Instances of Orthanc that could not be taken in yet and are tried again")),
      log_(orthanc),
      taker_(orthanc, pipeline.intake(), pipeline.spool(), pipeline.host(), std::move(options)),
      senders_(pipeline.intake()),
      deletions_(orthanc, pipeline,
                 [this](const std::string& id) { return TakeStudy(id, /*even_removed=*/true); }),
      thread_([this] { Run(); }) {}

HostIntake::~HostIntake() {
  events_.Stop();
  thread_.join();
}

void HostIntake::Run() {
  ::setpriority(PRIO_PROCESS, static_cast<id_t>(::syscall(SYS_gettid)), kNice);
  events_.WaitForStart();
  bool work_left = true;
  while (!events_.stopping()) {
    const bool soon = senders_.any() || work_left;
    HostEvents::News news = events_.Take(soon ? kFastTick : kSlowTick);
    const auto started = std::chrono::steady_clock::now();
    bool done = false;
    if (!LogExceptions("orthanc", [&] { done = Follow(std::move(news)); }) && begun_)
      static_cast<void>(LogExceptions("orthanc", [&] { EndBacklog(); }));
    work_left = done && deletions_.sweeping();
    // Instances that come one by one are taken in a few at a time; and what fails, fails slowly.
    const auto round = done ? kFastTick : kSlowTick;
    const auto left = round - (std::chrono::steady_clock::now() - started);
    if (left.count() > 0 && !events_.stopping()) std::this_thread::sleep_for(left);
  }
  if (begun_)
    static_cast<void>(LogExceptions("orthanc", [&] { static_cast<void>(KeepPosition(true)); }));
}

/// Whether all is handled.
bool HostIntake::Follow(HostEvents::News news) {
  for (auto& [id, sender] : news.stored)
    if (stored_.size() < HostEvents::kMaxStored) stored_.insert_or_assign(id, std::move(sender));
  Status status = begun_ ? Status() : Begin();
  if (status.ok()) status = Round(std::move(news));
  if (!status.ok())
    Log(LogLevel::kError, "orthanc_not_followed",
        {{"error", status.error().ToString()}, {"remedy", "it is tried again"}});
  return status.ok();
}

/// Where the change log is to be read from. What a person asked for may not be in it.
Status HostIntake::Begin() {
  AXIAL_ASSIGN_OR_RETURN(const auto awaited, pipeline_.AwaitedStudies());
  wanted_studies_.clear();
  for (const std::string& study_uid : awaited)
    if (std::string id = orthanc_.LookupStudy(study_uid); !id.empty())
      wanted_studies_.push_back(std::move(id));
  AXIAL_ASSIGN_OR_RETURN(const std::int64_t last, log_.Last());
  AXIAL_ASSIGN_OR_RETURN(const std::string newest_anchor, log_.AnchorAt(last));
  AXIAL_ASSIGN_OR_RETURN(const auto row, pipeline_.host().Position());
  const std::string identity = orthanc_.Property(kIdentityProperty);
  if (!row) {  // the first time here: what Orthanc has is not new
    AXIAL_ASSIGN_OR_RETURN(const std::int64_t start, log_.BeforeFirst(stored_, last));
    AXIAL_ASSIGN_OR_RETURN(const std::string anchor, log_.AnchorAt(start));
    position_ = {identity.empty() ? NewIdentity() : identity, start, anchor, clock_.Now()};
    AXIAL_RETURN_IF_ERROR(orthanc_.SetProperty(kIdentityProperty, position_.identity));
    AXIAL_RETURN_IF_ERROR(pipeline_.host().SetPosition(position_));
    kept_sequence_ = position_.sequence;
    backlog_ = false;
    begun_ = true;
    return {};
  }
  position_ = *row;
  kept_sequence_ = position_.sequence;
  AXIAL_ASSIGN_OR_RETURN(const std::string anchor, log_.AnchorAt(row->sequence));
  if (identity == row->identity && last >= row->sequence && anchor == row->anchor) {
    // As many entries as numbers: nothing was taken out of the log.
    const std::int64_t expected = last - row->sequence;
    first_seen_ = 0;
    AXIAL_RETURN_IF_ERROR(ReadChanges());
    if (first_seen_ < expected) AXIAL_RETURN_IF_ERROR(LookAtAllStudies());
  } else {
    // Also when somebody deleted what changed last: then the log has no more of it.
    Log(LogLevel::kInfo, "orthanc_log_is_another",
        {{"sequence", last}, {"handled", row->sequence}, {"known", identity == row->identity}});
    AXIAL_RETURN_IF_ERROR(LookAtAllStudies());
    position_.sequence = last;
    position_.anchor = newest_anchor;
    if (identity != row->identity) {
      position_.identity = identity.empty() ? NewIdentity() : identity;
      AXIAL_RETURN_IF_ERROR(orthanc_.SetProperty(kIdentityProperty, position_.identity));
    }
    AXIAL_RETURN_IF_ERROR(ReadChanges());
  }
  EndBacklog();
  begun_ = true;
  return KeepPosition(true);
}

Status HostIntake::Round(HostEvents::News news) {
  const Connections connections =
      senders_.any() || !stored_.empty()
          ? Connections{ConnectedPeers(ports_.dicom), ConnectedPeers(ports_.http)}
          : Connections{};
  // One more than fits is taken in at the next start, as its request is a row.
  if (wanted_studies_.size() < HostEvents::kMaxOthers)
    std::ranges::move(news.wanted_studies, std::back_inserter(wanted_studies_));
  // What of this fails is tried again, and holds up nothing that was stored.
  const Status deleted = deletions_.Handle(news);
  // Also before an Association ends: its last Instances may just have been stored.
  if (news.any || clock_.Now() >= next_look_at_ || senders_.AnyNotIn(connections, clock_.Now())) {
    AXIAL_RETURN_IF_ERROR(ReadChanges());
    next_look_at_ = clock_.Now() + kSlowTick;
  }
  const Status wanted = DoEach(wanted_studies_, [this](const std::string& id) {
    return TakeStudy(id, /*even_removed=*/true);
  });
  senders_.EndThoseNotIn(connections, clock_.Now());
  for (const std::string& study_id : news.stable_studies) {
    AXIAL_ASSIGN_OR_RETURN(const auto study, pipeline_.host().FindStudy(study_id));
    if (study) pipeline_.OnStable(study->study_uid);
  }
  AXIAL_RETURN_IF_ERROR(TakeLate());
  AXIAL_RETURN_IF_ERROR(deletions_.SweepSome());
  AXIAL_RETURN_IF_ERROR(KeepPosition(false));
  return deleted.ok() ? wanted : deleted;
}

Status HostIntake::ReadChanges() {
  while (!events_.stopping()) {
    AXIAL_ASSIGN_OR_RETURN(const ChangeLog::Page page, log_.After(position_.sequence));
    for (const Change& change : page.changes) {
      if (events_.stopping()) return {};
      if (change.sequence <= position_.sequence) continue;
      if (change.type == "NewInstance") AXIAL_RETURN_IF_ERROR(TakeOne(change.id));
      position_.sequence = change.sequence;
      position_.anchor = change.Anchor();
      ++first_seen_;
    }
    if (page.done) {
      position_.handled_at = clock_.Now();
      break;
    }
    AXIAL_RETURN_IF_ERROR(KeepPosition(false));
  }
  // A callback told, and the log does not: somebody cleared it.
  while (!stored_.empty() && !events_.stopping())
    AXIAL_RETURN_IF_ERROR(TakeOne(stored_.begin()->first));
  return {};
}

Status HostIntake::TakeOne(const std::string& instance_id, bool even_removed) {
  if (instance_id.empty()) return {};
  const auto found = stored_.find(instance_id);
  const Status taken = Guarded([&] {
    return taker_.Take(
        instance_id, found == stored_.end() ? nullptr : &found->second,
        [this](const Sender& sender, const std::string& study_id) {
          return AssociationOf(sender, study_id);
        },
        even_removed);
  });
  if (found != stored_.end()) stored_.erase(found);
  if (taken.ok()) return {};
  const Error& error = taken.error();
  if (error.code() == ErrorCode::kNotFound) return pipeline_.host().ForgetLate(instance_id);
  if (IsLasting(error.code())) {
    Log(LogLevel::kWarning, "orthanc_instance_not_taken",
        {{"orthanc_instance", instance_id}, {"reason", error.message()}});
    return pipeline_.host().ForgetLate(instance_id);
  }
  // One bad file must not stop the others; when not even this can be written, all waits.
  Log(LogLevel::kWarning, "orthanc_instance_late",
      {{"orthanc_instance", instance_id}, {"reason", error.message()}});
  return pipeline_.host().Postpone(instance_id, error, clock_.Now() + PauseAfter(0));
}

Status HostIntake::TakeLate() {
  AXIAL_ASSIGN_OR_RETURN(const auto late, pipeline_.host().Late(clock_.Now(), kPage));
  for (const store::LateInstance& instance : late) {
    if (events_.stopping()) return {};
    if (instance.attempt >= kMaxAttempts) {
      Log(LogLevel::kError, "orthanc_instance_given_up",
          {{"orthanc_instance", instance.host_id}, {"attempts", instance.attempt}});
      AXIAL_RETURN_IF_ERROR(pipeline_.host().ForgetLate(instance.host_id));
      continue;
    }
    AXIAL_RETURN_IF_ERROR(pipeline_.host().Postpone(
        instance.host_id, Error(ErrorCode::kUnavailable, "being tried again"),
        clock_.Now() + PauseAfter(instance.attempt)));
    AXIAL_RETURN_IF_ERROR(TakeOne(instance.host_id));
  }
  AXIAL_ASSIGN_OR_RETURN(const std::int64_t count, pipeline_.host().CountLate());
  late_.Set(static_cast<double>(count));
  return {};
}

receive::AssociationInfo HostIntake::AssociationOf(const Sender& sender,
                                                   const std::string& host_study_id) {
  if (!backlog_) return senders_.Of(sender, clock_.Now());
  auto found = backlog_associations_.find(host_study_id);
  if (found != backlog_associations_.end()) return found->second;
  receive::AssociationInfo association = Senders::NewAssociation(sender);
  const auto study = orthanc_.GetJson("/studies/" + host_study_id);
  if (study.ok()) {
    const auto updated = ParseOrthancTime(study->value("LastUpdate", ""));
    association.whole_study = updated && clock_.Now() - *updated > quiet_;
  }
  return backlog_associations_.emplace(host_study_id, std::move(association)).first->second;
}

void HostIntake::EndBacklog() {
  backlog_ = false;
  for (const auto& [study_id, association] : std::exchange(backlog_associations_, {}))
    // Who was cut off comes again.
    pipeline_.intake().OnAssociationClosed(association, {},
                                           association.whole_study
                                               ? receive::AssociationEnd::kReleased
                                               : receive::AssociationEnd::kAborted);
}

Status HostIntake::TakeStudy(const std::string& host_study_id, bool even_removed) {
  const Result<nlohmann::json> instances =
      orthanc_.GetJson("/studies/" + host_study_id + "/instances");
  if (!instances.ok())
    return instances.error().code() == ErrorCode::kNotFound ? Status() : instances.error();
  if (!instances->is_array()) return {};
  const bool backlog = std::exchange(backlog_, true);
  Status status;
  for (const nlohmann::json& instance : *instances) {
    if (events_.stopping() || !status.ok()) break;
    status = TakeOne(instance.value("ID", ""), even_removed);
  }
  if (!backlog) EndBacklog();
  return status;
}

/// Orthanc's studies, newest first, that changed since the log was followed.
Status HostIntake::LookAtAllStudies() {
  AXIAL_ASSIGN_OR_RETURN(const nlohmann::json statistics, orthanc_.GetJson("/statistics"));
  const std::int64_t count = statistics.value("CountStudies", std::int64_t{0});
  const TimePoint since = position_.handled_at - kMargin;
  std::int64_t looked_at = 0;
  std::int64_t taken = 0;
  for (std::int64_t end = count + kPage; end > 0 && looked_at < kMaxStudiesLookedAt; end -= kPage) {
    const std::int64_t begin = std::max<std::int64_t>(0, end - kPage);
    AXIAL_ASSIGN_OR_RETURN(
        const nlohmann::json studies,
        orthanc_.GetJson(fmt::format("/studies?expand&since={}&limit={}", begin, end - begin)));
    if (!studies.is_array()) break;
    for (const nlohmann::json& study : studies) {
      if (events_.stopping()) return {};
      ++looked_at;
      const auto updated = ParseOrthancTime(study.value("LastUpdate", ""));
      if (updated && *updated < since) continue;
      ++taken;
      AXIAL_RETURN_IF_ERROR(TakeStudy(study.value("ID", ""), /*even_removed=*/false));
    }
  }
  Log(LogLevel::kWarning, "orthanc_studies_looked_at",
      {{"studies", looked_at}, {"changed", taken}, {"of", count}});
  return {};
}

/// The row names no change whose files and rows could be lost with the machine.
Status HostIntake::KeepPosition(bool now) {
  const TimePoint time = clock_.Now();
  if (position_.sequence == kept_sequence_ || (!now && time - kept_at_ < kKeepEvery)) return {};
  AXIAL_RETURN_IF_ERROR(pipeline_.spool().SyncAll());
  AXIAL_RETURN_IF_ERROR(pipeline_.host().SetPosition(position_));
  CrashPoint("orthanc_position");
  kept_sequence_ = position_.sequence;
  kept_at_ = time;
  if (const auto newest = log_.Last(); newest.ok())
    behind_.Set(static_cast<double>(*newest - position_.sequence));
  return {};
}

}  // namespace axial::plugin
