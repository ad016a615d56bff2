#include "gateway/dispatch/exit_reason.h"

#include <gtest/gtest.h>

#include <csignal>

#include "gateway/dispatch/line_splitter.h"

namespace axial::dispatch {
namespace {

constexpr int ExitedWith(int status) { return status << 8; }

TEST(ExitReason, NamesSignalStatusAndLastLine) {
  EXPECT_EQ(ExitReason(SIGKILL, "", "").message(),
            "worker was killed by signal 9 (SIGKILL), out of memory?");
  EXPECT_EQ(ExitReason(SIGSEGV, "", "").message(), "worker was killed by signal 11 (SIGSEGV)");
  EXPECT_EQ(ExitReason(ExitedWith(3), "", "no weights").message(),
            "worker ended with status 3 (it last said: no weights)");
  EXPECT_EQ(ExitReason(-1, "", "").message(), "worker ended in an unknown way");
  EXPECT_EQ(ExitReason(SIGKILL, "it broke the protocol", "").message(),
            "worker was ended: it broke the protocol");
  EXPECT_EQ(ExitReason(SIGKILL, "", "").code(), ErrorCode::kInternal);
}

TEST(LineSplitter, CutsAnywhereAndBoundsLines) {
  std::vector<std::string> lines;
  LineSplitter splitter([&](const std::string& line) { lines.push_back(line); });
  splitter.Push("a");
  splitter.Push("b\n\nc\nd");
  EXPECT_EQ(lines, (std::vector<std::string>{"ab", "c"}));
  splitter.Flush();
  splitter.Flush();
  EXPECT_EQ(lines.back(), "d");
  lines.clear();
  splitter.Push(std::string(3 * LineSplitter::kMaxLineBytes, 'x'));
  EXPECT_EQ(lines.size(), 3U);
  EXPECT_EQ(lines.front().size(), LineSplitter::kMaxLineBytes);
}

}  // namespace
}  // namespace axial::dispatch
