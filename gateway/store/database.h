#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "core/base/result.h"

namespace SQLite {
class Database;
}

namespace axial::store {

/// When a write is on the disk. Both are atomic, and neither is lost when the process is killed.
enum class Sync {
  kNow,    ///< when Write returns
  kLater,  ///< with the next commit that is kNow, or a syncfs: until then lost with the machine
};

/// Says how a unit of work must be written. Asked with the writer's connection right before the
/// transaction that the unit is in, when nothing else can write; only reads.
using SyncOf = std::function<Sync(SQLite::Database&)>;

/// One SQLite file: WAL, synced as each write asks, one writer at a time, group commit, several
/// readers.
///
/// Concurrent writes share one commit (and so one fsync): the first of those that wait runs the
/// work of all, each in its own savepoint, and every Write returns only after its commit.
/// Thread-safe. Survives kill -9 at any instant.
class Database {
 public:
  /// Runs inside a transaction; an error rolls back this unit of work alone. May throw
  /// SQLite::Exception.
  using Work = std::function<Status(SQLite::Database&)>;

  /// Opens or creates the file and brings its schema up to date.
  /// Errors: Unavailable (cannot open), Corrupt (not a database, or written by a newer Axial).
  [[nodiscard]] static Result<std::unique_ptr<Database>> Open(const std::string& path);

  ~Database();
  Database(const Database&) = delete;
  Database& operator=(const Database&) = delete;

  /// `work` runs on this or another thread that writes; it must not Write itself.
  /// Errors: what `work` returns; Exhausted (disk full), Corrupt, Internal.
  [[nodiscard]] Status Write(const Work& work, Sync sync = Sync::kNow);
  [[nodiscard]] Status Write(const Work& work, const SyncOf& sync);

  /// Sees one consistent snapshot of everything committed before the call.
  [[nodiscard]] Status Read(const Work& work) const;

  /// Write and Read for work that yields a value.
  template <typename T>
  [[nodiscard]] Result<T> Write(const std::function<Result<T>(SQLite::Database&)>& work,
                                Sync sync = Sync::kNow) {
    return Collect<T>(work, [this, sync](const Work& unit) { return Write(unit, sync); });
  }
  template <typename T>
  [[nodiscard]] Result<T> Write(const std::function<Result<T>(SQLite::Database&)>& work,
                                const SyncOf& sync) {
    return Collect<T>(work, [this, &sync](const Work& unit) { return Write(unit, sync); });
  }
  template <typename T>
  [[nodiscard]] Result<T> Read(const std::function<Result<T>(SQLite::Database&)>& work) const {
    return Collect<T>(work, [this](const Work& unit) { return Read(unit); });
  }

 private:
  struct State;
  explicit Database(std::unique_ptr<State> state);

  template <typename T, typename Runner>
  static Result<T> Collect(const std::function<Result<T>(SQLite::Database&)>& work, Runner run) {
    std::optional<T> value;
    const Status status = run([&](SQLite::Database& db) -> Status {
      Result<T> result = work(db);
      if (!result.ok()) return result.error();
      value.emplace(std::move(result).value());
      return {};
    });
    if (!status.ok()) return status.error();
    return std::move(*value);
  }

  std::unique_ptr<State> state_;
};

}  // namespace axial::store
