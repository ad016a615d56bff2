#include "gateway/deliver/circuit_breaker.h"

#include <gtest/gtest.h>

namespace axial::deliver {
namespace {

using Permit = CircuitBreaker::Permit;
using std::chrono::seconds;

class CircuitBreakerTest : public ::testing::Test {
 protected:
  static TimePoint At(int s) { return TimePoint(seconds(1000 + s)); }

  const BackOff back_off{{seconds(2), std::chrono::minutes(10), [] { return 0.999999; }}};
  CircuitBreaker breaker{back_off};
};

TEST_F(CircuitBreakerTest, LetsEverybodyThroughWhileAllIsWell) {
  EXPECT_EQ(breaker.Ask(At(0)), Permit::kAll);
  EXPECT_EQ(breaker.Ask(At(0)), Permit::kAll);
  EXPECT_FALSE(breaker.Succeeded());
}

TEST_F(CircuitBreakerTest, LetsOneProbeThroughAfterThePause) {
  breaker.Failed(At(0));
  EXPECT_EQ(breaker.Ask(At(1)), Permit::kNothing);
  EXPECT_EQ(breaker.Ask(At(2)), Permit::kProbe);
  EXPECT_EQ(breaker.Ask(At(2)), Permit::kNothing) << "somebody probes already";
  EXPECT_TRUE(breaker.Succeeded());
  EXPECT_EQ(breaker.Ask(At(2)), Permit::kAll);
}

TEST_F(CircuitBreakerTest, AFailedProbeDoublesThePause) {
  breaker.Failed(At(0));
  ASSERT_EQ(breaker.Ask(At(2)), Permit::kProbe);
  breaker.Failed(At(2));
  EXPECT_EQ(breaker.failures(), 2);
  EXPECT_EQ(breaker.Ask(At(5)), Permit::kNothing);
  EXPECT_EQ(breaker.Ask(At(6)), Permit::kProbe);
}

TEST_F(CircuitBreakerTest, SeveralThatFailTogetherAreOneFailure) {
  breaker.Failed(At(0));
  breaker.Failed(At(0));
  breaker.Failed(At(1));
  EXPECT_EQ(breaker.failures(), 1);
  EXPECT_EQ(breaker.Ask(At(2)), Permit::kProbe);
}

TEST_F(CircuitBreakerTest, AProbeThatIsGivenUpIsFreeAgain) {
  breaker.Failed(At(0));
  ASSERT_EQ(breaker.Ask(At(2)), Permit::kProbe);
  breaker.GiveUpProbe();
  EXPECT_EQ(breaker.Ask(At(2)), Permit::kProbe);
}

TEST_F(CircuitBreakerTest, APersonEndsThePause) {
  breaker.Failed(At(0));
  breaker.EndPause();
  EXPECT_EQ(breaker.Ask(At(0)), Permit::kProbe);
}

}  // namespace
}  // namespace axial::deliver
