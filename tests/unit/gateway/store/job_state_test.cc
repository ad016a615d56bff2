#include "gateway/store/job_state.h"

#include <gtest/gtest.h>

#include <map>
#include <utility>

namespace axial::store {
namespace {

constexpr JobState kStates[] = {JobState::kQueued,    JobState::kLeased, JobState::kProduced,
                                JobState::kDelivered, JobState::kFailed, JobState::kCancelled};
constexpr JobEvent kEvents[] = {JobEvent::kLease, JobEvent::kProduce, JobEvent::kLoseAttempt,
                                JobEvent::kFail,  JobEvent::kDeliver, JobEvent::kRetry,
                                JobEvent::kCancel};

TEST(JobState, EveryPairOfStateAndEventIsDecided) {
  const std::map<std::pair<JobState, JobEvent>, JobState> allowed = {
      {{JobState::kQueued, JobEvent::kLease}, JobState::kLeased},
      {{JobState::kQueued, JobEvent::kFail}, JobState::kFailed},
      {{JobState::kQueued, JobEvent::kCancel}, JobState::kCancelled},
      {{JobState::kLeased, JobEvent::kProduce}, JobState::kProduced},
      {{JobState::kLeased, JobEvent::kLoseAttempt}, JobState::kQueued},
      {{JobState::kLeased, JobEvent::kFail}, JobState::kFailed},
      {{JobState::kLeased, JobEvent::kCancel}, JobState::kCancelled},
      {{JobState::kProduced, JobEvent::kDeliver}, JobState::kDelivered},
      {{JobState::kProduced, JobEvent::kCancel}, JobState::kCancelled},
      {{JobState::kFailed, JobEvent::kRetry}, JobState::kQueued},
      {{JobState::kFailed, JobEvent::kCancel}, JobState::kCancelled},
  };
  for (const JobState state : kStates)
    for (const JobEvent event : kEvents) {
      const auto want = allowed.find({state, event});
      const auto got = NextJobState(state, event);
      EXPECT_EQ(got.has_value(), want != allowed.end())
          << JobStateName(state) << " event " << static_cast<int>(event);
      if (got && want != allowed.end()) {
        EXPECT_EQ(*got, want->second);
      }
    }
}

TEST(JobState, NamesGoBothWays) {
  for (const JobState state : kStates) EXPECT_EQ(JobStateFromName(JobStateName(state)), state);
  EXPECT_FALSE(JobStateFromName("asleep").has_value());
}

}  // namespace
}  // namespace axial::store
