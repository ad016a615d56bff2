#pragma once

#include <condition_variable>
#include <map>
#include <memory>
#include <mutex>
#include <string>

namespace axial::receive {

/// Which folders of the spool Instances are on their way into, and which are being cleared: never
/// both at once. Thread-safe.
class FolderHolds {
 public:
  /// Waits while the folder is being cleared; then it is not, as long as the result lives.
  [[nodiscard]] std::shared_ptr<const void> Enter(const std::string& folder);

  /// nullptr when Instances are on their way; else none is, as long as the result lives.
  [[nodiscard]] std::shared_ptr<const void> TryClear(const std::string& folder);

 private:
  static constexpr int kBeingCleared = -1;

  /// Shared with the results, which may outlive this object.
  struct Table {
    std::mutex mutex;
    std::condition_variable cleared;
    std::map<std::string, int> users;  ///< how many are on their way, or kBeingCleared
  };
  std::shared_ptr<Table> table_ = std::make_shared<Table>();
};

}  // namespace axial::receive
