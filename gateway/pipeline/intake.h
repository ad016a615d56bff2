#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <utility>
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

  /// Waits for the rows of all that was answered. False: they cannot be written now.
  [[nodiscard]] bool Flush();
  /// Why rows of what was answered could not be written the last time; ok: none failed.
  [[nodiscard]] Status Trouble() const { return rows_ ? rows_->Trouble() : Status{}; }

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
  /// Tells the assembler that an Association has ended.
  void End(std::int64_t association_id, receive::AssociationEnd end);
  /// The same of those that ended while rows could not be written.
  void EndWaiting();

  store::StudyStore& studies_;
  assemble::StudyAssembler& assembler_;
  const Clock& clock_;
  Metrics& metrics_;
  const IntakeOptions options_;
  std::mutex ended_mutex_;
  std::vector<std::pair<std::int64_t, receive::AssociationEnd>> ended_;  ///< and are not told yet
  std::unique_ptr<RowWriter> rows_;                                      ///< nullptr: kBeforeAnswer
};

}  // namespace axial::pipeline
