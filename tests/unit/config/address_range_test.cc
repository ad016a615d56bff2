#include <gtest/gtest.h>

#include "config/config.h"

namespace axial::config {
namespace {

TEST(AddressRange, HoldsWhatItsPrefixSays) {
  const AddressRange network = AddressRange::Parse("10.1.2.0/23").value();
  EXPECT_TRUE(network.Contains("10.1.2.1"));
  EXPECT_TRUE(network.Contains("10.1.3.255"));
  EXPECT_TRUE(network.Contains("::ffff:10.1.3.255"));
  EXPECT_FALSE(network.Contains("10.1.4.0"));
  EXPECT_FALSE(network.Contains("fd00::1"));
  EXPECT_FALSE(network.Contains("garbage"));
  EXPECT_TRUE(AddressRange::Parse("0.0.0.0/0")->Contains("255.1.2.3"));
  EXPECT_TRUE(AddressRange::Parse("fd00::/8")->Contains("fdff::1"));
  EXPECT_TRUE(AddressRange::Parse("fe80::1")->Contains("fe80::1%eth0"));
  EXPECT_FALSE(AddressRange::Parse("fe80::1")->Contains("fe80::2"));
}

TEST(AddressRange, KeepsTheCanonicalForm) {
  EXPECT_EQ(AddressRange::Parse("FD00:0:0::1")->network, "fd00::1");
  EXPECT_EQ(AddressRange::Parse("FD00:0:0::1")->prefix_bits, 128);
  EXPECT_EQ(AddressRange::Parse("::ffff:10.1.2.3")->network, "10.1.2.3");
}

TEST(AddressRange, RefusesWhatIsNoAddress) {
  for (const char* text : {"", "/", "10.1.2", "10.1.2.3/", "10.1.2.3/-1", "10.1.2.3/33",
                           "10.1.2.3/24x", "10.1.2.3/24", "fd00::1/8", "fe80::1%eth0", "host"})
    EXPECT_FALSE(AddressRange::Parse(text).ok()) << text;
}

}  // namespace
}  // namespace axial::config
