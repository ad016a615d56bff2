// SPDX-License-Identifier: GPL-3.0-or-later
#include "orthanc-plugin/instance_taker.h"

#include <fmt/format.h>

#include <array>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <utility>

#include "core/base/content_digest.h"
#include "core/base/crash_point.h"
#include "core/base/log.h"
#include "gateway/receive/spool_name.h"

namespace axial::plugin {
namespace {

constexpr std::size_t kMaxCachedSeries = 4096;

std::string TextOf(const nlohmann::json& object, const char* key) {
  if (!object.is_object()) return "";
  const auto found = object.find(key);
  return found != object.end() && found->is_string() ? found->get<std::string>() : std::string();
}

/// <storage>/ab/cd/abcd...: how Orthanc's file system storage names a file.
std::string FileOf(const std::string& storage_folder, const std::string& attachment) {
  if (storage_folder.empty() || attachment.size() < 4 ||
      attachment.find_first_not_of("0123456789abcdefABCDEF-") != std::string::npos)
    return "";
  return storage_folder + "/" + attachment.substr(0, 2) + "/" + attachment.substr(2, 2) + "/" +
         attachment;
}

/// Whether the file holds the Instance as it is, and not compressed or encrypted by Orthanc: of the
/// size that the Instance has, with the prefix of a DICOM file (PS3.10 7.1).
bool IsPlainDicom(const std::string& file, std::int64_t bytes) {
  std::error_code error;
  if (file.empty() || static_cast<std::int64_t>(std::filesystem::file_size(file, error)) != bytes ||
      error)
    return false;
  std::ifstream stream(file, std::ios::binary);
  std::array<char, 132> start{};
  return stream.read(start.data(), start.size()) &&
         std::string_view(start.data() + 128, 4) == "DICM";
}

void Identify(store::HostInstance& row, const InstanceHeader& header) {
  row.sop_instance_uid = header.sop_instance_uid.str();
  row.series_uid = header.series_instance_uid.str();
  row.study_uid = header.study_instance_uid.str();
}

}  // namespace

InstanceTaker::InstanceTaker(const OrthancApi& orthanc, receive::ReceiveEvents& events,
                             receive::SpoolDisk& spool, store::HostStore& host, Options options)
    : orthanc_(orthanc),
      events_(events),
      spool_(spool),
      host_(host),
      options_(std::move(options)) {}

void InstanceTaker::Count(const char* outcome) {
  options_.metrics
      ->GetCounter("axial_orthanc_instances_total",
                   "Instances of Orthanc looked at, by what was done with them",
                   {{"outcome", outcome}})
      .Increment();
}

Result<std::string> InstanceTaker::StudyOf(const std::string& series_id) {
  if (const auto found = study_by_series_.find(series_id); found != study_by_series_.end())
    return found->second;
  AXIAL_ASSIGN_OR_RETURN(const nlohmann::json series, orthanc_.GetJson("/series/" + series_id));
  std::string study_id = TextOf(series, "ParentStudy");
  if (study_id.empty())
    return Error(ErrorCode::kUnavailable, "Orthanc's answer names no study of the series");
  if (study_by_series_.size() >= kMaxCachedSeries) study_by_series_.clear();
  study_by_series_[series_id] = study_id;
  return study_id;
}

Result<Sender> InstanceTaker::AskWhoSent(const std::string& instance_id, std::string& copied_from) {
  AXIAL_ASSIGN_OR_RETURN(const nlohmann::json metadata,
                         orthanc_.GetJson("/instances/" + instance_id + "/metadata?expand"));
  copied_from = TextOf(metadata, "ModifiedFrom");
  if (copied_from.empty()) copied_from = TextOf(metadata, "AnonymizedFrom");
  const std::string origin = TextOf(metadata, "Origin");
  Sender sender;
  sender.calling_ae_title = TextOf(metadata, "RemoteAET");
  sender.called_ae_title = TextOf(metadata, "CalledAET");
  sender.address = TextOf(metadata, "RemoteIP");
  if (origin == "DicomProtocol")
    sender.way = Way::kDicom;
  else if (origin == "RestApi" || origin == "WebDav")
    sender.way = Way::kHttp;
  else if (origin == "Plugins")
    sender.way = Way::kPlugin;
  return sender;
}

Result<bool> InstanceTaker::IsHere(const store::HostInstance& row, bool even_removed) {
  AXIAL_ASSIGN_OR_RETURN(const auto before, host_.FindInstance(row.host_id));
  if (!before || before->attachment != row.attachment) return false;
  if (before->ours) return true;
  // Its name in the spool may be younger than what survived the end of the machine.
  AXIAL_ASSIGN_OR_RETURN(const std::string path, host_.PathOf(*before));
  std::error_code error;
  return path.empty() ? !even_removed : std::filesystem::exists(path, error);
}

Status InstanceTaker::Take(const std::string& instance_id, const Sender* known,
                           const AssociationOf& association_of, bool even_removed) {
  AXIAL_ASSIGN_OR_RETURN(const nlohmann::json instance,
                         orthanc_.GetJson("/instances/" + instance_id));
  store::HostInstance row;
  row.host_id = instance_id;
  row.host_series_id = TextOf(instance, "ParentSeries");
  row.attachment = TextOf(instance, "FileUuid");
  if (row.host_series_id.empty() || row.attachment.empty())
    return Error(ErrorCode::kUnavailable, "Orthanc's answer names no series, or no file");
  AXIAL_ASSIGN_OR_RETURN(const bool here, IsHere(row, even_removed));
  if (here) {
    Count("known");
    return host_.ForgetLate(instance_id);
  }
  AXIAL_ASSIGN_OR_RETURN(row.host_study_id, StudyOf(row.host_series_id));

  Sender sender;
  std::string copied_from;
  if (known != nullptr && known->way == Way::kDicom) {
    sender = *known;  // no copy: Orthanc makes those itself
  } else {
    AXIAL_ASSIGN_OR_RETURN(sender, AskWhoSent(instance_id, copied_from));
  }
  if (sender.calling_ae_title.empty())
    sender.calling_ae_title = sender.way == Way::kPlugin ? "PLUGIN" : "HTTP";
  if (sender.called_ae_title.empty()) sender.called_ae_title = options_.own_ae_title;
  bool leave_alone = !copied_from.empty() && !options_.analyze_copies;
  if (!copied_from.empty()) {  // a copy of what this gateway made is none of its inputs either
    AXIAL_ASSIGN_OR_RETURN(const auto original, host_.FindInstance(copied_from));
    leave_alone = leave_alone || (original && original->ours);
  }
  const std::string file = FileOf(options_.storage_folder, row.attachment);
  const auto size = instance.find("FileSize");
  if (size != instance.end() && size->is_number_integer() &&
      IsPlainDicom(file, size->get<std::int64_t>())) {
    const Status linked = TakeLinked(file, row, leave_alone, sender, association_of);
    // Orthanc may have removed or replaced the file meanwhile.
    if (linked.ok() || (linked.error().code() != ErrorCode::kUnsupported &&
                        linked.error().code() != ErrorCode::kNotFound))
      return linked;
  }
  return TakeCopied(row, leave_alone, sender, association_of);
}

Result<bool> InstanceTaker::IsOurs(const InstanceHeader& header, store::HostInstance& row) {
  Identify(row, header);
  AXIAL_ASSIGN_OR_RETURN(row.ours, host_.IsOwnResult(row.sop_instance_uid, row.series_uid));
  return row.ours;
}

Status InstanceTaker::TakeLinked(const std::string& file, store::HostInstance& row,
                                 bool leave_alone, const Sender& sender,
                                 const AssociationOf& association_of) {
  AXIAL_ASSIGN_OR_RETURN(InstanceHeader header, ReadInstanceHeader(file));
  AXIAL_ASSIGN_OR_RETURN(const bool ours, IsOurs(header, row));
  if (ours || leave_alone) {
    row.ours = true;
    Count(ours ? "own_result" : "copy_left_alone");
    return host_.Record(row);
  }
  AXIAL_ASSIGN_OR_RETURN(const std::string digest, ContentDigestOfFile(file));
  AXIAL_ASSIGN_OR_RETURN(
      receive::SpoolPlace place,
      spool_.Adopt(file, row.study_uid, receive::MakeSpoolName(row.sop_instance_uid, digest)));
  CrashPoint("orthanc_linked");
  Count("linked");
  std::error_code error;
  const auto bytes = static_cast<std::int64_t>(std::filesystem::file_size(place.path, error));
  AXIAL_RETURN_IF_ERROR(
      events_.OnInstance({std::move(header), place.path, bytes, digest + place.suffix,
                          place.existed, association_of(sender, row.host_study_id),
                          /*durable=*/false}));
  CrashPoint("orthanc_taken");
  return host_.Record(row);
}

Status InstanceTaker::TakeCopied(store::HostInstance& row, bool leave_alone, const Sender& sender,
                                 const AssociationOf& association_of) {
  AXIAL_ASSIGN_OR_RETURN(const std::int64_t free_bytes, spool_.FreeBytes());
  if (free_bytes < options_.reserve_bytes)
    return Error(ErrorCode::kExhausted, "low disk space: below the storage reserve");
  std::unique_ptr<receive::SpoolFile> file;
  std::string digest;
  std::int64_t bytes = 0;
  {
    AXIAL_ASSIGN_OR_RETURN(const std::string content, orthanc_.DicomFile(row.host_id));
    AXIAL_ASSIGN_OR_RETURN(file, spool_.Create());
    AXIAL_RETURN_IF_ERROR(file->Write(content));
    AXIAL_RETURN_IF_ERROR(file->Finish());
    ContentDigest content_digest;
    content_digest.Add(content);
    digest = content_digest.Hex();
    bytes = static_cast<std::int64_t>(content.size());
  }
  AXIAL_ASSIGN_OR_RETURN(InstanceHeader header, file->ReadHeader());
  AXIAL_ASSIGN_OR_RETURN(const bool ours, IsOurs(header, row));
  if (ours || leave_alone) {
    row.ours = true;
    Count(ours ? "own_result" : "copy_left_alone");
    return host_.Record(row);
  }
  AXIAL_ASSIGN_OR_RETURN(
      const receive::SpoolPlace place,
      spool_.Commit(std::move(file), row.study_uid,
                    receive::MakeSpoolName(row.sop_instance_uid, digest), /*durable=*/false));
  Count("copied");
  AXIAL_RETURN_IF_ERROR(
      events_.OnInstance({std::move(header), place.path, bytes, digest + place.suffix,
                          place.existed, association_of(sender, row.host_study_id),
                          /*durable=*/false}));
  return host_.Record(row);
}

}  // namespace axial::plugin
