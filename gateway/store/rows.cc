#include "gateway/store/rows.h"

#include <SQLiteCpp/SQLiteCpp.h>

#include "gateway/store/prepared.h"

namespace axial::store {

TimePoint TimeOf(const SQLite::Column& column) { return FromMicros(column.getInt64()); }

std::vector<std::string> ReadTexts(SQLite::Statement& rows) {
  std::vector<std::string> texts;
  while (rows.executeStep()) texts.push_back(rows.getColumn(0).getString());
  return texts;
}

void AddEvent(SQLite::Database& db, std::string_view study_uid, TimePoint at, std::string_view kind,
              std::string_view detail) {
  Prepared insert(db, "INSERT INTO event(study_uid, at, kind, detail) VALUES (?, ?, ?, ?)");
  insert.bind(1, std::string(study_uid));
  insert.bind(2, ToMicros(at));
  insert.bind(3, std::string(kind));
  insert.bind(4, std::string(detail));
  insert.exec();
}

}  // namespace axial::store
