#include "gateway/receive/file_meta_information.h"

#include <gtest/gtest.h>

namespace axial::receive {
namespace {

TEST(FileMetaInformation, IsTheSameForTheSameInstance) {
  const std::string meta = EncodeFileMetaInformation("1.2.3", "1.2.3.4", "1.2.840.10008.1.2.1");
  EXPECT_EQ(meta, EncodeFileMetaInformation("1.2.3", "1.2.3.4", "1.2.840.10008.1.2.1"));
  EXPECT_EQ(meta.substr(128, 4), "DICM");
  EXPECT_EQ(meta.size() % 2, 0u);
}

}  // namespace
}  // namespace axial::receive
