#include "inference/results/result_text.h"

#include <dcmtk/dcmdata/dctk.h>
#include <gtest/gtest.h>

namespace axial::results {
namespace {

config::ModelCard CardNamed(const std::string& segment) {
  config::ModelCard card;
  card.segments.push_back({1, segment, {"1", "SCT", "Category"}, {"2", "SCT", "Lung"}, {}, {}, {}});
  return card;
}

ResultText TextFor(const std::string& character_set, const std::string& name,
                   const std::string& segment) {
  DcmDataset source;
  if (!character_set.empty())
    source.putAndInsertOFStringArray(DCM_SpecificCharacterSet, character_set.c_str());
  source.putAndInsertOFStringArray(DCM_PatientName, name.c_str());
  return ResultText::For(source, CardNamed(segment));
}

TEST(ResultText, KeepsTheSourcesCharacterSetWhenOwnTextIsAscii) {
  for (const char* character_set :
       {"ISO_IR 100", "\\ISO 2022 IR 87", "GB18030", "ISO_IR 192", "ISO_IR 13"})
    EXPECT_EQ(TextFor(character_set, "Doe", "Lung").character_set(), character_set);
  EXPECT_EQ(TextFor("", "Doe", "Lung").character_set(), "");
}

TEST(ResultText, UsesUtf8WhenNothingCopiedNeedsMoreThanAscii) {
  const ResultText text = TextFor("ISO_IR 100", "Doe", "右肺");
  EXPECT_EQ(text.character_set(), "ISO_IR 192");
  EXPECT_EQ(text.Own("右肺", 64, "Lung"), "右肺");
}

TEST(ResultText, FallsBackToAsciiUnderAnotherCharacterSet) {
  const ResultText text = TextFor("ISO_IR 100", "M\xFCller", "右肺");
  EXPECT_EQ(text.character_set(), "ISO_IR 100");
  EXPECT_EQ(text.Own("右肺", 64, "Lung"), "Lung");
  EXPECT_EQ(text.Own("größer", 64), "gr??er");
}

TEST(ResultText, TreatsEscapeSequencesAsMoreThanAscii) {
  const ResultText text =
      TextFor("\\ISO 2022 IR 87", "Yamada^Tarou=\x1b$B;3ED\x1b(B^\x1b$BB@O:\x1b(B", "右肺");
  EXPECT_EQ(text.character_set(), "\\ISO 2022 IR 87");
  EXPECT_FALSE(text.unicode());
}

TEST(ResultText, AddsNothingUnderASourceThatOnlyClaimsUtf8) {
  const ResultText text = TextFor("ISO_IR 192", "\xCD\xF5^\xD0\xA1\xB6\xAB", "右肺");
  EXPECT_EQ(text.character_set(), "ISO_IR 192");
  EXPECT_EQ(text.Own("右肺", 64, "Lung"), "Lung");
}

TEST(ResultText, CutsByCharactersAndRemovesWhatTheValueRepresentationForbids) {
  const ResultText text = TextFor("ISO_IR 192", "Doe", "右肺");
  EXPECT_EQ(text.Own("右肺右肺", 3), "右肺右");
  EXPECT_EQ(text.Own(std::string(80, 'a'), 64).size(), 64u);
  EXPECT_EQ(text.Own("a\\b\nc\x01", 64), "a/b c ");
  EXPECT_EQ(text.OwnLong("a\\b\nc", 64), "a\\b\r\nc");
}

TEST(IsUtf8, IsStrict) {
  for (const char* good : {"", "abc", "\xC3\xBC", "\xE5\x8F\xB3", "\xF0\x9F\x98\x80"})
    EXPECT_TRUE(IsUtf8(good)) << good;
  for (const char* bad : {"\x80", "\xC0\xAF", "\xE0\x80\x80", "\xED\xA0\x80", "\xF4\x90\x80\x80",
                          "\xC3", "\xE5\x8F", "\xFF"})
    EXPECT_FALSE(IsUtf8(bad));
}

}  // namespace
}  // namespace axial::results
