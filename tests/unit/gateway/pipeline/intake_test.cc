#include "gateway/pipeline/intake.h"

#include <SQLiteCpp/SQLiteCpp.h>
#include <gtest/gtest.h>

#include "gateway/store/completion_store.h"
#include "gateway/store/database.h"
#include "gateway/store/performed_step_store.h"
#include "tests/support/temp_dir.h"
#include "tests/support/turned_clock.h"

namespace axial::pipeline {
namespace {

class IntakeTest : public ::testing::Test {
 protected:
  IntakeTest() { clock_.Set(TimePoint(std::chrono::seconds(1'000'000))); }

  Status Receive(int number, int series = 1) {
    const std::string series_uid = fmt::format("1.1.{}", series);
    const std::string sop = fmt::format("{}.{}", series_uid, number);
    const Uid ct = Uid::Parse("1.2.840.10008.5.1.4.1.1.2").value();
    InstanceHeader header{Uid::Parse("1.1").value(),
                          Uid::Parse(series_uid).value(),
                          Uid::Parse(sop).value(),
                          ct,
                          "1.2.840.10008.1.2.1",
                          1,
                          {}};
    header.attributes["Modality"] = {"CS", {"CT"}};
    receive::ReceivedInstance instance{std::move(header), "/spool/" + sop, 1,
                                       "digest " + sop,   false,           association_};
    return intake_.OnInstance(std::move(instance));
  }

  std::int64_t Rows() {
    const auto study = studies_.Find("1.1").value();
    return study ? study->instances : 0;
  }

  testing::TempDir folder_;
  std::unique_ptr<store::Database> database_ =
      store::Database::Open(folder_.File("axial.db")).value();
  store::StudyStore studies_{*database_};
  store::CompletionStore completions_{*database_};
  store::PerformedStepStore steps_{*database_};
  Metrics metrics_;
  testing::TurnedClock clock_;
  assemble::StudyAssembler assembler_{studies_, completions_, steps_, metrics_};
  Intake intake_{studies_, assembler_, clock_, metrics_, {.rows = RowTime::kAfterAnswer}};
  receive::AssociationInfo association_{1, "CT01", "AXIAL", "127.0.0.1"};
};

TEST_F(IntakeTest, TheFirstOfASeriesHasItsRowBeforeItsAnswer) {
  ASSERT_TRUE(Receive(1).ok());
  EXPECT_EQ(Rows(), 1);
}

TEST_F(IntakeTest, TheOthersHaveTheirsWhenTheAssociationEnds) {
  for (int number = 1; number <= 20; ++number) ASSERT_TRUE(Receive(number).ok());
  intake_.OnAssociationClosed(association_, {}, receive::AssociationEnd::kReleased);
  EXPECT_EQ(Rows(), 20);
}

TEST_F(IntakeTest, TheFirstAfterTheRevisionWasClosedHasItsRowBeforeItsAnswer) {
  ASSERT_TRUE(Receive(1).ok());
  clock_.Set(clock_.Now() + std::chrono::hours(1));
  ASSERT_TRUE(assembler_.RunOnce(clock_.Now()).ok());
  ASSERT_EQ(studies_.Revisions("open", 10)->size(), 0U);
  ASSERT_TRUE(Receive(2).ok());
  EXPECT_EQ(Rows(), 2);
  EXPECT_EQ(studies_.RevisionsOfStudy("1.1")->size(), 2U);
}

/// Nothing may be closed between an answer and its row: the row would open the next revision, and
/// a start would not look for its file.
TEST_F(IntakeTest, NoRevisionIsClosedBetweenAnswerAndRow) {
  ASSERT_TRUE(Receive(1).ok());
  ASSERT_TRUE(assembler_.Expect("1.1", "1.1.1"));
  const TimePoint late = clock_.Now() + std::chrono::hours(1);
  EXPECT_FALSE(assembler_.RunOnce(late).value()) << "nothing is due before it has arrived";
  EXPECT_EQ(studies_.Revisions("open", 10)->size(), 1U);
  assembler_.Arrived("1.1");
  ASSERT_TRUE(assembler_.RunOnce(late).ok());
  EXPECT_EQ(studies_.Revisions("open", 10)->size(), 0U);
}

/// Its rows may say already that it is closed: a start would not look for the file.
TEST_F(IntakeTest, NothingIsExpectedWhileItIsClosed) {
  ASSERT_TRUE(Receive(1).ok());
  bool expected = true;
  assembler_.SetMakeDurable([&](const std::string& study_uid) {
    expected = assembler_.Expect(study_uid, "1.1.1");
    return Status();
  });
  ASSERT_TRUE(assembler_.RunOnce(clock_.Now() + std::chrono::hours(1)).ok());
  ASSERT_EQ(studies_.Revisions("open", 10)->size(), 0U);
  EXPECT_FALSE(expected);
}

/// Else the Study would be learned as one whose Series come interleaved.
TEST_F(IntakeTest, TheFirstOfTheNextSeriesComesAfterTheRowsOfTheLast) {
  for (int number = 1; number <= 20; ++number) ASSERT_TRUE(Receive(number).ok());
  ASSERT_TRUE(Receive(1, 2).ok());
  EXPECT_EQ(Rows(), 21);
}

/// What the index refuses alone costs the others nothing.
TEST_F(IntakeTest, ARowThatIsNotTakenHoldsUpNoOther) {
  ASSERT_TRUE(Receive(1).ok());
  ASSERT_TRUE(database_
                  ->Write([](SQLite::Database& db) -> Status {
                    db.exec(
                        "CREATE TRIGGER refuse BEFORE INSERT ON instance WHEN NEW.sop_instance_uid "
                        "= '1.1.1.3' BEGIN SELECT RAISE(ABORT, 'on purpose'); END");
                    return {};
                  })
                  .ok());
  for (int number = 2; number <= 5; ++number) ASSERT_TRUE(Receive(number).ok());
  EXPECT_TRUE(intake_.Flush());
  EXPECT_EQ(Rows(), 4);
  EXPECT_FALSE(assembler_.Expects("1.1"));
}

TEST_F(IntakeTest, OnlyAnOpenSeriesExpectsMore) {
  EXPECT_FALSE(assembler_.Expect("1.1", "1.1.1"));
  ASSERT_TRUE(Receive(1).ok());
  EXPECT_FALSE(assembler_.Expect("1.1", "1.1.2"));
  ASSERT_TRUE(assembler_.RunOnce(clock_.Now() + std::chrono::hours(1)).ok());
  EXPECT_FALSE(assembler_.Expect("1.1", "1.1.1"));
}

}  // namespace
}  // namespace axial::pipeline
