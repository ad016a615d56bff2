#include "gateway/store/database.h"

#include <SQLiteCpp/SQLiteCpp.h>
#include <sqlite3.h>

#include <algorithm>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <thread>
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

struct PendingUnit {
  const Database::Work* work = nullptr;
  Sync sync = Sync::kNow;
  Status result;
  bool done = false;
};

}  // namespace

struct Database::State {
  explicit State(const std::string& file)
      : path(file), writer(file, SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE, kBusyTimeoutMs) {}

  std::string path;
  SQLite::Database writer;

  std::mutex mutex;
  std::condition_variable work_ready;
  std::condition_variable work_done;
  std::deque<PendingUnit*> queue;
  bool stopping = false;
  std::thread thread;

  std::mutex readers_mutex;
  std::vector<std::unique_ptr<SQLite::Database>> idle_readers;

  Sync current_sync = Sync::kNow;  ///< the writer's own

  void RunWriter();
  void SetSync(const std::vector<PendingUnit*>& batch);
  void CommitBatch(const std::vector<PendingUnit*>& batch);
};

/// One unit that must be durable makes its batch so, and with it every commit before: the
/// write-ahead log is synced as a whole.
void Database::State::SetSync(const std::vector<PendingUnit*>& batch) {
  const Sync wanted =
      std::ranges::any_of(batch, [](const PendingUnit* unit) { return unit->sync == Sync::kNow; })
          ? Sync::kNow
          : Sync::kLater;
  if (wanted == current_sync) return;
  writer.exec(wanted == Sync::kNow ? "PRAGMA synchronous=FULL" : "PRAGMA synchronous=NORMAL");
  current_sync = wanted;
}

void Database::State::CommitBatch(const std::vector<PendingUnit*>& batch) {
  std::vector<Status> results(batch.size());
  try {
    SetSync(batch);
    writer.exec("BEGIN IMMEDIATE");
    for (std::size_t i = 0; i < batch.size(); ++i) {
      Prepared(writer, "SAVEPOINT unit").exec();
      results[i] = RunUnit(writer, *batch[i]->work);
      if (!results[i].ok()) writer.exec("ROLLBACK TO unit");
      Prepared(writer, "RELEASE unit").exec();
    }
    writer.exec("COMMIT");
  } catch (const SQLite::Exception& exception) {
    const Error error = FromSqlite(exception);
    // The transaction is gone or useless: nothing of this batch may be reported as durable.
    if (sqlite3_get_autocommit(writer.getHandle()) == 0) writer.tryExec("ROLLBACK");
    for (Status& result : results) result = error;
  }
  const std::lock_guard lock(mutex);
  for (std::size_t i = 0; i < batch.size(); ++i) {
    batch[i]->result = results[i];
    batch[i]->done = true;
  }
}

void Database::State::RunWriter() {
  PreparedStatements statements(writer);
  const PreparedStatements::Use use(statements);
  std::unique_lock lock(mutex);
  while (true) {
    work_ready.wait(lock, [&] { return stopping || !queue.empty(); });
    if (queue.empty()) return;
    std::vector<PendingUnit*> batch;
    while (!queue.empty() && batch.size() < kMaxUnitsPerCommit) {
      batch.push_back(queue.front());
      queue.pop_front();
    }
    lock.unlock();
    CommitBatch(batch);
    work_done.notify_all();
    lock.lock();
  }
}

Database::Database(std::unique_ptr<State> state) : state_(std::move(state)) {}

Result<std::unique_ptr<Database>> Database::Open(const std::string& path) {
  try {
    auto state = std::make_unique<State>(path);
    Configure(state->writer);
    AXIAL_RETURN_IF_ERROR(Migrate(state->writer));
    State* const raw = state.get();
    std::unique_ptr<Database> database(new Database(std::move(state)));
    raw->thread = std::thread([raw] { raw->RunWriter(); });
    return database;
  } catch (const SQLite::Exception& exception) {
    return FromSqlite(exception).WithContext("{}", path);
  }
}

Database::~Database() {
  {
    const std::lock_guard lock(state_->mutex);
    state_->stopping = true;
  }
  state_->work_ready.notify_all();
  if (state_->thread.joinable()) state_->thread.join();
}

Status Database::Write(const Work& work, Sync sync) {
  PendingUnit unit{&work, sync, {}, false};
  std::unique_lock lock(state_->mutex);
  AXIAL_INVARIANT(!state_->stopping);
  state_->queue.push_back(&unit);
  state_->work_ready.notify_one();
  state_->work_done.wait(lock, [&] { return unit.done; });
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
