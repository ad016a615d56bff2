#include "core/base/printable.h"

#include <gtest/gtest.h>

namespace axial {
namespace {

TEST(Printable, LeavesOnlyPrintableAscii) {
  EXPECT_EQ(Printable("CT 01"), "CT 01");
  EXPECT_EQ(Printable(std::string_view("\x1b[31m\n\0\x7f\xc3\xa4\\", 11)),
            "\\x1b[31m\\x0a\\x00\\x7f\\xc3\\xa4\\\\");
}

TEST(Printable, LeavesTextOfOthersWithoutControls) {
  EXPECT_EQ(WithoutControls("Zürich\\ 1"), "Zürich\\ 1");
  EXPECT_EQ(WithoutControls("a\r\nb\x1b[2Jc\x7f"), "a\\x0d\\x0ab\\x1b[2Jc\\x7f");
  EXPECT_EQ(WithoutControls("\xc2\x9b"
                            "2J\xc2\xa7\xc2"),
            "\\x9b"
            "2J\xc2\xa7\xc2")
      << "a control of C1 steers terminals, too";
}

}  // namespace
}  // namespace axial
