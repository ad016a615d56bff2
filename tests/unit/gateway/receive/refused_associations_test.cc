#include "gateway/receive/refused_associations.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/turned_clock.h"

namespace axial::receive {
namespace {

using ::testing::SizeIs;

RefusedAssociation From(const std::string& calling, const std::string& address) {
  return {.reason = "calling_ae_title", .calling_ae_title = calling, .peer_address = address};
}

class RefusedAssociationsTest : public ::testing::Test {
 protected:
  testing::TurnedClock clock{TimePoint(std::chrono::seconds(1'000'000))};
  RefusedAssociations refused{clock};
};

TEST_F(RefusedAssociationsTest, CountsTheSameOneAndSaysWhenItWasSeen) {
  const TimePoint start = clock.Now();
  EXPECT_TRUE(refused.Add(From("CT01", "10.0.0.1")));
  clock.Advance(std::chrono::minutes(10));
  EXPECT_FALSE(refused.Add(From("CT01", "10.0.0.1")));
  EXPECT_TRUE(refused.Add(From("CT01", "10.0.0.2")));
  clock.Advance(std::chrono::minutes(1));
  EXPECT_FALSE(refused.Add(From("CT01", "10.0.0.1")));
  const auto list = refused.List();
  ASSERT_THAT(list, SizeIs(2));
  EXPECT_EQ(list[0].peer_address, "10.0.0.1");  // the newest first
  EXPECT_EQ(list[0].count, 3);
  EXPECT_EQ(list[0].first_at, start);
  EXPECT_EQ(list[0].last_at, clock.Now());
  EXPECT_EQ(list[1].count, 1);
  clock.Advance(std::chrono::hours(1));
  EXPECT_TRUE(refused.Add(From("CT01", "10.0.0.1"))) << "silent for an hour: the log says it again";
}

TEST_F(RefusedAssociationsTest, OnePeerWithManyNamesHidesNoOther) {
  refused.Add(From("CT01", "10.0.0.1"));
  clock.Advance(std::chrono::milliseconds(1));
  refused.Add(From("CT02", "10.0.0.2"));
  for (int i = 0; i < 10'000; ++i) {
    clock.Advance(std::chrono::milliseconds(1));
    refused.Add(From(fmt::format("X{}", i), "10.0.0.66"));
  }
  const auto list = refused.List();
  ASSERT_THAT(list, SizeIs(RefusedAssociations::kMaxRows));
  EXPECT_EQ(list.front().calling_ae_title, "X9999");
  EXPECT_EQ(list[list.size() - 1].calling_ae_title, "CT01");
  EXPECT_EQ(list[list.size() - 2].calling_ae_title, "CT02");
}

TEST_F(RefusedAssociationsTest, OfManyPeersTheOldestGoes) {
  for (std::size_t i = 0; i <= RefusedAssociations::kMaxRows; ++i) {
    clock.Advance(std::chrono::milliseconds(1));
    refused.Add(From("CT", fmt::format("10.0.{}.{}", i / 256, i % 256)));
  }
  const auto list = refused.List();
  ASSERT_THAT(list, SizeIs(RefusedAssociations::kMaxRows));
  EXPECT_EQ(list.back().peer_address, "10.0.0.1");
}

TEST_F(RefusedAssociationsTest, ForgetsWhatIsAdmittedNow) {
  refused.Add(From("CT01", "10.0.0.1"));
  refused.Add(From("CT02", "10.0.0.1"));
  refused.RemoveIf([](const RefusedAssociation& row) { return row.calling_ae_title == "CT01"; });
  ASSERT_THAT(refused.List(), SizeIs(1));
  EXPECT_EQ(refused.List()[0].calling_ae_title, "CT02");
}

}  // namespace
}  // namespace axial::receive
