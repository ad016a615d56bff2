#include "gateway/receive/spool_name.h"

#include <gtest/gtest.h>

namespace axial::receive {
namespace {

TEST(SpoolName, SaysWhatItWasMadeOf) {
  const std::string name = MakeSpoolName("1.2.3", "0123456789abcdef0123456789abcdef");
  EXPECT_EQ(name, "1.2.3.0123456789abcdef.dcm");
  const auto parsed = ParseSpoolName(name);
  ASSERT_TRUE(parsed);
  EXPECT_EQ(parsed->sop_instance_uid, "1.2.3");
  EXPECT_EQ(parsed->short_digest, "0123456789abcdef");
  EXPECT_EQ(parsed->suffix, "");
  EXPECT_EQ(ParseSpoolName("1.2.3.0123456789abcdef-12.dcm")->suffix, "-12");
}

TEST(SpoolName, IsNoOtherName) {
  for (const char* name :
       {"", ".dcm", "a", "1.2.3", "1.2.3.dcm", "1.2.3.0123456789abcdef", ".0123456789abcdef.dcm",
        "1.2.3.0123456789abcde.dcm", "1.2.3.0123456789ABCDEF.dcm", "1.2.3.0123456789abcdef0.dcm",
        "1.2.3.0123456789abcdef-.dcm", "1.2.3.0123456789abcdef-x.dcm",
        "1.2.3.0123456789abcdef2.dcm", "1.2.3.0123456789abcdef.part"})
    EXPECT_FALSE(ParseSpoolName(name)) << name;
}

}  // namespace
}  // namespace axial::receive
