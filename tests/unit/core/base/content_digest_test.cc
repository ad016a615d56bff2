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

/// Beyond 240 bytes another, vectorised way is taken. The value is that of XXH3_128bits in one
/// call: one that differs would make every Instance of an older index a new one.
TEST(ContentDigest, OfManyBytesIsTheOneThatIndexesHave) {
  std::string bytes(100'003, '\0');
  for (std::size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<char>(i * i % 251);
  for (const std::size_t piece : {std::size_t{7}, std::size_t{1024}, bytes.size()}) {
    ContentDigest digest;
    for (std::size_t at = 0; at < bytes.size(); at += piece)
      digest.Add(std::string_view(bytes).substr(at, piece));
    EXPECT_EQ(digest.Hex(), "428cd8f15ca7f70617fcb6839b151d6f") << piece;
  }
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
