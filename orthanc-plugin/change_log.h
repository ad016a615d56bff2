// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "core/base/result.h"
#include "orthanc-plugin/orthanc_api.h"
#include "orthanc-plugin/sender.h"

namespace axial::plugin {

/// One entry of Orthanc's log.
struct Change {
  std::int64_t sequence = 0;
  std::string type;  ///< "NewInstance"...
  std::string id;    ///< Orthanc's, of what changed
  std::string date;

  /// As it is told from others of the same number.
  [[nodiscard]] std::string Anchor() const { return type + " " + id + " " + date; }
};

/// Orthanc's log of changes (GET /changes). Errors of all: as OrthancApi::GetJson; Unavailable: the
/// answer holds no changes.
class ChangeLog {
 public:
  struct Page {
    std::vector<Change> changes;
    bool done = true;  ///< there are no more
  };

  explicit ChangeLog(const OrthancApi& orthanc) : orthanc_(orthanc) {}

  /// The newest number; 0: there is none.
  [[nodiscard]] Result<std::int64_t> Last() const;
  /// Changes after that one, the oldest first; as many as fit a page.
  [[nodiscard]] Result<Page> After(std::int64_t sequence) const;
  /// The Anchor of the change of that number; "": there is none.
  [[nodiscard]] Result<std::string> AnchorAt(std::int64_t sequence) const;
  /// Of the changes up to `last`, the newest: the number before the one that stored the first of
  /// `stored` (by Orthanc's identifiers), all of which came a moment ago; `last` where there is
  /// none.
  [[nodiscard]] Result<std::int64_t> BeforeFirst(const std::map<std::string, Sender>& stored,
                                                 std::int64_t last) const;

 private:
  [[nodiscard]] Result<Page> Read(std::int64_t since, std::int64_t limit) const;

  const OrthancApi& orthanc_;
};

}  // namespace axial::plugin
