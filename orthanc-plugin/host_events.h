// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "orthanc-plugin/sender.h"

namespace axial::plugin {

/// What Orthanc's callbacks tell, until the intake's thread takes it. Orthanc calls under locks of
/// its own, inside the answer to a C-STORE, so telling only appends. Only hints, and bounded: what
/// does not fit is dropped, and found by the change log, or by looking at every study. Thread-safe.
class HostEvents {
 public:
  static constexpr std::size_t kMaxStored = 20'000;
  static constexpr std::size_t kMaxOthers = 20'000;

  /// By Orthanc's identifiers.
  struct News {
    std::map<std::string, Sender> stored;  ///< instance: who sent it
    std::vector<std::string> stable_studies;
    std::vector<std::string> deleted_studies;
    std::vector<std::string> deleted_series;
    std::vector<std::string> wanted_studies;  ///< asked for by a person
    bool deletions_dropped = false;
    bool any = false;  ///< also when all of it was dropped
  };

  /// Orthanc answers from now on.
  void OnStarted();
  void OnStored(std::string instance_id, Sender sender);
  void OnStable(std::string study_id);
  void OnDeletedStudy(std::string study_id);
  void OnDeletedSeries(std::string series_id);
  void OnWanted(std::string study_id);

  /// Waits for news for at most `patience`, and takes them all.
  [[nodiscard]] News Take(std::chrono::milliseconds patience);

  /// Nobody waits any more.
  void Stop();
  [[nodiscard]] bool stopping() const;
  /// Waits for OnStarted, or Stop.
  void WaitForStart();

 private:
  void Append(std::vector<std::string>& list, std::string id);

  mutable std::mutex mutex_;
  std::condition_variable wake_;
  News news_;
  bool started_ = false;
  bool stopping_ = false;
};

}  // namespace axial::plugin
