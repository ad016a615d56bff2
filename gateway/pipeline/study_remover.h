#pragma once

#include <functional>
#include <string>

#include "core/base/clock.h"
#include "core/base/result.h"
#include "gateway/assemble/study_assembler.h"
#include "gateway/store/database.h"

namespace axial::pipeline {

/// Forgets studies that are gone where they came from: the PACS that the gateway runs inside
/// deleted them. Thread-safe.
class StudyRemover {
 public:
  struct Options {
    std::string spool_directory;
    std::string results_directory;
    const Clock* clock = &Clock::System();
    std::function<void()> on_cancelled;  ///< Jobs are cancelled, maybe running ones; must not block
  };

  /// References outlive this.
  StudyRemover(store::Database& database, assemble::StudyAssembler& assembler, Options options);

  /// Cancels its Jobs, removes its files, then its rows. Killed in between, it is done by doing it
  /// again. Errors: those of the store and the disk.
  [[nodiscard]] Status Remove(const std::string& study_uid);

  /// Cancels the Jobs of one Series; its rows stay with the study's.
  [[nodiscard]] Status CancelSeries(const std::string& study_uid, const std::string& series_uid);

 private:
  store::Database& database_;
  assemble::StudyAssembler& assembler_;
  const Options options_;
};

}  // namespace axial::pipeline
