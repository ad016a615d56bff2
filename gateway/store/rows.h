#pragma once

// Private to gateway/store: the few shapes every statement of this room needs.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/clock.h"

namespace SQLite {
class Column;
class Database;
class Statement;
}  // namespace SQLite

namespace axial::store {

/// Of a row `s` of series: its Instances are here, and all that it has is complete and routed.
inline constexpr const char* kSeriesIsRouted =
    "EXISTS (SELECT 1 FROM instance i WHERE i.series_uid = s.series_uid AND i.revision = "
    "s.changed_in_revision) AND (EXISTS (SELECT 1 FROM series_revision e WHERE e.series_uid = "
    "s.series_uid AND e.revision = s.changed_in_revision AND e.routed_at IS NOT NULL) OR EXISTS "
    "(SELECT 1 FROM study_revision v WHERE v.study_uid = s.study_uid AND v.number = "
    "s.changed_in_revision AND v.state = 'routed'))";

/// NULL reads as 0: never.
[[nodiscard]] TimePoint TimeOf(const SQLite::Column& column);

/// The first column of all rows.
[[nodiscard]] std::vector<std::string> ReadTexts(SQLite::Statement& rows);

void AddEvent(SQLite::Database& db, std::string_view study_uid, TimePoint at, std::string_view kind,
              std::string_view detail);

/// Makes a produced Job 'delivered' once nothing of it is owed to any of its Destinations.
void FinishJob(SQLite::Database& db, std::int64_t job_id, const std::string& study_uid,
               TimePoint now);

}  // namespace axial::store
