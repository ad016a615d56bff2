#include "gateway/store/open_series.h"

#include <SQLiteCpp/SQLiteCpp.h>

#include "gateway/store/completion_store.h"
#include "tests/unit/gateway/store/store_fixture.h"

namespace axial::store {
namespace {

class OpenSeriesTest : public StoreTest {
 protected:
  AddedInstance Add(const std::string& study, const std::string& series, const std::string& sop,
                    int seconds) {
    return studies->AddInstance(MakeInstance(study, series, sop, "a", seconds)).value();
  }

  Sync AskedFor(const std::string& study, const std::string& series) const {
    return database
        ->Read<Sync>(
            [&](SQLite::Database& db) -> Result<Sync> { return SyncOfRow(db, study, series); })
        .value();
  }

  /// How the last write was synced, in SQLite's words.
  int LastSynchronous() {
    int synchronous = -1;
    const SyncOf look = [&](SQLite::Database& db) {
      synchronous = db.execAndGet("PRAGMA synchronous").getInt();
      return Sync::kNow;
    };
    EXPECT_TRUE(database->Write([](SQLite::Database&) -> Status { return {}; }, look).ok());
    return synchronous;
  }

  static constexpr int kNormal = 1;
  static constexpr int kFull = 2;
};

// What makes an acknowledged Instance findable without its row must itself be durable.
TEST_F(OpenSeriesTest, OnlyTheFirstInstanceOfASeriesInARevisionIsSynced) {
  EXPECT_EQ(AskedFor("1.1", "1.1.1"), Sync::kNow);
  const int revision = Add("1.1", "1.1.1", "1.1.1.1", 0).revision;
  EXPECT_EQ(LastSynchronous(), kFull);
  EXPECT_EQ(AskedFor("1.1", "1.1.1"), Sync::kLater);
  EXPECT_EQ(AskedFor("1.1", "1.1.2"), Sync::kNow) << "another Series";
  EXPECT_EQ(AskedFor("1.2", "1.1.1"), Sync::kNow) << "a Series of another Study";
  Add("1.1", "1.1.1", "1.1.1.2", 1);
  EXPECT_EQ(LastSynchronous(), kNormal);

  CompletionStore completions(*database);
  ASSERT_TRUE(completions.CloseSeries("1.1", revision, {"1.1.1", "quiet", ""}, At(2)).ok());
  EXPECT_EQ(AskedFor("1.1", "1.1.1"), Sync::kNow) << "the next one opens a revision";
  EXPECT_EQ(Add("1.1", "1.1.1", "1.1.1.3", 3).revision, revision + 1);
  EXPECT_EQ(LastSynchronous(), kFull);
  EXPECT_EQ(AskedFor("1.1", "1.1.1"), Sync::kLater);
  ASSERT_TRUE(
      studies->CloseRevision(studies->Revisions("open", 2).value().back(), "quiet", At(4)).ok());
  EXPECT_EQ(AskedFor("1.1", "1.1.1"), Sync::kNow);
}

TEST_F(OpenSeriesTest, WithoutADurableFileTheRowIsSyncedLater) {
  NewInstance instance = MakeInstance("1.1", "1.1.1", "1.1.1.1", "a", 0);
  instance.durable_file = false;
  ASSERT_TRUE(studies->AddInstance(instance).ok());
  EXPECT_EQ(LastSynchronous(), kNormal);
}

TEST_F(OpenSeriesTest, NamesWhatMayLackRows) {
  Add("1.1", "1.1.1", "1.1.1.1", 0);
  Add("1.1", "1.1.2", "1.1.2.1", 1);
  const int revision = Add("1.2", "1.2.1", "1.2.1.1", 2).revision;
  CompletionStore completions(*database);
  ASSERT_TRUE(completions.CloseSeries("1.1", revision, {"1.1.1", "quiet", ""}, At(3)).ok());
  const OpenSeriesStore open(*database);
  EXPECT_EQ(open.Studies().value(), (std::vector<std::string>{"1.1", "1.2"}));
  const OpenStudy study = open.Find("1.1").value();
  ASSERT_EQ(study.open_series.size(), 1U);
  const SeriesSource& source = study.open_series.at("1.1.2");
  EXPECT_EQ(source.calling_ae_title, "CT01");
  EXPECT_EQ(source.called_ae_title, "AXIAL");
  EXPECT_EQ(source.peer_address, "127.0.0.1");
  EXPECT_EQ(study.paths, (std::set<std::string>{"/spool/1.1.1.1a", "/spool/1.1.2.1a"}));
}

}  // namespace
}  // namespace axial::store
