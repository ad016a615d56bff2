#pragma once

// Private to gateway/store: the few shapes every statement of this room needs.

#include <SQLiteCpp/SQLiteCpp.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "core/base/clock.h"

namespace axial::store {

[[nodiscard]] inline TimePoint TimeOf(const SQLite::Column& column) {
  return FromMicros(column.getInt64());  // NULL reads as 0: never
}

inline void AddEvent(SQLite::Database& db, std::string_view study_uid, TimePoint at,
                     std::string_view kind, std::string_view detail) {
  SQLite::Statement insert(db,
                           "INSERT INTO event(study_uid, at, kind, detail) VALUES (?, ?, ?, ?)");
  insert.bind(1, std::string(study_uid));
  insert.bind(2, ToMicros(at));
  insert.bind(3, std::string(kind));
  insert.bind(4, std::string(detail));
  insert.exec();
}

/// Makes a produced Job 'delivered' once nothing of it is owed to any of its Destinations.
void FinishJob(SQLite::Database& db, std::int64_t job_id, const std::string& study_uid,
               TimePoint now);

}  // namespace axial::store
