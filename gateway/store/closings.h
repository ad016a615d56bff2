#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.h"
#include "gateway/store/study_store.h"

namespace SQLite {
class Database;
class Statement;
}  // namespace SQLite

namespace axial::store {

/// In storage.directory.
inline constexpr std::string_view kDatabaseFile = "axial.db";

/// What closed the revisions of a Study and the Series in them.
struct Closings {
  std::vector<Revision> revisions;     ///< by number
  std::vector<SeriesRevision> series;  ///< by revision and time
};

/// Reads, without changing anything, the database of a gateway that may be running. One entry for
/// each of `study_uids`; nullopt: it was never received. Errors: NotFound (no database there),
/// Unavailable (it cannot be read), Unsupported (of another Axial's schema).
[[nodiscard]] Result<std::vector<std::optional<Closings>>> ReadClosings(
    const std::string& database_file, const std::vector<std::string>& study_uids);

/// Private to gateway/store: the columns of study_revision, and what they make.
inline constexpr std::string_view kRevisionColumns =
    "id, study_uid, number, state, opened_at, last_instance_at, released_at, closed_at, "
    "close_reason, evidence, calling_ae_title, removed_at";
[[nodiscard]] std::vector<Revision> ReadRevisions(SQLite::Statement& rows);
[[nodiscard]] std::vector<Revision> ReadRevisions(SQLite::Database& db,
                                                  const std::string& study_uid);
[[nodiscard]] std::vector<SeriesRevision> ReadSeriesRevisions(SQLite::Database& db,
                                                              const std::string& study_uid);

}  // namespace axial::store
