#include "core/base/spelling.h"

#include <gtest/gtest.h>

#include <array>

namespace axial {
namespace {

TEST(EditDistance, CountsWhatAPersonMistypes) {
  EXPECT_EQ(EditDistance("", ""), 0u);
  EXPECT_EQ(EditDistance("", "abc"), 3u);
  EXPECT_EQ(EditDistance("port", "prot"), 1u);
  EXPECT_EQ(EditDistance("quiet", "quite"), 1u);
  EXPECT_EQ(EditDistance("kitten", "sitting"), 3u);
  EXPECT_EQ(EditDistance("MODALITY", "modality"), 0u);
}

TEST(EditDistance, LooksAtABoundedPartOfLongWords) {
  EXPECT_EQ(EditDistance(std::string(100'000, 'a'), std::string(100'000, 'a') + "b"), 0u);
}

TEST(NearestWord, FindsTheNearOneOrNone) {
  constexpr std::array<std::string_view, 3> kKeys = {"quiet", "after_release", "at_most"};
  EXPECT_EQ(NearestWord("quite", kKeys), "quiet");
  EXPECT_EQ(NearestWord("afterrelease", kKeys), "after_release");
  EXPECT_EQ(NearestWord("directory", kKeys), "");
  EXPECT_EQ(NearestWord("", kKeys), "");
}

}  // namespace
}  // namespace axial
