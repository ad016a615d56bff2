#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "core/base/clock.h"
#include "core/base/metrics.h"
#include "gateway/assemble/study_assembler.h"
#include "gateway/pipeline/row_writer.h"
#include "gateway/receive/receive_events.h"
#include "gateway/store/study_store.h"

namespace axial::pipeline {

/// When the row of an Instance is written that a start would find again without it.
enum class RowTime {
  kBeforeAnswer,
  kAfterAnswer,  ///< many at a time (ADR 0015)
};

struct IntakeOptions {
  store::UseContent use = store::UseContent::kFirst;
  RowTime rows = RowTime::kBeforeAnswer;
  /// The assembler has something to look at; must not block.
  std::function<void()> on_change = [] {};
};

/// Turns what reception reports into rows, and tells the assembler. Thread-safe.
class Intake final : public receive::ReceiveEvents {
 public:
  /// References outlive the intake.
  Intake(store::StudyStore& studies, assemble::StudyAssembler& assembler, const Clock& clock,
         Metrics& metrics, IntakeOptions options);

  /// The rows of all that was answered are written when this returns, or cannot be now.
  void Flush();

  Status OnAssociationOpened(const receive::AssociationInfo& association) override;
  Status OnInstance(receive::ReceivedInstance instance) override;
  void OnAssociationClosed(const receive::AssociationInfo& association,
                           const std::vector<Uid>& study_instance_uids,
                           receive::AssociationEnd end) override;

 private:
  [[nodiscard]] Status WriteAll(std::vector<AnsweredInstance>& instances);
  /// Its row is committed.
  void Tell(const store::NewInstance& row, const receive::AssociationInfo& association,
            const store::AddedInstance& added);

  store::StudyStore& studies_;
  assemble::StudyAssembler& assembler_;
  const Clock& clock_;
  Metrics& metrics_;
  const IntakeOptions options_;
  std::unique_ptr<RowWriter> rows_;  ///< nullptr: kBeforeAnswer
};

}  // namespace axial::pipeline
