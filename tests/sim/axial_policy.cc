#include <unistd.h>

#include <algorithm>
#include <set>

#include "core/base/metrics.h"
#include "gateway/assemble/study_assembler.h"
#include "gateway/pipeline/intake.h"
#include "gateway/store/completion_store.h"
#include "gateway/store/database.h"
#include "gateway/store/study_store.h"
#include "tests/sim/policy.h"
#include "tests/support/temp_dir.h"
#include "tests/support/turned_clock.h"

namespace axial::sim {
namespace {

class Axial final : public Policy {
 public:
  explicit Axial(const config::Completion& limits) {
    config::Config config;
    config.completion = limits;
    assembler_.SetLimits(config);
  }

  void Take(const Event& event) override {
    clock_.Set(event.at);
    receive::AssociationInfo association{event.association_id, event.calling_ae_title, "AXIAL",
                                         "127.0.0.1"};
    if (event.is_end) {
      intake_.OnAssociationClosed(
          association, {},
          event.released ? receive::AssociationEnd::kReleased : receive::AssociationEnd::kAborted);
    } else {
      const InstanceHeader& header = event.instance.front();
      const std::string& sop = header.sop_instance_uid.str();
      studies_seen_.insert(header.study_instance_uid.str());
      AXIAL_INVARIANT(
          intake_.OnInstance({header, "/spool/" + sop, 1, sop, event.repeated, association}).ok());
    }
    Run(event.at);
  }

  std::optional<TimePoint> NextDue() override { return next_; }

  void Run(TimePoint now) override {
    clock_.Set(now);
    next_ = assembler_.RunOnce(now).value();
    if (next_) next_ = std::max(*next_, now);
  }

  std::vector<Close> Closes() override {
    std::vector<Close> closes;
    for (const std::string& study : studies_seen_) {
      const auto revisions = studies_.RevisionsOfStudy(study);
      for (const store::Revision& revision : *revisions)
        if (revision.state != "open") closes.push_back({revision.closed_at, study, ""});
      const auto all_series = studies_.SeriesRevisions(study);
      for (const store::SeriesRevision& series : *all_series)
        closes.push_back({series.closed_at, study, series.series_uid});
    }
    std::stable_sort(closes.begin(), closes.end(),
                     [](const Close& a, const Close& b) { return a.at < b.at; });
    return closes;
  }

 private:
  testing::TempDir folder_{testing::TempDir::Place::kMemory};  // on a clock of its own
  std::unique_ptr<store::Database> database_ =
      store::Database::Open(folder_.File("axial.db")).value();
  store::StudyStore studies_{*database_};
  store::CompletionStore completions_{*database_};
  store::PerformedStepStore steps_{*database_};
  Metrics metrics_;
  testing::TurnedClock clock_;
  assemble::StudyAssembler assembler_{studies_, completions_, steps_, metrics_};
  pipeline::Intake intake_{studies_, assembler_, clock_, metrics_, {}};
  std::optional<TimePoint> next_;
  std::set<std::string> studies_seen_;
};

}  // namespace

std::unique_ptr<Policy> MakeAxial(const config::Completion& limits) {
  return std::make_unique<Axial>(limits);
}

}  // namespace axial::sim
