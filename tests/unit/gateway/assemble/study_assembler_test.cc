#include "gateway/assemble/study_assembler.h"

#include <gtest/gtest.h>

#include "tests/support/hostile_dicom.h"
#include "tests/support/temp_dir.h"

namespace axial::assemble {
namespace {

TimePoint At(double seconds) {
  return TimePoint(std::chrono::seconds(1'000'000) +
                   Duration(static_cast<std::int64_t>(seconds * 1e6)));
}

class StudyAssemblerTest : public ::testing::Test {
 protected:
  /// Instance `number` of Series <study>.<series>, as a file and as rows.
  void Receive(std::int64_t association, int series, int number, double seconds,
               const std::string& study = "1.1") {
    const std::string series_uid = study + "." + std::to_string(series);
    const std::string sop = series_uid + "." + std::to_string(number);
    const std::string path = folder.File(sop + ".dcm");
    using testing::ExplicitElement;
    testing::WriteWholeFile(
        path,
        testing::DicomFile(ExplicitElement(0x0008, 0x0016, "UI", "1.2.840.10008.5.1.4.1.1.2") +
                           ExplicitElement(0x0008, 0x0018, "UI", sop) +
                           ExplicitElement(0x0020, 0x000d, "UI", study) +
                           ExplicitElement(0x0020, 0x000e, "UI", series_uid) +
                           ExplicitElement(0x0020, 0x0013, "IS", std::to_string(number))));
    const InstanceHeader header = ReadInstanceHeader(path).value();
    const store::NewInstance instance{header, "sha" + sop, path,        1,
                                      "CT01", "AXIAL",     "127.0.0.1", At(seconds)};
    const store::AddedInstance added = studies.AddInstance(instance).value();
    assembler_->OnInstance({association, study, "CT01", false, FactsOf(header), At(seconds),
                            added.revision, added.study_version});
  }

  /// As after a crash.
  void Restart(double seconds) {
    assembler_.emplace(studies, completions, steps, metrics);
    ASSERT_TRUE(assembler_->Recover(At(seconds)).ok());
  }

  std::vector<store::Revision> Revisions() { return studies.RevisionsOfStudy("1.1").value(); }

