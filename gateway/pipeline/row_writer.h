#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "core/base/result.h"
#include "gateway/receive/receive_events.h"
#include "gateway/store/study_store.h"

namespace axial::pipeline {

/// An Instance that was answered and whose row is not written yet.
struct AnsweredInstance {
  store::NewInstance row;
  receive::AssociationInfo association;
  std::shared_ptr<const void> on_its_way;  ///< see receive::ReceivedInstance
};

/// Writes the rows of Instances that a start would find again (ADR 0015), many in one transaction
/// and in the order in which they came, within about kLinger. Bounded: of more than kMaxWaiting
/// the sender waits (while as many may be being written). When rows cannot be written (a full disk)
/// those that wait are tried again until they can, and no more are taken. Thread-safe.
class RowWriter {
 public:
  static constexpr std::size_t kMaxWaiting = 256;

  /// Writes all, or says why none could be; on the writer's own thread. What is wrong with one of
  /// them alone is not told here.
  using WriteAll = std::function<Status(std::vector<AnsweredInstance>&)>;

  /// `on_written`: after that, when Flush says so, too.
  explicit RowWriter(WriteAll write_all, std::function<void()> on_written = [] {});
  /// Tries once more to write what waits; what cannot be written then the next start finds.
  ~RowWriter();
  RowWriter(const RowWriter&) = delete;
  RowWriter& operator=(const RowWriter&) = delete;

  /// Error: rows cannot be written now; it was not taken.
  [[nodiscard]] Status Put(AnsweredInstance instance);
  /// Returns when the rows of what was put before are written; false when they cannot be now.
  [[nodiscard]] bool Flush();
  /// Why the rows that wait could not be written when that was last tried; ok: nothing is wrong.
  [[nodiscard]] Status Trouble() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace axial::pipeline
