#pragma once

// Private to gateway/store.

#include <cstdint>
#include <map>
#include <string>
#include <utility>

#include "core/base/clock.h"
#include "core/base/result.h"
#include "gateway/store/study_store.h"

namespace SQLite {
class Database;
}

namespace axial::store {

/// Adds Instances in one transaction. The first of a Series goes through all rows; what is found
/// out on the way holds for the next ones, of which only the row of their own is written at once:
/// what they change in the rows of Study, revision and Series is written in the end, once.
/// Not thread-safe.
class InstanceBatch {
 public:
  using SeriesKey = std::pair<std::string, std::string>;  ///< Series and SOP Class
  struct Count {
    std::int64_t instances = 0;
    std::int64_t frames = 0;
  };

  explicit InstanceBatch(SQLite::Database& db) : db_(db) {}

  /// As StudyStore::AddInstance; an error leaves the others as they are.
  [[nodiscard]] Result<AddedInstance> Add(const NewInstance& instance);
  /// Before the commit.
  void Finish();

 private:
  /// One whose open revision, and some of whose Series in it, are known. Series are in here when
  /// they are of this Study, not complete, and none of the gateway's own.
  struct StudyInHand {
    int revision = 0;
    std::int64_t version = 0;  ///< with the Instances that are not written
    std::string patient;
    TimePoint last_at{};
    std::int64_t unwritten = 0;  ///< Instances that Study and revision do not count yet
    std::map<SeriesKey, Count> series;
  };

  static SeriesKey KeyOf(const NewInstance& instance);
  [[nodiscard]] Result<AddedInstance> AddAlone(const NewInstance& instance);
  /// `usual`: the next one of its Series may be added the short way.
  [[nodiscard]] Result<AddedInstance> AddRows(const NewInstance& instance, bool& usual);
  void WriteOut(const std::string& study_uid, StudyInHand& study);

  SQLite::Database& db_;
  std::map<std::string, StudyInHand> studies_;
};

}  // namespace axial::store
