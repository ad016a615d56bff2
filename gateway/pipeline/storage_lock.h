#pragma once

#include <string>

#include "core/base/result.h"

namespace axial::pipeline {

/// Holds `<directory>/axial.lock` as long as it lives, so that two gateways never share one store.
/// The kernel frees it when the process dies.
class StorageLock {
 public:
  /// Makes the directory when it is missing. Errors: Conflict (held by another process),
  /// Unavailable.
  [[nodiscard]] static Result<StorageLock> Take(const std::string& directory);

  ~StorageLock();
  StorageLock(StorageLock&& other) noexcept;
  StorageLock& operator=(StorageLock&&) = delete;

 private:
  explicit StorageLock(int fd) : fd_(fd) {}
  int fd_;
};

}  // namespace axial::pipeline
