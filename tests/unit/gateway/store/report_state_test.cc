#include "gateway/store/report_state.h"

#include <gtest/gtest.h>

#include <map>
#include <utility>

namespace axial::store {
namespace {

constexpr ReportState kStates[] = {ReportState::kOwed,      ReportState::kLeased,
                                   ReportState::kProduced,  ReportState::kFailed,
                                   ReportState::kNotWanted, ReportState::kWithdrawn};
constexpr ReportEvent kEvents[] = {ReportEvent::kLease,   ReportEvent::kProduce,
                                   ReportEvent::kDecline, ReportEvent::kLoseAttempt,
                                   ReportEvent::kFail,    ReportEvent::kWithdraw};

TEST(ReportState, EveryPairOfStateAndEventIsDecided) {
  const std::map<std::pair<ReportState, ReportEvent>, ReportState> allowed = {
      {{ReportState::kOwed, ReportEvent::kLease}, ReportState::kLeased},
      {{ReportState::kOwed, ReportEvent::kWithdraw}, ReportState::kWithdrawn},
      {{ReportState::kLeased, ReportEvent::kProduce}, ReportState::kProduced},
      {{ReportState::kLeased, ReportEvent::kDecline}, ReportState::kNotWanted},
      {{ReportState::kLeased, ReportEvent::kLoseAttempt}, ReportState::kOwed},
      {{ReportState::kLeased, ReportEvent::kFail}, ReportState::kFailed},
      {{ReportState::kLeased, ReportEvent::kWithdraw}, ReportState::kWithdrawn},
      {{ReportState::kFailed, ReportEvent::kWithdraw}, ReportState::kWithdrawn},
  };
  for (const ReportState state : kStates)
    for (const ReportEvent event : kEvents) {
      const auto want = allowed.find({state, event});
      const auto got = NextReportState(state, event);
      EXPECT_EQ(got.has_value(), want != allowed.end())
          << ReportStateName(state) << " event " << static_cast<int>(event);
      if (got && want != allowed.end()) {
        EXPECT_EQ(*got, want->second);
      }
    }
}

TEST(ReportState, NamesGoBothWays) {
  for (const ReportState state : kStates)
    EXPECT_EQ(ReportStateFromName(ReportStateName(state)), state);
  EXPECT_FALSE(ReportStateFromName("asleep").has_value());
}

}  // namespace
}  // namespace axial::store
