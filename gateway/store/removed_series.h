#pragma once

// Private to gateway/store: what is remembered of Series that were removed.

#include <string>
#include <utility>
#include <vector>

namespace SQLite {
class Database;
}

namespace axial::store {

/// Before the Instances of a study go: of what each Series consisted.
void RememberRemovedSeries(SQLite::Database& db, const std::string& study_uid);

/// Models (name, version) whose results on the same Instances, up to that revision, were made
/// before they were removed. Running them again would make the same objects under the same UIDs.
[[nodiscard]] std::vector<std::pair<std::string, std::string>> ModelsRunBeforeRemoval(
    SQLite::Database& db, const std::string& series_uid, int revision);

}  // namespace axial::store
