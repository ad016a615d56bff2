#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/repository_paths.h"
#include "tests/unit/include_direction/include_rules.h"

namespace axial::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

TEST(IncludeDirection, HoldsInTheWholeTree) {
  const SourceTree tree = ReadSourceTree(SourceDir());
  EXPECT_GT(tree.size(), 50u);
  for (const std::string& problem : CheckIncludes(tree)) ADD_FAILURE() << problem;
}

TEST(IncludeDirection, AcceptsWhatTheDesignAllows) {
  EXPECT_THAT(CheckIncludes({{"core/base/result.h", "#include <string>\n"},
                             {"config/config.h", "#include \"core/base/result.h\"\n"},
                             {"config/yaml.cc", "#include <yaml-cpp/yaml.h>\n"},
                             {"gateway/store/rows.h", "#include <SQLiteCpp/SQLiteCpp.h>\n"},
                             {"gateway/store/rows.cc", "#include \"gateway/store/rows.h\"\n"},
                             {"gateway/receive/a.cc", "#include <dcmtk/dcmnet/dul.h>\n"},
                             {"orthanc-plugin/a.cc", "// #include <torch/script.h>\n"}}),
              IsEmpty());
}

TEST(IncludeDirection, CatchesAnIncludeAgainstTheDirection) {
  EXPECT_THAT(CheckIncludes(
                  {{"routing/rule.h", ""}, {"core/base/a.h", "\n# include \"routing/rule.h\"\n"}}),
              ElementsAre("core/base/a.h:2: core/base must not include routing/rule.h"));
}

TEST(IncludeDirection, CatchesAStageThatIncludesAnother) {
  EXPECT_THAT(
      CheckIncludes({{"gateway/deliver/a.h", ""},
                     {"gateway/receive/a.cc", "#include \"gateway/deliver/a.h\"\n"}}),
      ElementsAre("gateway/receive/a.cc:1: gateway/receive must not include gateway/deliver/a.h"));
}

TEST(IncludeDirection, CatchesEnginesThatIncludeResults) {
  EXPECT_THAT(CheckIncludes({{"inference/results/a.h", ""},
                             {"inference/engines/a.cc", "#include \"inference/results/a.h\"\n"}}),
              ElementsAre("inference/engines/a.cc:1: inference/engines must not include "
                          "inference/results/a.h"));
}

TEST(IncludeDirection, CatchesEveryThirdPartyOutsideItsRoom) {
  for (const char* header :
       {"torch/script.h", "ATen/ATen.h", "boost/beast.hpp", "dcmtk/dcmnet/dul.h",
        "dcmtk/dcmdata/dctk.h", "dcmtk/dcmsr/dsrdoc.h", "sqlite3.h", "SQLiteCpp/SQLiteCpp.h",
        "yaml-cpp/yaml.h", "orthanc/OrthancCPlugin.h", "OrthancCPlugin.h", "opencv2/core.hpp",
        "cairo.h", "pango/pangocairo.h"})
    EXPECT_EQ(CheckIncludes({{"inference/protocol/a.cc", std::string("#include <") + header + ">"}})
                  .size(),
              1u)
        << header;
}

TEST(IncludeDirection, CatchesAHeavyHeaderThatLeaksThroughOneOfOurs) {
  EXPECT_THAT(CheckIncludes({{"gateway/store/rows.h", "#include <SQLiteCpp/SQLiteCpp.h>\n"},
                             {"gateway/store/store.h", "#include \"gateway/store/rows.h\"\n"},
                             {"gateway/receive/a.cc", "#include \"gateway/store/store.h\"\n"}}),
              ElementsAre("gateway/receive/a.cc:1: gateway/store/store.h brings SQLiteCpp/ into "
                          "gateway/receive"));
}

TEST(IncludeDirection, CatchesIncludesThatAreNotNamedFromTheRoot) {
  EXPECT_EQ(
      CheckIncludes({{"routing/rule.h", ""}, {"routing/rule.cc", "#include \"rule.h\""}}).size(),
      1u);
}

TEST(IncludeDirection, CatchesAFileOutsideEveryRoom) {
  EXPECT_EQ(CheckIncludes({{"helpers/a.h", "#include <string>"}}).size(), 1u);
}

}  // namespace
}  // namespace axial::testing
