#include "gateway/pipeline/modality_intake.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "gateway/store/study_store.h"
#include "tests/support/temp_dir.h"

namespace axial::pipeline {
namespace {

using receive::ReportPlace;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

constexpr const char* kCt = "1.2.840.10008.5.1.4.1.1.2";

/// Counts syncs; nothing else of it is used.
class CountingDisk final : public receive::SpoolDisk {
 public:
  Status Prepare() override { return {}; }
  Result<std::unique_ptr<receive::SpoolFile>> Create() override { return Unused(); }
  Result<receive::SpoolPlace> Commit(std::unique_ptr<receive::SpoolFile>, const std::string&,
                                     const std::string&, bool) override {
    return Unused();
  }
  Result<std::optional<receive::RemovedFiles>> RemoveExcept(const std::string&,
                                                            const KeptFiles&) override {
    return Unused();
  }
  Result<std::string> Quarantine(std::unique_ptr<receive::SpoolFile>) override { return Unused(); }
  Status SyncAll() override {
    ++syncs;
    return answer;
  }
  Status SyncFolder(const std::string&) override { return SyncAll(); }
  Result<std::int64_t> FreeBytes() override { return std::int64_t{1} << 40; }

  int syncs = 0;
  Status answer;

 private:
  static Error Unused() { return Error(ErrorCode::kInternal, "not used"); }
};

class ModalityIntakeTest : public ::testing::Test {
 protected:
  ModalityIntakeTest() { Make(config::Durability::kInstance); }

  void Make(config::Durability durability) {
    ModalityIntake::Options options;
    options.durability = durability;
    options.metrics = &metrics;
    options.on_step_ended = [this](const std::vector<std::string>&) { ++ended; };
    options.on_report = [this](const CommitmentReport& report) -> Status {
      reports.push_back(report);
      return {};
    };
    intake = std::make_unique<ModalityIntake>(commitments, steps, disk, std::move(options));
    deliver::CommitmentReporterOptions reporter_options;
    reporter_options.metrics = &metrics;
    reporter_options.report_of = [this](std::int64_t id) { return intake->ReportOf(id); };
    reporter = std::make_unique<deliver::CommitmentReporter>(commitments, Node(),
                                                             std::move(reporter_options));
    intake->SetReporter(*reporter);
  }

  static config::Node Node() {
    config::Node node;
    for (const auto& [name, association] : {std::pair{"AUTO", config::CommitmentAssociation::kAuto},
                                            std::pair{"SAME", config::CommitmentAssociation::kSame},
                                            std::pair{"NEW", config::CommitmentAssociation::kNew}})
      node.peers.push_back({AeTitle::Parse(name).value(), std::nullopt, std::nullopt,
                            config::CommitmentAnswers{"", "", 104, association, std::nullopt}});
    return node;
  }

  static receive::AssociationInfo From(const std::string& ae_title) {
    return {7, ae_title, "AXIAL", "127.0.0.1"};
  }

  receive::AcceptedCommitment Ask(const std::string& ae_title, const std::string& transaction) {
    return intake->OnCommitmentRequest(From(ae_title), {transaction, {{kCt, "1.1.1.1"}}}).value();
  }

  void Store() {
    const std::string path = folder.File("instance.dcm");
    std::ofstream(path) << "x";
    const store::NewInstance instance{InstanceHeader{Uid::Parse("1.1").value(),
                                                     Uid::Parse("1.1.1").value(),
                                                     Uid::Parse("1.1.1.1").value(),
                                                     Uid::Parse(kCt).value(),
                                                     "1.2.840.10008.1.2.1",
                                                     1,
                                                     {}},
                                      "a",
                                      path,
                                      1,
                                      "CT01",
                                      "AXIAL",
                                      "127.0.0.1",
                                      Clock::System().Now()};
    ASSERT_TRUE(store::StudyStore(*database).AddInstance(instance).ok());
  }

