// SPDX-License-Identifier: GPL-3.0-or-later
#include "orthanc-plugin/orthanc_destination.h"

#include <atomic>
#include <fstream>
#include <iterator>
#include <limits>
#include <nlohmann/json.hpp>
#include <utility>

namespace axial::plugin {
namespace {

Result<std::string> ReadFile(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) return MakeError(ErrorCode::kNotFound, "the artifact's file {} cannot be read", path);
  std::string bytes{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
  if (file.bad()) return MakeError(ErrorCode::kUnavailable, "{} cannot be read", path);
  if (bytes.size() > std::numeric_limits<std::uint32_t>::max())
    return MakeError(ErrorCode::kUnsupported, "{} has more than 4 GiB, which Orthanc cannot take",
                     path);
  return bytes;
}

class OrthancDestination final : public deliver::Destination {
 public:
  explicit OrthancDestination(const OrthancApi& orthanc) : orthanc_(orthanc) {}

  deliver::SendReport Send(const std::vector<store::Delivery>& artifacts) override {
    deliver::SendReport report;
    report.reached = Echo();
    if (!report.reached.ok()) return report;
    for (const store::Delivery& artifact : artifacts) report.results.push_back(Post(artifact));
    return report;
  }

  Status Echo() override {
    if (interrupted_) return Error(ErrorCode::kUnavailable, "the gateway is stopping");
    const Result<std::string> answer = orthanc_.Get("/system");
    return answer.ok() ? Status() : answer.error();
  }

  deliver::CheckReport Check(const std::vector<store::Delivery>& artifacts) override {
    deliver::CheckReport report;
    report.reached = Echo();
    if (!report.reached.ok()) return report;
    for (const store::Delivery& artifact : artifacts)
      report.results.emplace_back(!orthanc_.LookupInstance(artifact.sop_instance_uid).empty());
    return report;
  }

  void Interrupt() override { interrupted_ = true; }

 private:
  deliver::SendResult Post(const store::Delivery& artifact) const {
    if (interrupted_) return Error(ErrorCode::kUnavailable, "the gateway is stopping");
    AXIAL_ASSIGN_OR_RETURN(const bool there, HasStudy(artifact.study_uid));
    if (!there)
      return MakeError(ErrorCode::kNotFound, "Orthanc has no study {} any more",
                       artifact.study_uid);
    AXIAL_ASSIGN_OR_RETURN(const std::string bytes, ReadFile(artifact.path));
    AXIAL_ASSIGN_OR_RETURN(const std::string text, orthanc_.Post("/instances", bytes));
    const auto answer = nlohmann::json::parse(text, nullptr, /*allow_exceptions=*/false);
    const std::string status =
        answer.is_object() ? answer.value("Status", std::string()) : std::string();
    if (status == "Success" || status == "AlreadyStored") return std::string();
    return MakeError(ErrorCode::kInvalidInput, "Orthanc did not store it: {}",
                     status.empty() ? "no status" : status);
  }

  /// Also when two patients have studies of that UID.
  [[nodiscard]] Result<bool> HasStudy(const std::string& study_uid) const {
    AXIAL_ASSIGN_OR_RETURN(const std::string found, orthanc_.Post("/tools/lookup", study_uid));
    const auto list = nlohmann::json::parse(found, nullptr, /*allow_exceptions=*/false);
    return list.is_array() && !list.empty();
  }

  const OrthancApi& orthanc_;
  std::atomic<bool> interrupted_ = false;
};

}  // namespace

std::unique_ptr<deliver::Destination> MakeOrthancDestination(const OrthancApi& orthanc) {
  return std::make_unique<OrthancDestination>(orthanc);
}

}  // namespace axial::plugin
