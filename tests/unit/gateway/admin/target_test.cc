#include "gateway/admin/target.h"

#include <gmock/gmock.h>

namespace axial::admin {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

TEST(Target, TakesPathAndQueryApart) {
  const auto target = Target::Parse("/api/studies/1.2%2F3?limit=5&text=a+b%26&flag");
  ASSERT_TRUE(target.ok());
  EXPECT_THAT(target->segments, ElementsAre("api", "studies", "1.2/3"));
  EXPECT_EQ(target->query.at("limit"), "5");
  EXPECT_EQ(target->query.at("text"), "a b&");
  EXPECT_EQ(target->query.at("flag"), "");
}

TEST(Target, IgnoresEmptySegments) {
  EXPECT_THAT(Target::Parse("//api///jobs/")->segments, ElementsAre("api", "jobs"));
  EXPECT_THAT(Target::Parse("/")->segments, IsEmpty());
}

TEST(Target, RefusesWhatIsNoTarget) {
  for (const std::string text : {"", "api", "http://host/", "/%", "/%1", "/%zz", "/a?b=%4", "/%00"})
    EXPECT_FALSE(Target::Parse(text).ok()) << text;
  EXPECT_FALSE(Target::Parse("/" + std::string(3000, 'a')).ok());
}

TEST(Target, MatchesPatternsWithParameters) {
  std::vector<std::string> parameters;
  EXPECT_TRUE(MatchPattern("/api/jobs/{id}/retry", {"api", "jobs", "7", "retry"}, parameters));
  EXPECT_THAT(parameters, ElementsAre("7"));
  EXPECT_FALSE(MatchPattern("/api/jobs/{id}/retry", {"api", "jobs", "7"}, parameters));
  EXPECT_FALSE(MatchPattern("/api/jobs/{id}/retry", {"api", "jobs", "7", "other"}, parameters));
}

}  // namespace
}  // namespace axial::admin