  testing::TempDir folder;
  std::unique_ptr<store::Database> database =
      store::Database::Open(folder.File("axial.db")).value();
  store::StudyStore studies{*database};
  store::CompletionStore completions{*database};
  store::PerformedStepStore steps{*database};
  Metrics metrics;
  std::optional<StudyAssembler> assembler_{std::in_place, studies, completions, steps, metrics};
};

/// Whoever routes looks only when there is something to route.
TEST_F(StudyAssemblerTest, TellsThatSomethingWasClosed) {
  int told = 0;
  assembler_->SetOnClosed([&] { ++told; });
  Receive(1, 1, 1, 0);
  Receive(1, 1, 2, 1);
  ASSERT_TRUE(assembler_->RunOnce(At(2)).ok());
  const int before = told;  // a new Study may count: what was closed of it before is not known
  EXPECT_LE(before, 1);
  ASSERT_TRUE(assembler_->RunOnce(At(1000)).ok());
  ASSERT_EQ(Revisions().front().state, "closed");
  EXPECT_EQ(told, before + 1);
  ASSERT_TRUE(assembler_->RunOnce(At(1001)).ok());
  EXPECT_EQ(told, before + 1);
}

/// The late Instance closed the revision itself, in its own transaction.
TEST_F(StudyAssemblerTest, TellsThatALateInstanceClosedTheRevision) {
  Receive(1, 1, 1, 0);
  Receive(1, 2, 1, 0);
  ASSERT_TRUE(completions.CloseSeries("1.1", 1, {"1.1.1", "counts", "all are here"}, At(1)).ok());
  int told = 0;
  assembler_->SetOnClosed([&] { ++told; });
  Receive(1, 1, 2, 2);
  ASSERT_EQ(Revisions().front().state, "closed");
  EXPECT_EQ(told, 1);
}

TEST_F(StudyAssemblerTest, ClosesSoonAfterTheLastOfTwoAssociationsEnded) {
  for (int number = 1; number <= 2; ++number) {
    Receive(1, 1, number, 0);
    Receive(1, 2, number, 0);
    Receive(2, 1, number + 2, 1);
    Receive(2, 2, number + 2, 1);
  }
  ASSERT_TRUE(assembler_->OnAssociationClosed(1, true, At(2)).ok());
  EXPECT_EQ(assembler_->RunOnce(At(3)).value(), At(61));  // one still open: only quiet counts
  ASSERT_TRUE(assembler_->OnAssociationClosed(2, true, At(3)).ok());
  EXPECT_EQ(assembler_->RunOnce(At(3)).value(), At(4));
  EXPECT_FALSE(assembler_->RunOnce(At(4)).value().has_value());
  ASSERT_EQ(Revisions().size(), 1U);
  EXPECT_EQ(Revisions()[0].state, "closed");
  EXPECT_EQ(Revisions()[0].close_reason, "association_released");
  EXPECT_EQ(Revisions()[0].evidence.substr(0, 38), "CT01 released its Association; its Ass");
  EXPECT_EQ(Revisions()[0].released_at, At(3));
}

TEST_F(StudyAssemblerTest, StoresForEachSeriesWhatClosedIt) {
  for (int number = 1; number <= 3; ++number) Receive(1, 1, number, 0);
  ASSERT_TRUE(assembler_->OnAssociationClosed(1, true, At(1)).ok());
  ASSERT_TRUE(assembler_->RunOnce(At(2)).ok());
  EXPECT_EQ(Revisions()[0].state, "open");  // a first Series need not be the whole Study
  auto series = studies.SeriesRevisions("1.1").value();
  ASSERT_EQ(series.size(), 1U);
  EXPECT_EQ(series[0].close_reason, "association_released");
  EXPECT_EQ(series[0].instances, 3);
  EXPECT_EQ(series[0].closed_at, At(2));
  ASSERT_TRUE(assembler_->RunOnce(At(60)).ok());
  EXPECT_EQ(Revisions()[0].close_reason, "quiet");
  EXPECT_EQ(studies.SeriesRevisions("1.1")->size(), 1U);  // closed once
}

TEST_F(StudyAssemblerTest, ClosesNothingBeforeItsBytesAreDurable) {
  Status durable = Error(ErrorCode::kUnavailable, "input/output error");
  std::vector<std::string> asked;
  assembler_->SetMakeDurable([&](const std::string& study_uid) {
    asked.push_back(study_uid);
    return durable;
  });
  for (int number = 1; number <= 3; ++number) Receive(1, 1, number, 0);
  ASSERT_TRUE(assembler_->OnAssociationClosed(1, true, At(1)).ok());
  EXPECT_EQ(assembler_->RunOnce(At(2)).error().code(), ErrorCode::kUnavailable);
  EXPECT_TRUE(studies.SeriesRevisions("1.1")->empty());
  EXPECT_EQ(asked, std::vector<std::string>{"1.1"});
  durable = {};
  ASSERT_TRUE(assembler_->RunOnce(At(3)).ok());
  EXPECT_EQ(studies.SeriesRevisions("1.1")->size(), 1U);
  durable = Error(ErrorCode::kUnavailable, "input/output error");
  EXPECT_FALSE(assembler_->RunOnce(At(70)).ok());
  EXPECT_EQ(Revisions()[0].state, "open");
}

TEST_F(StudyAssemblerTest, AnInstanceThatIsReplacedCountsOnce) {
  Receive(1, 1, 1, 0);
  const InstanceHeader header = ReadInstanceHeader(folder.File("1.1.1.1.dcm")).value();
  InstanceFacts facts = FactsOf(header);
  facts.series_instances = 2;
  const auto receive = [&](const std::string& sop, const std::string& sha256, double seconds) {
    InstanceHeader again = header;
    again.sop_instance_uid = Uid::Parse(sop).value();
    store::NewInstance instance{again,  sha256,  "/" + sha256, 1,
                                "CT01", "AXIAL", "127.0.0.1",  At(seconds)};
    instance.use = store::UseContent::kLast;
    const store::AddedInstance added = studies.AddInstance(instance).value();
    facts.instance_number = sop == "1.1.1.1" ? 1 : 2;
    assembler_->OnInstance({1, "1.1", "CT01", false, facts, At(seconds), added.revision,
                            added.study_version, added.outcome == store::AddOutcome::kReplacing});
  };
  receive("1.1.1.1", "other", 1);
  receive("1.1.1.1", "third", 2);
  ASSERT_TRUE(assembler_->RunOnce(At(2)).ok());
  EXPECT_TRUE(studies.SeriesRevisions("1.1")->empty()) << "one of two is there";
  receive("1.1.1.2", "second", 3);
  ASSERT_TRUE(assembler_->RunOnce(At(3)).ok());
  ASSERT_EQ(studies.SeriesRevisions("1.1")->size(), 1U);
  EXPECT_EQ(studies.SeriesRevisions("1.1")->front().close_reason, "declared_count");
  EXPECT_EQ(studies.SeriesRevisions("1.1")->front().instances, 2);
  // Of a Series that is complete, it is the next revision, which is closed as any.
  receive("1.1.1.2", "fourth", 4);
  EXPECT_EQ(Revisions().size(), 2U);
  ASSERT_TRUE(assembler_->OnAssociationClosed(1, true, At(5)).ok());
  for (double at = 5; at < 200; at += 5) ASSERT_TRUE(assembler_->RunOnce(At(at)).ok());
  EXPECT_EQ(Revisions().back().state, "closed");
}

TEST_F(StudyAssemblerTest, AnInstanceThatWasNotToldYetIsWaitedFor) {
  Receive(1, 1, 1, 0);
  InstanceHeader header = ReadInstanceHeader(folder.File("1.1.1.1.dcm")).value();
  header.sop_instance_uid = Uid::Parse("1.1.1.2").value();
  const store::AddedInstance added =
      studies.AddInstance({header, "b", "/b", 1, "CT01", "AXIAL", "127.0.0.1", At(0)}).value();
  EXPECT_EQ(assembler_->RunOnce(At(60)).value(), At(60.05));
  EXPECT_EQ(Revisions()[0].state, "open");
  assembler_->OnInstance(
      {1, "1.1", "CT01", false, FactsOf(header), At(0), added.revision, added.study_version});
  ASSERT_TRUE(assembler_->RunOnce(At(60)).ok());
  EXPECT_EQ(Revisions()[0].state, "closed");
}

TEST_F(StudyAssemblerTest, WhatIsNeverToldIsClosedFromItsRowsInTheEnd) {
  Receive(1, 1, 1, 0);
  InstanceHeader header = ReadInstanceHeader(folder.File("1.1.1.1.dcm")).value();
  header.sop_instance_uid = Uid::Parse("1.1.1.2").value();
  ASSERT_TRUE(
      studies.AddInstance({header, "b", "/b", 1, "CT01", "AXIAL", "127.0.0.1", At(0)}).ok());
  for (double at = 60; Revisions()[0].state == "open" && at < 80; at += 0.05)
    ASSERT_TRUE(assembler_->RunOnce(At(at)).ok());
  EXPECT_EQ(Revisions()[0].state, "closed");
}

TEST_F(StudyAssemblerTest, AnEndedPerformedStepTellsExactlyWhatTheStudyConsistsOf) {
  ASSERT_TRUE(steps.Create({"9.1", {"1.1"}, "CT01", "CT01", "CT", {}}, At(0)).ok());
  Receive(1, 1, 1, 0);
  Receive(1, 1, 2, 1);
  ASSERT_TRUE(assembler_->OnAssociationClosed(1, true, At(1)).ok());
  ASSERT_TRUE(assembler_->RunOnce(At(1)).ok());
  store::PerformedStepChange change;
  change.event = store::PerformedStepEvent::kComplete;
  change.series = {{"1.1.1", {{"1.2", "1.1.1.1"}, {"1.2", "1.1.1.2"}}},
                   {"1.1.2", {{"1.2", "1.1.2.1"}}}};
  assembler_->OnStepsChanged(steps.Set("9.1", change, At(1)).value());
  ASSERT_TRUE(assembler_->RunOnce(At(1)).ok());
  ASSERT_EQ(studies.SeriesRevisions("1.1")->size(), 1U);
  EXPECT_EQ(studies.SeriesRevisions("1.1")->front().close_reason, "performed_step");
  EXPECT_EQ(Revisions()[0].state, "open");  // one Instance of another Series is missing
  ASSERT_TRUE(assembler_->RunOnce(At(30)).ok());
  EXPECT_EQ(Revisions()[0].state, "open");
  Receive(2, 2, 1, 30);
  ASSERT_TRUE(assembler_->RunOnce(At(30)).ok());
  EXPECT_EQ(Revisions()[0].state, "closed");
  EXPECT_EQ(Revisions()[0].close_reason, "performed_step");
  EXPECT_EQ(Revisions()[0].evidence,
            "3 of 3 Instances in 2 Series, by Modality Performed Procedure Step");
}

TEST_F(StudyAssemblerTest, WhileAStepIsInProgressNobodyGuessesThatAnUnknownSenderIsDone) {
  ASSERT_TRUE(steps.Create({"9.1", {"1.1"}, "CT01", "CT01", "CT", {}}, At(0)).ok());
  Receive(1, 1, 1, 0);
  Receive(1, 1, 2, 0);
  ASSERT_TRUE(assembler_->OnAssociationClosed(1, true, At(0)).ok());
  ASSERT_TRUE(assembler_->RunOnce(At(20)).ok());
  EXPECT_TRUE(studies.SeriesRevisions("1.1")->empty());
  store::PerformedStepChange change;
  change.event = store::PerformedStepEvent::kDiscontinue;
  change.series = {{"1.1.1", {{"1.2", "1.1.1.1"}, {"1.2", "1.1.1.2"}, {"1.2", "1.1.1.3"}}}};
  assembler_->OnStepsChanged(steps.Set("9.1", change, At(20)).value());
  ASSERT_TRUE(assembler_->RunOnce(At(30)).ok());
  EXPECT_TRUE(studies.SeriesRevisions("1.1")->empty()) << "one is missing";
  Receive(2, 1, 3, 30);
  ASSERT_TRUE(assembler_->RunOnce(At(30)).ok());
  ASSERT_EQ(studies.SeriesRevisions("1.1")->size(), 1U);
  EXPECT_EQ(studies.SeriesRevisions("1.1")->front().close_reason, "performed_step");
}

TEST_F(StudyAssemblerTest, WhatAStepInProgressNamesIsWaitedFor) {
  ASSERT_TRUE(steps.Create({"9.1", {"1.1"}, "CT01", "CT01", "CT", {}}, At(0)).ok());
  store::PerformedStepChange change;
  change.series = {{"1.1.1", {{"1.2", "1.1.1.1"}, {"1.2", "1.1.1.2"}, {"1.2", "1.1.1.3"}}}};
  ASSERT_TRUE(steps.Set("9.1", change, At(0)).ok());
  Receive(1, 1, 1, 0);
  Receive(1, 1, 2, 0);
  ASSERT_TRUE(assembler_->OnAssociationClosed(1, true, At(0)).ok());
  ASSERT_TRUE(assembler_->RunOnce(At(50)).ok());
  EXPECT_TRUE(studies.SeriesRevisions("1.1")->empty());
  ASSERT_TRUE(assembler_->RunOnce(At(61)).ok());
  EXPECT_EQ(Revisions()[0].close_reason, "quiet");
}

TEST_F(StudyAssemblerTest, ReopensAsNewRevisionOnLateInstance) {
  Receive(1, 1, 1, 0);
  ASSERT_TRUE(assembler_->RunOnce(At(60)).ok());
  Receive(1, 1, 2, 100);
  ASSERT_EQ(Revisions().size(), 2U);
  EXPECT_EQ(Revisions()[0].state, "closed");
  EXPECT_EQ(Revisions()[1].state, "open");
  ASSERT_TRUE(assembler_->OnAssociationClosed(1, true, At(101)).ok());
  ASSERT_TRUE(assembler_->RunOnce(At(400)).ok());
  EXPECT_EQ(Revisions()[1].state, "closed");
}

TEST_F(StudyAssemblerTest, AfterARestartASenderThatWasCutOffIsWaitedFor) {
  for (int number = 1; number <= 3; ++number) Receive(1, 1, number, 0);
  Restart(100);
  EXPECT_EQ(assembler_->RunOnce(At(100)).value(), At(160));  // not from its last Instance
  Receive(2, 1, 4, 110);
  ASSERT_TRUE(assembler_->OnAssociationClosed(2, true, At(110)).ok());
  ASSERT_TRUE(assembler_->RunOnce(At(112)).ok());
  ASSERT_EQ(studies.SeriesRevisions("1.1")->size(), 1U);
  EXPECT_NE(studies.SeriesRevisions("1.1")->front().evidence.find("Instance Numbers 1 to 4"),
            std::string::npos);  // the first three were read again
}

TEST_F(StudyAssemblerTest, AfterARestartAReleasedStudyIsClosedByTheSameEvidence) {
  for (int series = 1; series <= 2; ++series)
    for (int number = 1; number <= 3; ++number) Receive(1, series, number, 0);
  ASSERT_TRUE(assembler_->OnAssociationClosed(1, true, At(1)).ok());
  Restart(1.5);
  ASSERT_TRUE(assembler_->RunOnce(At(2)).ok());
  EXPECT_EQ(Revisions()[0].close_reason, "association_released");
  EXPECT_EQ(studies.SeriesRevisions("1.1")->size(), 2U);
}

TEST_F(StudyAssemblerTest, AfterARestartACompleteSeriesStaysComplete) {
  for (int number = 1; number <= 3; ++number) Receive(1, 1, number, 0);
  ASSERT_TRUE(assembler_->OnAssociationClosed(1, true, At(1)).ok());
  ASSERT_TRUE(assembler_->RunOnce(At(2)).ok());
  Restart(3);
  ASSERT_TRUE(assembler_->RunOnce(At(10)).ok());
  EXPECT_EQ(studies.SeriesRevisions("1.1")->size(), 1U);
  Receive(2, 1, 4, 20);  // late: the next revision
  ASSERT_EQ(Revisions().size(), 2U);
  EXPECT_EQ(Revisions()[0].close_reason, "late_instance");
}

TEST_F(StudyAssemblerTest, AfterARestartFilesThatAreGoneOnlyMakeItSlower) {
  Receive(1, 1, 1, 0);
  std::filesystem::remove(folder.File("1.1.1.1.dcm"));
  Restart(1);
  ASSERT_TRUE(assembler_->RunOnce(At(61)).ok());
  EXPECT_EQ(Revisions()[0].close_reason, "quiet");
}

TEST_F(StudyAssemblerTest, HabitsSurviveARestart) {
  for (int number = 1; number <= 3; ++number) Receive(1, 1, number, 0);
  ASSERT_TRUE(assembler_->OnAssociationClosed(1, true, At(1)).ok());
  ASSERT_TRUE(assembler_->RunOnce(At(100)).ok());
  ASSERT_EQ(completions.Habits(10)->size(), 1U);
  Restart(101);
  Receive(2, 1, 1, 102, "1.2");
  ASSERT_TRUE(assembler_->OnAssociationClosed(2, true, At(103)).ok());
  ASSERT_TRUE(assembler_->RunOnce(At(500)).ok());
  const auto habits = completions.Habits(10).value();
  ASSERT_EQ(habits.size(), 1U);
  EXPECT_EQ(habits[0].calling_ae_title, "CT01");
  EXPECT_NE(habits[0].habit.find("\"studies\":2"), std::string::npos) << habits[0].habit;
}

}  // namespace
}  // namespace axial::assemble
