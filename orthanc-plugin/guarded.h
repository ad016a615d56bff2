// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "core/base/log_exceptions.h"
#include "core/base/result.h"

namespace axial::plugin {

/// `work()`, a Status; an exception is one failure among others.
template <typename Work>
Status Guarded(const Work& work) {
  Status status = Error(ErrorCode::kInternal, "an exception; the log has it");
  static_cast<void>(LogExceptions("orthanc", [&] { status = work(); }));
  return status;
}

/// `one(entry)`, a Status, for each of `list`, which keeps those that failed: what cannot be done
/// now holds up none of the others. The first error.
template <typename One>
Status DoEach(std::vector<std::string>& list, const One& one) {
  Status first_error;
  for (std::size_t i = 0; i < list.size();) {
    const Status done = Guarded([&] { return one(list[i]); });
    if (done.ok()) {
      list[i] = std::move(list.back());
      list.pop_back();
    } else {
      ++i;
      if (first_error.ok()) first_error = done;
    }
  }
  return first_error;
}

}  // namespace axial::plugin