  testing::TempDir folder;
  std::unique_ptr<store::Database> database =
      store::Database::Open(folder.File("axial.db")).value();
  store::CommitmentStore commitments{*database};
  store::PerformedStepStore steps{*database};
  CountingDisk disk;
  Metrics metrics;
  int ended = 0;
  std::vector<CommitmentReport> reports;
  std::unique_ptr<ModalityIntake> intake;
  std::unique_ptr<deliver::CommitmentReporter> reporter;
};

TEST_F(ModalityIntakeTest, TellsWhereThePeerIsConfiguredOrUsedToTakeIt) {
  EXPECT_EQ(Ask("SAME", "9.1").place, ReportPlace::kHere);
  EXPECT_EQ(Ask("NEW", "9.1").place, ReportPlace::kElsewhere);
  EXPECT_EQ(Ask("UNKNOWN", "9.1").place, ReportPlace::kHere);  // there is no other way
  const auto accepted = Ask("AUTO", "9.1");
  EXPECT_EQ(accepted.place, ReportPlace::kHereIfOpen);

  const auto taken = intake->TakeCommitment(accepted.id).value();
  ASSERT_TRUE(taken);
  intake->OnReported(*taken, intake->ReportOf(accepted.id).value());
  EXPECT_EQ(Ask("AUTO", "9.2").place, ReportPlace::kHere);

  const auto other = commitments.Take(Ask("AUTO", "9.3").id, Clock::System().Now()).value();
  ASSERT_TRUE(other);
  ASSERT_TRUE(commitments
                  .Confirm(*other, commitments.Report(other->id).value(), store::kNewAssociation,
                           Clock::System().Now())
                  .ok());
  EXPECT_EQ(Ask("AUTO", "9.4").place, ReportPlace::kElsewhere);
}

TEST_F(ModalityIntakeTest, KeepsTheReporterAwayUntilTheAssociationLetsGo) {
  const auto accepted = Ask("AUTO", "9.1");
  EXPECT_FALSE(commitments.TakeDue(Clock::System().Now())->has_value());
  intake->OnCommitmentLeft(accepted.id);
  const auto taken = commitments.TakeDue(Clock::System().Now()).value();
  ASSERT_TRUE(taken);
  // What the Association had in hand and could not tell goes to the reporter at once.
  intake->OnNotReported(*taken, Error(ErrorCode::kTimeout, "no answer"));
  EXPECT_TRUE(commitments.TakeDue(Clock::System().Now())->has_value());
}

TEST_F(ModalityIntakeTest, MakesBytesDurableBeforeItCommitsToThem) {
  Store();
  EXPECT_THAT(intake->ReportOf(Ask("NEW", "9.1").id)->committed, SizeIs(1));
  EXPECT_EQ(disk.syncs, 0) << "they are, with durability instance";
  Make(config::Durability::kAssociation);
  EXPECT_THAT(intake->ReportOf(Ask("NEW", "9.2").id)->committed, SizeIs(1));
  EXPECT_EQ(disk.syncs, 1);
  disk.answer = Error(ErrorCode::kExhausted, "disk full");
  EXPECT_EQ(intake->ReportOf(Ask("NEW", "9.3").id).error().code(), ErrorCode::kExhausted);
}

TEST_F(ModalityIntakeTest, TellsAssemblyWhenAStepEnds) {
  ASSERT_TRUE(intake->OnStepCreated(From("CT01"), {"9.1", {"1.1"}, "CT01", "", "CT", {}}).ok());
  ASSERT_TRUE(intake->OnStepSet(From("CT01"), "9.1", {}).ok());
  EXPECT_EQ(ended, 0);
  ASSERT_TRUE(
      intake->OnStepSet(From("CT01"), "9.1", {store::PerformedStepEvent::kComplete, {}, ""}).ok());
  EXPECT_EQ(ended, 1);
}

TEST_F(ModalityIntakeTest, HandsOnTheAnswersToOwnRequests) {
  ASSERT_TRUE(intake->OnCommitmentReport(From("PACS"), {"9.9", {{kCt, "1.1"}}, {}}).ok());
  ASSERT_THAT(reports, SizeIs(1));
  EXPECT_EQ(reports[0].transaction_uid, "9.9");
}

TEST_F(ModalityIntakeTest, ForgetsWhatIsOldOnceAnHour) {
  ASSERT_TRUE(intake->OnStepCreated(From("CT01"), {"9.1", {"1.1"}, "CT01", "", "CT", {}}).ok());
  const TimePoint now = Clock::System().Now();
  EXPECT_EQ(intake->RunOnce(now).value(), now + std::chrono::hours(1));
  EXPECT_THAT(steps.List(10).value(), SizeIs(1));
  const TimePoint later = now + std::chrono::hours(31 * 24);
  EXPECT_EQ(intake->RunOnce(later).value(), later + std::chrono::hours(1));
  EXPECT_THAT(steps.List(10).value(), IsEmpty());
}

}  // namespace
}  // namespace axial::pipeline
