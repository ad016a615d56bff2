#include "core/base/log_exceptions.h"

#include <gtest/gtest.h>

#include <stdexcept>
#include <string>

#include "core/base/log.h"
#include "core/base/result.h"

namespace axial {
namespace {

std::string* g_lines = nullptr;

class LogExceptionsTest : public ::testing::Test {
 protected:
  LogExceptionsTest() {
    g_lines = &lines;
    SetLogSink([](LogLevel, std::string_view line) { g_lines->append(line).append("\n"); });
  }
  ~LogExceptionsTest() override { SetLogSink(nullptr); }

  std::string lines;
};

TEST_F(LogExceptionsTest, LetsNoneOutAndSaysWhoHadIt) {
  EXPECT_TRUE(LogExceptions("quiet", [] {}));
  EXPECT_EQ(lines, "");
  EXPECT_FALSE(LogExceptions("route", [] { throw std::runtime_error("no room"); }));
  EXPECT_NE(lines.find("exception thread=route what=\"no room\""), std::string::npos) << lines;
  EXPECT_FALSE(LogExceptions("deliver", [] { throw 1; }));
  EXPECT_NE(lines.find("thread=deliver"), std::string::npos) << lines;
}

TEST_F(LogExceptionsTest, ABrokenInvariantInsideAnotherProgramIsOneOfThem) {
  EXPECT_DEATH(AXIAL_INVARIANT(1 + 1 == 3), "broken invariant");
  ThrowOnBrokenInvariant();
  EXPECT_FALSE(LogExceptions("route", [] { AXIAL_INVARIANT(1 + 1 == 3); }));
  EXPECT_NE(lines.find("1 + 1 == 3"), std::string::npos) << lines;
}

}  // namespace
}  // namespace axial
