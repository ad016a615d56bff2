#include "core/base/content_digest.h"

#include <gtest/gtest.h>

#include <fstream>

#include "tests/support/temp_dir.h"

namespace axial {
namespace {

TEST(ContentDigest, IsTheOneOfXxhsumHoweverTheBytesCome) {
  ContentDigest whole;
  whole.Add("The quick brown fox jumps over the lazy dog");
  EXPECT_EQ(whole.Hex(), "ddd650205ca3e7fa24a1cc2e3a8a7651");  // xxhsum -H2
  ContentDigest pieces;
  pieces.Add("The quick brown ");
  pieces.Add("");
  pieces.Add("fox jumps over the lazy dog");
  EXPECT_EQ(pieces.Hex(), whole.Hex());
  pieces.Add(".");
  EXPECT_NE(pieces.Hex(), whole.Hex());
}

TEST(ContentDigest, OfAFileIsThatOfItsBytes) {
  const testing::TempDir folder;
  std::string bytes(700'001, 'x');
  bytes.back() = 'y';
  std::ofstream(folder.File("a")) << bytes;
  ContentDigest digest;
  digest.Add(bytes);
  EXPECT_EQ(ContentDigestOfFile(folder.File("a")).value(), digest.Hex());
  EXPECT_EQ(ContentDigestOfFile(folder.File("b")).error().code(), ErrorCode::kNotFound);
  EXPECT_FALSE(ContentDigestOfFile(folder.File("")).ok());
}

}  // namespace
}  // namespace axial
