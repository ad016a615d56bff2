#include "gateway/pipeline/archive_stage.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/temp_dir.h"
#include "tests/support/turned_clock.h"

namespace axial::pipeline {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

class ArchiveStageTest : public ::testing::Test {
 protected:
  ArchiveStageTest() {
    config::Config config;
    config.completion.archive = "pacs";
    assembler.SetLimits(config);
  }

  /// One Instance over one Association of a Study that nothing is known of.
  void Send(std::int64_t association, const std::string& study) {
    assemble::InstanceFacts facts;
    facts.series_uid = study + ".1";
    assembler.OnInstance({association, study, "CT01", false, facts, clock.Now(), 1, 1});
    ASSERT_TRUE(assembler.OnAssociationClosed(association, true, clock.Now()).ok());
    ASSERT_TRUE(assembler.RunOnce(clock.Now()).ok());
  }

  std::optional<TimePoint> Run() { return stage.RunOnce(clock.Now()).value(); }

  testing::TempDir folder;
  std::unique_ptr<store::Database> database =
      store::Database::Open(folder.File("axial.db")).value();
  store::StudyStore studies{*database};
  store::CompletionStore completions{*database};
  store::PerformedStepStore steps{*database};
  Metrics metrics;
  testing::TurnedClock clock{TimePoint(std::chrono::seconds(1'000'000))};
  assemble::StudyAssembler assembler{studies, completions, steps, metrics};
  std::vector<std::string> asked;
  Result<deliver::SeriesCounts> answer = deliver::SeriesCounts{{"1.1", 2}};
  int nudges = 0;
  ArchiveStage stage{assembler,
                     [this](const std::string& destination, const std::string& study_uid) {
                       asked.push_back(destination + " " + study_uid);
                       return answer;
                     },
                     clock, metrics, [this] { ++nudges; }};
};

TEST_F(ArchiveStageTest, AsksWhenItIsTimeAndTellsTheAssembler) {
  Send(1, "1");
  EXPECT_EQ(Run(), clock.Now() + std::chrono::seconds(1));
  EXPECT_THAT(asked, IsEmpty());
  clock.Advance(std::chrono::seconds(1));
  Run();
  EXPECT_THAT(asked, ElementsAre("pacs 1"));
  EXPECT_EQ(nudges, 1);
  EXPECT_NE(
      metrics.Serialize().find(
          R"(axial_assemble_archive_questions_total{destination="pacs",result="answered"} 1)"),
      std::string::npos);
}

TEST_F(ArchiveStageTest, ADeadArchiveIsTriedOnceARoundAndAgainLater) {
  answer = Error(ErrorCode::kUnavailable, "no answer");
  Send(1, "1");
  Send(2, "2");
  clock.Advance(std::chrono::seconds(1));
  Run();
  EXPECT_THAT(asked, ElementsAre("pacs 1"));
  ASSERT_TRUE(assembler.RunOnce(clock.Now()).ok());
  EXPECT_EQ(Run(), clock.Now() + std::chrono::seconds(1));
  clock.Advance(std::chrono::seconds(1));
  answer = deliver::SeriesCounts{};
  Run();
  EXPECT_THAT(asked, ElementsAre("pacs 1", "pacs 1", "pacs 2"));
}

}  // namespace
}  // namespace axial::pipeline
