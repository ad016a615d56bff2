#include "inference/results/canvas.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "inference/results/picture_text.h"

namespace axial::results {
namespace {

TEST(Canvas, HasLettersForEveryScriptThatNamesAreWrittenIn) {
  for (const char* text : {"Müller", "Яковлев", "Διονυσιος", "王小明", "山田 やまだ ﾔﾏﾀﾞ", "김희중",
                           "قباني", "שרון", "สมชาย"}) {
    Result<Canvas> canvas = Canvas::ForImage(300, 60);
    ASSERT_TRUE(canvas.ok()) << canvas.error().ToString();
    EXPECT_GT(canvas->Write({4, 4}, 290, text, {.size = 20}), 15) << text;
    EXPECT_EQ(canvas->missing_glyphs(), 0) << text;
    const auto pixels = canvas->TakeImage();
    ASSERT_TRUE(pixels.ok());
    EXPECT_GT(std::count(pixels->begin(), pixels->end(), 255), 20) << text;
  }
}

TEST(Canvas, ShapesArabicLetters) {
  Result<Canvas> canvas = Canvas::ForImage(300, 60);
  ASSERT_TRUE(canvas.ok());
  // Joined letters are narrower than the same letters kept apart.
  EXPECT_LT(canvas->WidthOf("قباني", {.size = 30}),
            canvas->WidthOf("ق\u200cب\u200cا\u200cن\u200cي", {.size = 30}) - 5);
}

TEST(Canvas, CountsCharactersThatNoFontHas) {
  Result<Canvas> canvas = Canvas::ForImage(300, 60);
  ASSERT_TRUE(canvas.ok());
  canvas->Write({0, 0}, 300, "\U000E5555", {});
  EXPECT_EQ(canvas->missing_glyphs(), 1);
}

TEST(Canvas, SurvivesGarbage) {
  Result<Canvas> canvas = Canvas::ForImage(50, 50);
  ASSERT_TRUE(canvas.ok());
  canvas->Write({0, 0}, 40, std::string("\xFF\x00\x01\xC0\x80\x1b[31m", 11), {});
  canvas->Write({0, 0}, 40, std::string(1'000'000, 'x'), {.max_lines = 2});
  EXPECT_TRUE(canvas->TakeImage().ok());
}

TEST(Canvas, PutsNamesInOrder) {
  EXPECT_EQ(NameForPeople("Doe^Jane^M"), "Doe, Jane M");
  EXPECT_EQ(NameForPeople("Yamada^Tarou=山田^太郎=やまだ^たろう"),
            "Yamada, Tarou (山田 太郎, やまだ たろう)");
  EXPECT_EQ(NameForPeople("=王^小明"), "王 小明");
  EXPECT_EQ(NameForPeople("^^"), "");
}

TEST(Canvas, SaysNumbersForPeople) {
  EXPECT_EQ(MeasurementText({{"118565006", "SCT", "Volume"}, {}, 2310.4567, {"cm3", "UCUM", ""}}),
            "Volume 2310\u00a0cm³");
  EXPECT_EQ(MeasurementText({{"1", "SCT", "Volume"}, {}, 0.0123456, {"cm3", "UCUM", ""}}),
            "Volume 0.0123\u00a0cm³");
  EXPECT_EQ(AnswerText({{"", "", "View"}, {"", "", "lateral"}, 0.9996, -1}),
            "View: lateral (> 99 %)");
}

}  // namespace
}  // namespace axial::results
