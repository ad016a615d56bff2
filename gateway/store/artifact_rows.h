#pragma once

// Private to gateway/store: how a produced file becomes rows.

#include <cstdint>
#include <optional>
#include <vector>

#include "gateway/store/job_store.h"

namespace SQLite {
class Database;
class Statement;
}  // namespace SQLite

namespace axial::store {

/// Makes the artifact, links it to the Job, and owes it to the Job's Destinations that want it.
/// `report`: the failure report that the file belongs to; such a file is not owed where the same
/// run gave a result through another rule.
void InsertArtifact(SQLite::Database& db, const Job& job, const ProducedArtifact& artifact,
                    std::optional<std::int64_t> report, TimePoint now);

/// As many as fit into one message to the worker; a result names what it replaces, not all pages.
inline constexpr int kMaxPredecessors = 1000;

/// ORDER BY of an `artifact a`, so that those are within kMaxPredecessors: reports and
/// Segmentations before any number of pictures, both in the order they were made.
inline constexpr std::string_view kNamedFirst = "a.kind NOT IN ('sr', 'seg'), a.id";

/// What ReadEarlierArtifacts reads of an `artifact a`; Destinations as one JSON array.
inline constexpr std::string_view kEarlierArtifact =
    "a.id, a.kind, a.sop_class_uid, a.series_uid, a.sop_instance_uid, (SELECT "
    "json_group_array(d.destination) FROM delivery d WHERE d.artifact_id = a.id)";

/// Rows of kEarlierArtifact.
[[nodiscard]] std::vector<EarlierArtifact> ReadEarlierArtifacts(SQLite::Statement& rows);

}  // namespace axial::store
