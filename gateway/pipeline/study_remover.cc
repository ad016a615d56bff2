#include "gateway/pipeline/study_remover.h"

#include <filesystem>
#include <utility>
#include <vector>

#include "core/base/log.h"
#include "core/dicom/uid.h"
#include "gateway/store/study_removal.h"

namespace axial::pipeline {
namespace {

Status RemoveFolder(const std::filesystem::path& folder) {
  std::error_code error;
  std::filesystem::remove_all(folder, error);
  if (!error) return {};
  return MakeError(ErrorCode::kUnavailable, "remove {}: {}", folder.string(), error.message());
}

}  // namespace

StudyRemover::StudyRemover(store::Database& database, assemble::StudyAssembler& assembler,
                           Options options)
    : database_(database), assembler_(assembler), options_(std::move(options)) {}

Status StudyRemover::Remove(const std::string& study_uid) {
  AXIAL_ASSIGN_OR_RETURN(const Uid uid, Uid::Parse(study_uid));  // it names a folder
  store::StudyRemoval removal(database_);
  assembler_.Forget(study_uid);
  AXIAL_ASSIGN_OR_RETURN(const std::vector<std::int64_t> jobs,
                         removal.CancelJobs(study_uid, "", options_.clock->Now()));
  if (options_.on_cancelled) options_.on_cancelled();
  AXIAL_RETURN_IF_ERROR(RemoveFolder(std::filesystem::path(options_.spool_directory) / uid.str()));
  for (const std::int64_t job : jobs)
    AXIAL_RETURN_IF_ERROR(
        RemoveFolder(std::filesystem::path(options_.results_directory) / std::to_string(job)));
  AXIAL_RETURN_IF_ERROR(removal.RemoveRows(study_uid));
  Log(LogLevel::kInfo, "study_removed", {{"study_uid", study_uid}, {"jobs", jobs.size()}});
  return {};
}

Status StudyRemover::CancelSeries(const std::string& study_uid, const std::string& series_uid) {
  AXIAL_ASSIGN_OR_RETURN(
      const std::vector<std::int64_t> jobs,
      store::StudyRemoval(database_).CancelJobs(study_uid, series_uid, options_.clock->Now()));
  if (!jobs.empty() && options_.on_cancelled) options_.on_cancelled();
  return {};
}

}  // namespace axial::pipeline
