#include "gateway/receive/sop_class_policy.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace axial::receive {
namespace {

using ::testing::HasSubstr;

constexpr const char* kCt = "1.2.840.10008.5.1.4.1.1.2";
constexpr const char* kSiemensCsa = "1.3.12.2.1107.5.9.1";

TEST(SopClassPolicy, AcceptsWhatTheStandardStoresAndVerification) {
  const SopClassPolicy policy;
  EXPECT_TRUE(policy.Accepts("1.2.840.10008.1.1"));
  EXPECT_TRUE(policy.Accepts(kCt));
  EXPECT_TRUE(policy.Accepts("1.2.840.10008.5.1.4.1.1.5")) << "NM, retired in 1994";
  EXPECT_TRUE(policy.Accepts("1.2.840.10008.5.1.4.1.1.99999")) << "newer than this program";
  EXPECT_TRUE(policy.Accepts("1.2.840.10008.5.1.4.34.7")) << "RT Beams Delivery Instruction";
  EXPECT_TRUE(policy.Accepts("1.2.840.10008.5.1.1.29")) << "Hardcopy Grayscale Image, retired";
}

TEST(SopClassPolicy, RefusesEverythingElseByDefault) {
  const SopClassPolicy policy;
  for (const char* uid :
       {"1.2.840.10008.5.1.4.1.2.1.1", "1.2.840.10008.5.1.4.31", "1.2.840.10008.5.1.4.1.1",
        kSiemensCsa, "1.2.840.113619.4.30", "1.2.3", ""})
    EXPECT_FALSE(policy.Accepts(uid)) << uid;
}

TEST(SopClassPolicy, TheLongerEntryCounts) {
  const SopClassPolicy policy({{"1.3.12.2.1107.5.9.*", "1.2.840.10008.5.1.4.1.1.104.1"},
                               {kCt, "1.2.840.10008.5.1.4.1.1.104.*", "1.3.12.2.1107.5.9.7"}});
  EXPECT_TRUE(policy.Accepts(kSiemensCsa));
  EXPECT_FALSE(policy.Accepts("1.3.12.2.1107.5.9.7"));
  EXPECT_FALSE(policy.Accepts("1.3.12.2.1107.5.90.1")) << "a root ends at a dot";
  EXPECT_FALSE(policy.Accepts(kCt));
  EXPECT_TRUE(policy.Accepts("1.2.840.10008.5.1.4.1.1.2.1"))
      << "an entry without * names one class";
  EXPECT_TRUE(policy.Accepts("1.2.840.10008.5.1.4.1.1.104.1"));
  EXPECT_FALSE(policy.Accepts("1.2.840.10008.5.1.4.1.1.104.2"));
}

TEST(SopClassPolicy, StarIsEveryClass) {
  EXPECT_TRUE(SopClassPolicy({{"*"}, {}}).Accepts("1.2.3"));
  const SopClassPolicy only_ct({{kCt}, {"*"}});
  EXPECT_TRUE(only_ct.Accepts(kCt));
  EXPECT_FALSE(only_ct.Accepts("1.2.840.10008.5.1.4.1.1.4"));
  EXPECT_TRUE(only_ct.Accepts("1.2.840.10008.1.1")) << "Verification cannot be refused";
}

TEST(SopClassPolicy, NamesTheLineThatWouldAcceptTheClass) {
  EXPECT_THAT(SopClassPolicy().Remedy(kSiemensCsa),
              HasSubstr("node.sop_classes: {accept: [1.3.12.2.1107.5.9.1]}"));
  EXPECT_THAT(SopClassPolicy({{}, {kCt}}).Remedy(kCt), HasSubstr(kCt));
  EXPECT_THAT(SopClassPolicy().Remedy("1.2.840.10008.5.1.4.1.2.2.1"), HasSubstr("no queries"));
  EXPECT_EQ(NameOfSopClass(kCt), "CTImageStorage");
  EXPECT_EQ(NameOfSopClass(kSiemensCsa), "private or unknown");
}

TEST(SopClassPolicy, StoresEveryTransferSyntaxThatAnAssociationCarries) {
  for (const char* uid :
       {"1.2.840.10008.1.2", "1.2.840.10008.1.2.1", "1.2.840.10008.1.2.2", "1.2.840.10008.1.2.1.99",
        "1.2.840.10008.1.2.5", "1.2.840.10008.1.2.4.50", "1.2.840.10008.1.2.4.201",
        "1.2.840.10008.1.2.4.110", "1.2.840.113619.5.2"})
    EXPECT_TRUE(IsStorableTransferSyntax(uid)) << uid;
  for (const char* uid : {"1.2.840.10008.1.2.6.1", "1.2.840.10008.1.2.7.1", "1.2.3.4.5", "",
                          "1.2.840.10008.1.20", "1.2.840.10008.1.1"})
    EXPECT_FALSE(IsStorableTransferSyntax(uid)) << uid;
}

}  // namespace
}  // namespace axial::receive
