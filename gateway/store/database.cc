#include "gateway/store/database.h"

#include <SQLiteCpp/SQLiteCpp.h>
#include <sqlite3.h>

#include <algorithm>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <vector>

#include "gateway/store/migrations.h"
#include "gateway/store/prepared.h"

namespace axial::store {
namespace {

constexpr std::size_t kMaxUnitsPerCommit = 256;
constexpr int kBusyTimeoutMs = 10'000;

/// The one place where SQLite's codes become Axial's.
Error FromSqlite(const SQLite::Exception& exception) {
  const auto make = [&](ErrorCode code) {
    return MakeError(code, "database: {}", exception.what());
  };
  switch (exception.getErrorCode()) {
    case SQLITE_FULL:
    case SQLITE_NOMEM:
      return make(ErrorCode::kExhausted);
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
    case SQLITE_IOERR:
    case SQLITE_CANTOPEN:
    case SQLITE_READONLY:
      return make(ErrorCode::kUnavailable);
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
      return make(ErrorCode::kCorrupt);
    case SQLITE_CONSTRAINT:
      return make(ErrorCode::kConflict);
    default:
      return make(ErrorCode::kInternal);
  }
}

Status RunUnit(SQLite::Database& db, const Database::Work& work) {
  try {
    return work(db);
  } catch (const SQLite::Exception& exception) {
    return FromSqlite(exception);
  } catch (const std::exception& exception) {
    return MakeError(ErrorCode::kInternal, "database: {}", exception.what());
  }
}

void Configure(SQLite::Database& db) {
  db.exec("PRAGMA journal_mode=WAL");
  db.exec("PRAGMA synchronous=FULL");
  db.exec("PRAGMA foreign_keys=ON");
  db.exec("PRAGMA temp_store=MEMORY");
}

/// A Write that waits in the queue.
struct PendingUnit {
  const Database::Work* work = nullptr;
  const SyncOf* sync = nullptr;
  Status result = {};
  bool done = false;
  std::condition_variable turn = {};  ///< done, or to commit for others
};

}  // namespace

struct Database::State {
  explicit State(const std::string& file)
      : path(file),
        writer(file, SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE, kBusyTimeoutMs),
        statements(writer) {}

  std::string path;
  SQLite::Database writer;

  PreparedStatements statements;  ///< of the writer

  std::mutex mutex;
  std::deque<PendingUnit*> queue;
  bool committing = false;

  std::mutex readers_mutex;
  std::vector<std::unique_ptr<SQLite::Database>> idle_readers;

  Sync current_sync = Sync::kNow;  ///< the writer's own

  void CommitFirstOnes(std::unique_lock<std::mutex>& lock);
  void SetSync(const std::vector<PendingUnit*>& batch);
  void CommitBatch(const std::vector<PendingUnit*>& batch);
};

/// One unit that must be durable makes its batch so, and with it every commit before: the
/// write-ahead log is synced as a whole.
void Database::State::SetSync(const std::vector<PendingUnit*>& batch) {
  const bool now = std::ranges::any_of(
      batch, [this](const PendingUnit* unit) { return (*unit->sync)(writer) == Sync::kNow; });
  const Sync wanted = now ? Sync::kNow : Sync::kLater;
  if (wanted == current_sync) return;
  writer.exec(wanted == Sync::kNow ? "PRAGMA synchronous=FULL" : "PRAGMA synchronous=NORMAL");
  current_sync = wanted;
}

void Database::State::CommitBatch(const std::vector<PendingUnit*>& batch) {
  std::vector<Status> results(batch.size());
  try {
    SetSync(batch);
    Prepared(writer, "BEGIN IMMEDIATE").exec();
    if (batch.size() == 1) {
      results[0] = RunUnit(writer, *batch[0]->work);
    } else {
      for (std::size_t i = 0; i < batch.size(); ++i) {
        Prepared(writer, "SAVEPOINT unit").exec();
        results[i] = RunUnit(writer, *batch[i]->work);
        if (!results[i].ok()) writer.exec("ROLLBACK TO unit");
        Prepared(writer, "RELEASE unit").exec();
      }
    }
    const bool nothing = batch.size() == 1 && !results[0].ok();
    if (!nothing)
      Prepared(writer, "COMMIT").exec();
    else if (sqlite3_get_autocommit(writer.getHandle()) == 0)
      writer.exec("ROLLBACK");
  } catch (const SQLite::Exception& exception) {
    const Error error = FromSqlite(exception);
    // The transaction is gone or useless: nothing of this batch may be reported as durable.
    if (sqlite3_get_autocommit(writer.getHandle()) == 0) writer.tryExec("ROLLBACK");
    for (Status& result : results) result = error;
  }
  for (std::size_t i = 0; i < batch.size(); ++i) batch[i]->result = results[i];
}

/// What came while the last commit was under way is the next one. Called, and returns, with `lock`
/// held.
void Database::State::CommitFirstOnes(std::unique_lock<std::mutex>& lock) {
  const auto end =
      queue.begin() + static_cast<std::ptrdiff_t>(std::min(queue.size(), kMaxUnitsPerCommit));
  const std::vector<PendingUnit*> batch(queue.begin(), end);
  queue.erase(queue.begin(), end);
  committing = true;
  lock.unlock();
  {
    const PreparedStatements::Use use(statements);
    CommitBatch(batch);
  }
  lock.lock();
  committing = false;
  for (PendingUnit* unit : batch) {
    unit->done = true;
    unit->turn.notify_one();
  }
  if (!queue.empty()) queue.front()->turn.notify_one();
}

Database::Database(std::unique_ptr<State> state) : state_(std::move(state)) {}

Result<std::unique_ptr<Database>> Database::Open(const std::string& path) {
  try {
    auto state = std::make_unique<State>(path);
    Configure(state->writer);
    AXIAL_RETURN_IF_ERROR(Migrate(state->writer));
    return std::unique_ptr<Database>(new Database(std::move(state)));
  } catch (const SQLite::Exception& exception) {
    return FromSqlite(exception).WithContext("{}", path);
  }
}

Database::~Database() = default;

Status Database::Write(const Work& work, Sync sync) {
  return Write(work, SyncOf([sync](SQLite::Database&) { return sync; }));
}

Status Database::Write(const Work& work, const SyncOf& sync) {
  PendingUnit unit{&work, &sync};
  std::unique_lock lock(state_->mutex);
  state_->queue.push_back(&unit);
  unit.turn.wait(
      lock, [&] { return unit.done || (!state_->committing && state_->queue.front() == &unit); });
  if (!unit.done) state_->CommitFirstOnes(lock);
  return unit.result;
}

Status Database::Read(const Work& work) const {
  std::unique_ptr<SQLite::Database> reader;
  {
    const std::lock_guard lock(state_->readers_mutex);
    if (!state_->idle_readers.empty()) {
      reader = std::move(state_->idle_readers.back());
      state_->idle_readers.pop_back();
    }
  }
  try {
    if (!reader)
      reader =
          std::make_unique<SQLite::Database>(state_->path, SQLite::OPEN_READONLY, kBusyTimeoutMs);
    reader->exec("BEGIN");
  } catch (const SQLite::Exception& exception) {
    return FromSqlite(exception);
  }
  const Status status = RunUnit(*reader, work);
  if (reader->tryExec("COMMIT") != SQLITE_OK) return status;  // this reader is dropped
  const std::lock_guard lock(state_->readers_mutex);
  state_->idle_readers.push_back(std::move(reader));
  return status;
}

}  // namespace axial::store
