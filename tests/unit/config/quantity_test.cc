#include "config/quantity.h"

#include <gtest/gtest.h>

namespace axial::config {
namespace {

using std::chrono::milliseconds;

TEST(ParseDuration, KnowsEveryUnit) {
  EXPECT_EQ(ParseDuration("1500 ms").value(), milliseconds(1500));
  EXPECT_EQ(ParseDuration("5s").value(), milliseconds(5000));
  EXPECT_EQ(ParseDuration(" 1.5 min ").value(), milliseconds(90'000));
  EXPECT_EQ(ParseDuration("2 h").value(), milliseconds(7'200'000));
  EXPECT_EQ(ParseDuration("7 d").value(), milliseconds(604'800'000));
}

TEST(ParseDuration, RefusesAnythingElse) {
  for (const char* text : {"", "5", "s", "5 m", "5 S", "-1 s", "5 s 3", "1e3 s", "inf s", "nan s",
                           "9999999999999 d", "0x5 s", "5,5 s"})
    EXPECT_FALSE(ParseDuration(text).ok()) << text;
}

TEST(ParseSize, KnowsBinaryAndDecimalUnits) {
  EXPECT_EQ(ParseSize("5 GiB").value(), std::int64_t{5} << 30);
  EXPECT_EQ(ParseSize("5 GB").value(), 5'000'000'000);
  EXPECT_EQ(ParseSize("0.5 KiB").value(), 512);
  EXPECT_EQ(ParseSize("42B").value(), 42);
}

TEST(ParseSize, RefusesAnythingElse) {
  for (const char* text : {"", "5", "5 G", "5 gib", "-5 GiB", "99999999 TiB"})
    EXPECT_FALSE(ParseSize(text).ok()) << text;
}

TEST(FormatDuration, IsReadBackUnchanged) {
  for (const int count : {1, 999, 1000, 59'000, 60'000, 3'600'000, 86'400'000, 90'000}) {
    const Duration duration = milliseconds(count);
    EXPECT_EQ(ParseDuration(FormatDuration(duration)).value(), duration);
  }
  EXPECT_EQ(FormatDuration(Duration(0)), "0 s");
  EXPECT_EQ(FormatSize(std::int64_t{64} << 20), "64 MiB");
}

TEST(FormatSizeRounded, TakesTheUnitThatSuitsAndRoundsDown) {
  EXPECT_EQ(FormatSizeRounded(0), "0 B");
  EXPECT_EQ(FormatSizeRounded(1023), "1023 B");
  EXPECT_EQ(FormatSizeRounded(512 << 10), "512.0 KiB");
  EXPECT_EQ(FormatSizeRounded((64 << 20) - 1), "63.9 MiB");
  EXPECT_EQ(FormatSizeRounded(std::int64_t{3} << 40), "3.0 TiB");
}

}  // namespace
}  // namespace axial::config
