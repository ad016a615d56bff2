#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <tuple>
#include <vector>

#include "core/base/clock.h"

namespace axial::receive {

/// An Association that a peer wanted and did not get, or not as it wanted it; the same one again is
/// counted. Texts of the peer as they came: for people, Printable() first.
struct RefusedAssociation {
  std::string reason{};            ///< snake_case: called_ae_title, calling_ae_title, ...
  std::string called_ae_title{};   ///< "": not known
  std::string calling_ae_title{};  ///< "": not known
  std::string peer_address{};      ///< numeric
  std::string detail{};            ///< what was seen, for people
  std::string remedy{};            ///< what to do, for people
  std::string section{};           ///< of the configuration, for `configuration`: "node.peers"
  std::string configuration{};     ///< the line that would admit it; "": none can
  std::int64_t count = 0;
  TimePoint first_at{};
  TimePoint last_at{};
};

/// What was refused since the start, for people to look at. Bounded: of more than kMaxRows the
/// address with the most loses the one that was not seen for longest, so that one peer with many
/// names hides no other. Thread-safe.
class RefusedAssociations {
 public:
  static constexpr std::size_t kMaxRows = 200;

  explicit RefusedAssociations(const Clock& clock = Clock::System()) : clock_(clock) {}

  /// Counts it; its times and count are set here. True when it is worth a line in the log: seen
  /// for the first time, or not for an hour.
  bool Add(RefusedAssociation refused);

  /// The newest first.
  [[nodiscard]] std::vector<RefusedAssociation> List() const;

  /// Forgets what is refused no more (a changed configuration).
  void RemoveIf(const std::function<bool(const RefusedAssociation&)>& is_admitted);

 private:
  using Key = std::tuple<std::string, std::string, std::string, std::string, std::string>;
  void MakeRoom();

  const Clock& clock_;
  mutable std::mutex mutex_;
  std::map<Key, RefusedAssociation> rows_;  ///< guarded by mutex_
};

}  // namespace axial::receive
