#include "gateway/assemble/study_assembler.h"

#include <gtest/gtest.h>

#include "tests/support/temp_dir.h"

namespace axial::assemble {
namespace {

TimePoint At(int seconds) { return TimePoint(std::chrono::seconds(1'000'000 + seconds)); }

class StudyAssemblerTest : public ::testing::Test {
 protected:
  void Receive(std::int64_t association, const std::string& sop, int seconds) {
    const store::NewInstance instance{
        InstanceHeader{Uid::Parse("1.1").value(),
                       Uid::Parse("1.1.1").value(),
                       Uid::Parse(sop).value(),
                       Uid::Parse("1.2.840.10008.5.1.4.1.1.2").value(),
                       "1.2.840.10008.1.2.1",
                       1,
                       {}},
        "sha" + sop,
        "/spool/" + sop,
        1,
        "CT01",
        "AXIAL",
        "127.0.0.1",
        At(seconds)};
    ASSERT_TRUE(studies.AddInstance(instance).ok());
    assembler.OnInstance(association, "1.1");
  }

  std::vector<store::Revision> Revisions() { return studies.RevisionsOfStudy("1.1").value(); }

  testing::TempDir folder;
  std::unique_ptr<store::Database> database =
      store::Database::Open(folder.File("axial.db")).value();
  store::StudyStore studies{*database};
  Metrics metrics;
  StudyAssembler assembler{studies, metrics};
};

TEST_F(StudyAssemblerTest, ClosesSoonAfterTheLastOfTwoAssociationsEnded) {
  Receive(1, "1.1.1.1", 0);
  Receive(2, "1.1.1.2", 1);
  ASSERT_TRUE(assembler.OnAssociationClosed(1, At(2)).ok());
  EXPECT_EQ(assembler.RunOnce(At(3)).value(), At(6));  // one still open: only quiet counts
  ASSERT_TRUE(assembler.OnAssociationClosed(2, At(3)).ok());
  EXPECT_EQ(assembler.RunOnce(At(3)).value(), At(4));
  EXPECT_FALSE(assembler.RunOnce(At(4)).value().has_value());
  ASSERT_EQ(Revisions().size(), 1U);
  EXPECT_EQ(Revisions()[0].state, "closed");
  EXPECT_EQ(Revisions()[0].close_reason, "association_released");
}

TEST_F(StudyAssemblerTest, AnotherAssociationWithinAfterReleaseKeepsTheRevisionOpen) {
  Receive(1, "1.1.1.1", 0);
  ASSERT_TRUE(assembler.OnAssociationClosed(1, At(0)).ok());
  Receive(2, "1.1.1.2", 1);
  EXPECT_EQ(assembler.RunOnce(At(2)).value(), At(6));
  EXPECT_EQ(Revisions()[0].state, "open");
}

TEST_F(StudyAssemblerTest, ReopensAsNewRevisionOnLateInstance) {
  Receive(1, "1.1.1.1", 0);
  ASSERT_TRUE(assembler.RunOnce(At(5)).ok());
  Receive(1, "1.1.1.2", 60);
  ASSERT_EQ(Revisions().size(), 2U);
  EXPECT_EQ(Revisions()[0].state, "closed");
  EXPECT_EQ(Revisions()[1].state, "open");
}

TEST_F(StudyAssemblerTest, AfterARestartNoAssociationIsOpen) {
  Receive(1, "1.1.1.1", 0);
  StudyAssembler restarted(studies, metrics);
  ASSERT_TRUE(restarted.Recover(At(2)).ok());
  EXPECT_EQ(restarted.RunOnce(At(2)).value(), At(3));
}

}  // namespace
}  // namespace axial::assemble
