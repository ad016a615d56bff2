#include "gateway/store/host_store.h"

#include <gmock/gmock.h>

#include "tests/unit/gateway/store/store_fixture.h"

namespace axial::store {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

class HostStoreTest : public StoreTest {
 protected:
  static HostInstance Instance(const std::string& id, const std::string& study = "s1") {
    return {id, study + "-series", study, "file-" + id, "1.1." + id, "1.1.1", "1.1", false};
  }
};

TEST_F(HostStoreTest, ThePositionSurvivesARestart) {
  EXPECT_EQ(*HostStore(*database).Position(), std::nullopt);
  ASSERT_TRUE(HostStore(*database).SetPosition({"db", 7, "NewInstance x", At(3)}).ok());
  ASSERT_TRUE(HostStore(*database).SetPosition({"db", 9, "NewSeries y", At(4)}).ok());
  Reopen();
  const auto position = HostStore(*database).Position().value();
  ASSERT_TRUE(position.has_value());
  EXPECT_EQ(position->identity, "db");
  EXPECT_EQ(position->sequence, 9);
  EXPECT_EQ(position->anchor, "NewSeries y");
  EXPECT_EQ(position->handled_at, At(4));
}

TEST_F(HostStoreTest, AnInstanceIsKnownByItsFile) {
  HostStore host(*database);
  ASSERT_TRUE(host.Record(Instance("1")).ok());
  HostInstance again = Instance("1");
  again.attachment = "other";
  ASSERT_TRUE(host.Record(again).ok());
  EXPECT_EQ(host.FindInstance("1").value()->attachment, "other");
  EXPECT_EQ(host.FindInstance("2").value(), std::nullopt);
  EXPECT_EQ(host.FindSeries("s1-series").value()->study_uid, "1.1");
}

TEST_F(HostStoreTest, WhatIsLateIsTriedAgainWhenDueAndForgottenWhenTaken) {
  HostStore host(*database);
  const Error reason(ErrorCode::kUnavailable, "away");
  ASSERT_TRUE(host.Postpone("1", reason, At(10)).ok());
  ASSERT_TRUE(host.Postpone("2", reason, At(20)).ok());
  ASSERT_TRUE(host.Postpone("1", reason, At(11)).ok());
  EXPECT_THAT(*host.Late(At(9), 10), IsEmpty());
  ASSERT_THAT(*host.Late(At(12), 10), SizeIs(1));
  EXPECT_EQ(host.Late(At(12), 10)->front().attempt, 2);
  ASSERT_TRUE(host.Record(Instance("1")).ok());
  EXPECT_EQ(*host.CountLate(), 1);
}

TEST_F(HostStoreTest, ForgetsADeletedStudyAlone) {
  HostStore host(*database);
  ASSERT_TRUE(host.Record(Instance("1", "s1")).ok());
  ASSERT_TRUE(host.Record(Instance("2", "s2")).ok());
  EXPECT_THAT(*host.StudiesWith("1.1"), ElementsAre("s1", "s2"));
  ASSERT_TRUE(host.ForgetStudy("s1").ok());
  EXPECT_EQ(host.FindStudy("s1").value(), std::nullopt);
  EXPECT_EQ(host.FindInstance("1").value(), std::nullopt);
  EXPECT_EQ(host.FindInstance("2").value()->host_study_id, "s2");
  EXPECT_THAT(*host.StudiesWith("1.1"), ElementsAre("s2"));
}

TEST_F(HostStoreTest, StudiesComeInPages) {
  HostStore host(*database);
  for (const char* id : {"c", "a", "b"}) ASSERT_TRUE(host.Record(Instance(id, id)).ok());
  std::vector<std::string> ids;
  std::string after;
  while (true) {
    const auto page = host.Studies(after, 2).value();
    if (page.empty()) break;
    for (const HostStudy& study : page) ids.push_back(study.host_id);
    after = page.back().host_id;
  }
  EXPECT_THAT(ids, ElementsAre("a", "b", "c"));
}

TEST_F(HostStoreTest, AResultOfOursIsKnownByItsRow) {
  const Job job = AddJob({"pacs"});
  const Job leased = jobs->Lease({"model"}, At(3), std::chrono::seconds(60)).value().value();
  ASSERT_EQ(leased.id, job.id);
  ASSERT_TRUE(
      jobs->Produce(leased, {{"sr", "/r/1.dcm", "1.2", "2.25.7", "2.25.8", {"pacs"}}}, "", At(4))
          .ok());
  HostStore host(*database);
  EXPECT_TRUE(*host.IsOwnResult("2.25.8", "9.9"));
  EXPECT_TRUE(*host.IsOwnResult("9.9", "2.25.7"));
  EXPECT_FALSE(*host.IsOwnResult("1.1.1.1", "1.1.1"));
}

}  // namespace
}  // namespace axial::store
