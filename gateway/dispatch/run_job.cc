#include "gateway/dispatch/run_job.h"

#include <algorithm>
#include <utility>

namespace axial::dispatch {

Result<protocol::RunJob> MakeRunJob(const store::JobStore& jobs, const store::Job& job,
                                    const ResultWishes& wishes, const std::string& directory) {
  protocol::RunJob run;
  run.job = job.id;
  run.attempt = job.attempt;
  AXIAL_ASSIGN_OR_RETURN(run.input_files, jobs.InputFiles(job));
  if (run.input_files.empty())
    return Error(ErrorCode::kNotFound, "the Series has no Instance to run on");
  AXIAL_ASSIGN_OR_RETURN(run.run_of_study, jobs.RunOfStudy(job));
  run.output_directory = directory;
  run.profiles = wishes.profiles;
  return run;
}

std::vector<protocol::Predecessor> ToPredecessors(
    const std::vector<store::EarlierArtifact>& artifacts, const ResultWishes& wishes) {
  std::vector<protocol::Predecessor> predecessors;
  for (const store::EarlierArtifact& artifact : artifacts) {
    std::vector<int> profiles;
    for (std::size_t i = 0; i < wishes.destinations.size(); ++i)
      if (std::ranges::find_first_of(wishes.destinations[i], artifact.destinations) !=
          wishes.destinations[i].end())
        profiles.push_back(static_cast<int>(i));
    predecessors.push_back({artifact.kind, artifact.sop_class_uid, artifact.series_uid,
                            artifact.sop_instance_uid, std::move(profiles)});
  }
  return predecessors;
}

}  // namespace axial::dispatch
