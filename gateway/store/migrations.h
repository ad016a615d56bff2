#pragma once

#include "core/base/result.h"

namespace SQLite {
class Database;
}

namespace axial::store {

/// Applies every migration the file has not seen (PRAGMA user_version), each in its own
/// transaction. Error: Corrupt when the file was written by a newer Axial. May throw
/// SQLite::Exception.
[[nodiscard]] Status Migrate(SQLite::Database& db);

/// How many there are.
[[nodiscard]] int NewestSchema();

/// Only the first `schema` of them: what an older Axial made. For tests.
[[nodiscard]] Status MigrateTo(SQLite::Database& db, int schema);

}  // namespace axial::store
