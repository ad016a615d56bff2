#pragma once

#include <functional>
#include <vector>

#include "core/base/clock.h"
#include "core/base/metrics.h"
#include "gateway/assemble/study_assembler.h"
#include "gateway/receive/receive_events.h"
#include "gateway/store/study_store.h"

namespace axial::pipeline {

/// Turns what reception reports into rows, and tells the assembler. Thread-safe.
class Intake final : public receive::ReceiveEvents {
 public:
  /// References outlive the intake. `on_change`: the assembler has something to look at; must not
  /// block.
  Intake(store::StudyStore& studies, assemble::StudyAssembler& assembler, const Clock& clock,
         Metrics& metrics, store::UseContent use, std::function<void()> on_change);

  Status OnAssociationOpened(const receive::AssociationInfo& association) override;
  Status OnInstance(const receive::ReceivedInstance& instance) override;
  void OnAssociationClosed(const receive::AssociationInfo& association,
                           const std::vector<Uid>& study_instance_uids,
                           receive::AssociationEnd end) override;

 private:
  store::StudyStore& studies_;
  assemble::StudyAssembler& assembler_;
  const Clock& clock_;
  Metrics& metrics_;
  const store::UseContent use_;
  std::function<void()> on_change_;
};

}  // namespace axial::pipeline
