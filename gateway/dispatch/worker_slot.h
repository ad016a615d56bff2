#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "core/base/clock.h"
#include "gateway/dispatch/result_wishes.h"
#include "gateway/dispatch/worker_process.h"
#include "gateway/store/job_store.h"
#include "inference/protocol/messages.h"

namespace axial::dispatch {

enum class SlotState {
  kStarting,  ///< until its Hello; may hold a Job that waits for it
  kIdle,
  kBusy,  ///< has been given its Job
};

[[nodiscard]] std::string_view SlotStateName(SlotState state);

/// What a message means in a state.
enum class Reaction {
  kReady,     ///< the model is loaded
  kProgress,  ///< of the Job it has
  kDone,      ///< the Job it has is done
  kFailed,    ///< the Job it has cannot be done
  kBroken,    ///< has no meaning now: the worker cannot be trusted any more
};

/// The protocol from the gateway's side, as one table. `job`: the id of the Job the worker has.
[[nodiscard]] Reaction React(SlotState state, std::int64_t job, const protocol::Message& message);

/// A leased Job on its way.
struct RunningJob {
  store::Job job;
  std::string output_directory;  ///< "" until it is given to the worker
  ResultWishes wishes;           ///< as told to the worker
  TimePoint started_at{};        ///< when it was given to the worker
  double fraction = 0;
  std::string stage;
  TimePoint recorded_at{};  ///< last time the lease was renewed
};

/// One of the `workers.processes` places for a worker process; always has a process.
struct WorkerSlot {
  std::unique_ptr<WorkerProcess> process;
  std::string model;
  std::string fingerprint;  ///< of the model it was started with
  SlotState state = SlotState::kStarting;
  TimePoint since{};  ///< of the state
  protocol::Hello hello;
  std::optional<RunningJob> running;
  bool gone = false;  ///< to be dropped at the end of the round
};

}  // namespace axial::dispatch
