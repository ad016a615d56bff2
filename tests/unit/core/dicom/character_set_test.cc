#include "core/dicom/character_set.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>

namespace axial {
namespace {

using ::testing::ElementsAre;

TEST(CharacterSet, DecodesSingleByteSets) {
  EXPECT_THAT(CharacterSet("ISO_IR 100").Decode("Buc^J\xe9r\xf4me", true, true),
              ElementsAre("Buc^Jérôme"));
  EXPECT_THAT(CharacterSet("ISO_IR 144").Decode("\xbb\xee", true, false), ElementsAre("Лю"));
  EXPECT_THAT(CharacterSet("ISO_IR 13").Decode("\xd4\xcf\xc0\xde^\xc0\xdb\xb3", true, true),
              ElementsAre("ﾔﾏﾀﾞ^ﾀﾛｳ"));
}

TEST(CharacterSet, DecodesJapaneseWithCodeExtensions) {
  // PS3.5 H.3, example 1, followed by a second value.
  const std::string name =
      "Yamada^Tarou=\x1b$B;3ED\x1b(B^\x1b$BB@O:\x1b(B=\x1b$B$d$^$@\x1b(B^\x1b$B$?$m$&\x1b(B";
  EXPECT_THAT(CharacterSet("\\ISO 2022 IR 87").Decode(name + "\\A^B", true, true),
              ElementsAre("Yamada^Tarou=山田^太郎=やまだ^たろう", "A^B"));
}

TEST(CharacterSet, DecodesKoreanAndChinese) {
  EXPECT_THAT(CharacterSet("\\ISO 2022 IR 149")
                  .Decode("\x1b$)C\xfb\xf3^\x1b$)C\xd1\xce\xd4\xd7", true, true),
              ElementsAre("洪^吉洞"));
  EXPECT_THAT(
      CharacterSet("\\ISO 2022 IR 58").Decode("\x1b$)A\xcd\xf5^\x1b$)A\xd0\xa1", true, true),
      ElementsAre("王^小"));
  EXPECT_THAT(CharacterSet("GB18030").Decode("\xcd\xf5^\xd0\xa1\xb6\xab", true, true),
              ElementsAre("王^小东"));
  EXPECT_THAT(CharacterSet("ISO_IR 192").Decode("王^小東", true, true), ElementsAre("王^小東"));
}

TEST(CharacterSet, KeepsBackslashThatIsSecondByte) {
  EXPECT_THAT(CharacterSet("GB18030").Decode("\x81\x5c\\B", true, false), ElementsAre("乗", "B"));
  EXPECT_THAT(CharacterSet("\\ISO 2022 IR 87").Decode("\x1b$B0\\\x1b(B\\B", true, false),
              ElementsAre("移", "B"));
}

TEST(CharacterSet, ReplacesWhatItCannotDecode) {
  EXPECT_THAT(CharacterSet().Decode("J\xe9r", true, false), ElementsAre("J?r"));
  EXPECT_THAT(CharacterSet("ISO_IR 192").Decode("a\xff\xc3", true, false), ElementsAre("a??"));
  EXPECT_THAT(CharacterSet("ISO_IR 999").Decode("\xe9", true, false), ElementsAre("?"));
  EXPECT_THAT(CharacterSet("").Decode("\x1bZ!", true, false), ElementsAre("?Z!"));
}

TEST(CharacterSet, SurvivesGarbage) {
  std::mt19937 random(7);
  for (const char* name : {"", "ISO_IR 13", "ISO_IR 192", "GB18030", "\\ISO 2022 IR 87",
                           "\\ISO 2022 IR 149", "ISO_IR 166"}) {
    const CharacterSet set(name);
    for (int round = 0; round < 500; ++round) {
      std::string bytes(random() % 40, '\0');
      for (char& byte : bytes) byte = random() % 8 == 0 ? '\x1b' : static_cast<char>(random());
      if (round % 3 == 0) bytes.insert(0, "\x1b$B");
      EXPECT_FALSE(set.Decode(bytes, true, round % 2 == 0).empty());
    }
  }
}

}  // namespace
}  // namespace axial
