#include "gateway/store/database.h"

#include <SQLiteCpp/SQLiteCpp.h>
#include <gtest/gtest.h>
#include <sqlite3.h>

#include <fstream>
#include <thread>
#include <vector>

#include "gateway/store/prepared.h"
#include "tests/support/temp_dir.h"

namespace axial::store {
namespace {

TEST(Database, CommitsConcurrentWritesAndRollsBackOnlyTheOneThatFailed) {
  const testing::TempDir folder;
  auto database = Database::Open(folder.File("a.db")).value();
  std::vector<std::thread> threads;
  for (int i = 0; i < 16; ++i)
    threads.emplace_back([&, i] {
      const Status status = database->Write([i](SQLite::Database& db) -> Status {
        db.exec("INSERT INTO study(study_uid, first_received_at, last_received_at) VALUES ('1." +
                std::to_string(i) + "', 0, 0)");
        if (i % 4 == 0) return Error(ErrorCode::kInvalidInput, "no");
        return {};
      });
      EXPECT_EQ(status.ok(), i % 4 != 0);
    });
  for (std::thread& thread : threads) thread.join();
  const auto count = database->Read<int>([](SQLite::Database& db) -> Result<int> {
    return db.execAndGet("SELECT count(*) FROM study").getInt();
  });
  EXPECT_EQ(count.value(), 12);
}

TEST(Database, SyncsOnlyWhatMustBeDurableNow) {
  const testing::TempDir folder;
  auto database = Database::Open(folder.File("a.db")).value();
  static constexpr int kNormal = 1;  // SQLite's names: commits are synced later
  static constexpr int kFull = 2;
  for (const Sync sync : {Sync::kNow, Sync::kLater, Sync::kLater, Sync::kNow}) {
    const Status written = database->Write(
        [sync](SQLite::Database& db) -> Status {
          EXPECT_EQ(db.execAndGet("PRAGMA synchronous").getInt(),
                    sync == Sync::kNow ? kFull : kNormal);
          db.exec(
              "INSERT INTO study(study_uid, first_received_at, last_received_at) SELECT '1.' || "
              "count(*), 0, 0 FROM study");
          return {};
        },
        sync);
    EXPECT_TRUE(written.ok());
  }
  const auto count = database->Read<int>([](SQLite::Database& db) -> Result<int> {
    return db.execAndGet("SELECT count(*) FROM study").getInt();
  });
  EXPECT_EQ(count.value(), 4);
}

TEST(Database, AsksHowToSyncBeforeTheTransaction) {
  const testing::TempDir folder;
  auto database = Database::Open(folder.File("a.db")).value();
  for (const Sync sync : {Sync::kLater, Sync::kNow}) {
    const SyncOf ask = [&](SQLite::Database& db) {
      EXPECT_EQ(sqlite3_get_autocommit(db.getHandle()), 1);
      return sync;
    };
    const Status written = database->Write(
        [sync](SQLite::Database& db) -> Status {
          EXPECT_EQ(db.execAndGet("PRAGMA synchronous").getInt(), sync == Sync::kNow ? 2 : 1);
          return {};
        },
        ask);
    EXPECT_TRUE(written.ok());
  }
}

/// Compiled statements of the connection, as SQLite knows them.
int CountStatements(SQLite::Database& db) {
  int count = 0;
  for (sqlite3_stmt* at = nullptr; (at = sqlite3_next_stmt(db.getHandle(), at)) != nullptr;)
    ++count;
  return count;
}

TEST(Database, PreparedStatementsAreCompiledOnceAndKeepNothingOfTheirLastUse) {
  const testing::TempDir folder;
  auto database = Database::Open(folder.File("a.db")).value();
  const std::string sql =
      "INSERT INTO study(study_uid, first_received_at, last_received_at) "
      "VALUES (?, ?, 0) RETURNING first_received_at";
  std::vector<int> counts;
  const auto insert = [&](const std::string& uid, bool with_time) {
    return database->Write([&](SQLite::Database& db) -> Status {
      {
        Prepared statement(db, sql);
        statement.bind(1, uid);
        if (with_time) statement.bind(2, 7);
        EXPECT_TRUE(statement.executeStep());  // and no further: it is still running
      }
      counts.push_back(CountStatements(db));
      return {};
    });
  };
  EXPECT_TRUE(insert("1.1", true).ok());
  EXPECT_TRUE(insert("1.2", true).ok());
  EXPECT_EQ(insert("1.2", true).error().code(), ErrorCode::kConflict);
  EXPECT_EQ(insert("1.3", false).error().code(), ErrorCode::kConflict) << "the time is NULL";
  EXPECT_TRUE(insert("1.4", true).ok());
  ASSERT_EQ(counts.size(), 3U);
  EXPECT_EQ(counts[1], counts[2]);
}

TEST(Database, PreparedStatementsOfOneTextCanRunAtOnce) {
  const testing::TempDir folder;
  auto database = Database::Open(folder.File("a.db")).value();
  const Status both = database->Write([&](SQLite::Database& db) -> Status {
    Prepared one(db, "SELECT ?");
    Prepared other(db, "SELECT ?");
    one.bind(1, 1);
    other.bind(1, 2);
    EXPECT_TRUE(one.executeStep() && other.executeStep());
    EXPECT_EQ(one.getColumn(0).getInt(), 1);
    EXPECT_EQ(other.getColumn(0).getInt(), 2);
    return {};
  });
  EXPECT_TRUE(both.ok());
  const Status read = database->Read([&](SQLite::Database& db) -> Status {
    Prepared one(db, "SELECT 3");  // of a connection that keeps none
    EXPECT_TRUE(one.executeStep());
    EXPECT_EQ(one.getColumn(0).getInt(), 3);
    return {};
  });
  EXPECT_TRUE(read.ok());
}

TEST(Database, TranslatesAConstraintIntoConflict) {
  const testing::TempDir folder;
  auto database = Database::Open(folder.File("a.db")).value();
  const auto insert = [](SQLite::Database& db) -> Status {
    db.exec(
        "INSERT INTO study(study_uid, first_received_at, last_received_at) VALUES ('1.2', 0, 0)");
    return {};
  };
  EXPECT_TRUE(database->Write(insert).ok());
  EXPECT_EQ(database->Write(insert).error().code(), ErrorCode::kConflict);
}

TEST(Database, RefusesAFileThatIsNoDatabaseAndOneOfANewerAxial) {
  const testing::TempDir folder;
  std::ofstream(folder.File("junk.db")) << std::string(5000, 'x');
  EXPECT_EQ(Database::Open(folder.File("junk.db")).error().code(), ErrorCode::kCorrupt);
  {
    SQLite::Database newer(folder.File("newer.db"), SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE);
    newer.exec("PRAGMA user_version = 999");
  }
  EXPECT_EQ(Database::Open(folder.File("newer.db")).error().code(), ErrorCode::kCorrupt);
}

}  // namespace
}  // namespace axial::store
