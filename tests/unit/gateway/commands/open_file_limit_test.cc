#include "gateway/commands/open_file_limit.h"

#include <gtest/gtest.h>

namespace axial::gateway {
namespace {

TEST(OpenFileLimit, AsManyAssociationsFitAsItWasMadeFor) {
  config::Node node;
  for (const int count : {1, 256, 4096}) {
    node.max_associations = count;
    for (const bool tls : {false, true}) {
      node.tls = tls ? std::optional(config::Tls{}) : std::nullopt;
      EXPECT_EQ(AssociationsWithin(OpenFilesFor(node), node), count);
      EXPECT_LT(AssociationsWithin(OpenFilesFor(node) - 1, node), std::max(count, 2));
    }
  }
  EXPECT_EQ(AssociationsWithin(64, node), 1) << "never none at all";
}

}  // namespace
}  // namespace axial::gateway
