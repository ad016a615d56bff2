#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "core/base/result.h"
#include "gateway/store/database.h"

namespace axial::store {

/// Who sends a Series.
struct SeriesSource {
  std::string calling_ae_title;
  std::string called_ae_title;
  std::string peer_address;
};

/// What the index has of a Study whose newest revision is open.
struct OpenStudy {
  /// Series UIDs: those that have Instances in the open revision and are not complete.
  std::map<std::string, SeriesSource> open_series;
  std::set<std::string> paths;  ///< of all Instances of the Study
};

/// How a row must be written of an Instance whose file is durable, so that an acknowledged Instance
/// is never lost with the machine.
///
/// kNow, unless its Series is in the open revision already and not complete there: then file and
/// index tell together what the row says (the sender is the Series'), and whoever starts the
/// gateway finds it again. So the last write that was kNow always knows every Study and Series in
/// which an acknowledged Instance can lack its row.
[[nodiscard]] Sync SyncOfRow(SQLite::Database& db, const std::string& study_uid,
                             const std::string& series_uid);

/// Studies and Series that may lack rows of Instances whose files are in the spool. Thread-safe.
class OpenSeriesStore {
 public:
  explicit OpenSeriesStore(const Database& database) : database_(database) {}

  [[nodiscard]] Result<std::vector<std::string>> Studies() const;
  /// Without Series when the Study has no open revision.
  [[nodiscard]] Result<OpenStudy> Find(const std::string& study_uid) const;

 private:
  const Database& database_;
};

}  // namespace axial::store
