#pragma once

// Private to gateway/store: the few shapes every statement of this room needs.

#include <cstdint>
#include <string>
#include <string_view>

#include "core/base/clock.h"

namespace SQLite {
class Column;
class Database;
}  // namespace SQLite

namespace axial::store {

/// NULL reads as 0: never.
[[nodiscard]] TimePoint TimeOf(const SQLite::Column& column);

void AddEvent(SQLite::Database& db, std::string_view study_uid, TimePoint at, std::string_view kind,
              std::string_view detail);

/// Makes a produced Job 'delivered' once nothing of it is owed to any of its Destinations.
void FinishJob(SQLite::Database& db, std::int64_t job_id, const std::string& study_uid,
               TimePoint now);

}  // namespace axial::store
