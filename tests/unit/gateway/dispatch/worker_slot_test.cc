#include "gateway/dispatch/worker_slot.h"

#include <gtest/gtest.h>

namespace axial::dispatch {
namespace {

using namespace axial::protocol;

constexpr std::int64_t kJob = 7;

struct Row {
  const char* message_name;
  Message message;
  Reaction starting;
  Reaction idle;
  Reaction busy;
};

TEST(WorkerSlot, EveryMessageHasOneMeaningInEveryState) {
  constexpr Reaction kBroken = Reaction::kBroken;
  const std::vector<Row> table = {
      {"hello", Hello{}, Reaction::kReady, kBroken, kBroken},
      {"progress", Progress{kJob, 0.5, "infer"}, kBroken, kBroken, Reaction::kProgress},
      {"progress of another", Progress{kJob + 1, 0.5, "infer"}, kBroken, kBroken, kBroken},
      {"done", JobDone{kJob, {}, ""}, kBroken, kBroken, Reaction::kDone},
      {"done of another", JobDone{kJob + 1, {}, ""}, kBroken, kBroken, kBroken},
      {"failed", JobFailed{kJob, ErrorCode::kInternal, ""}, kBroken, kBroken, Reaction::kFailed},
      {"failed of another", JobFailed{kJob + 1, ErrorCode::kInternal, ""}, kBroken, kBroken,
       kBroken},
      {"run_job", RunJob{}, kBroken, kBroken, kBroken},
      {"shutdown", Shutdown{}, kBroken, kBroken, kBroken},
  };
  for (const Row& row : table) {
    EXPECT_EQ(React(SlotState::kStarting, kJob, row.message), row.starting) << row.message_name;
    EXPECT_EQ(React(SlotState::kIdle, 0, row.message), row.idle) << row.message_name;
    EXPECT_EQ(React(SlotState::kBusy, kJob, row.message), row.busy) << row.message_name;
  }
}

}  // namespace
}  // namespace axial::dispatch
