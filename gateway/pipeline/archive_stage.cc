#include "gateway/pipeline/archive_stage.h"

#include <set>
#include <utility>

#include "core/base/log.h"

namespace axial::pipeline {

ArchiveStage::ArchiveStage(assemble::StudyAssembler& assembler, CountInstances count_instances,
                           const Clock& clock, Metrics& metrics, std::function<void()> on_counts)
    : assembler_(assembler),
      count_instances_(std::move(count_instances)),
      clock_(clock),
      metrics_(metrics),
      on_counts_(std::move(on_counts)) {}

void ArchiveStage::Note(const std::string& archive, const Status& answered) {
  metrics_
      .GetCounter("axial_assemble_archive_questions_total",
                  "C-FIND of the number of Instances, by archive and result",
                  {{"destination", archive}, {"result", answered.ok() ? "answered" : "failed"}})
      .Increment();
  const std::string reason = answered.ok() ? "" : answered.error().message();
  if (std::exchange(failing_[archive], reason) == reason) return;
  if (answered.ok())
    Log(LogLevel::kInfo, "archive_can_be_asked", {{"destination", archive}});
  else  // the number of Instances is one piece of evidence; without it Studies close later
    Log(LogLevel::kWarning, "archive_cannot_be_asked",
        {{"destination", archive}, {"reason", reason}});
}

Result<std::optional<TimePoint>> ArchiveStage::RunOnce(TimePoint now) {
  std::set<std::string> failed;  // a dead archive costs one time-out a round
  bool any = false;
  for (const assemble::ArchiveQuestion& question : assembler_.TakeArchiveQuestions(now)) {
    std::optional<assemble::ArchiveCounts> counts;
    if (!failed.contains(question.archive)) {
      auto answer = count_instances_(question.archive, question.study_uid);
      Note(question.archive, answer.ok() ? Status() : Status(answer.error()));
      if (answer.ok())
        counts = {question.archive, clock_.Now(), *std::move(answer)};
      else
        failed.insert(question.archive);
    }
    assembler_.OnArchiveCounts(question.study_uid, std::move(counts));
    any = true;
  }
  if (any) on_counts_();
  return assembler_.NextArchiveQuestion();
}

}  // namespace axial::pipeline
