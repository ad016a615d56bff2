#include "gateway/store/failure_cause.h"

#include <gtest/gtest.h>

namespace axial::store {
namespace {

constexpr FailureCause kAll[] = {
    FailureCause::kNotApplicable, FailureCause::kModelMissing, FailureCause::kNotStarted,
    FailureCause::kCrashed,       FailureCause::kTimeout,      FailureCause::kExhausted,
    FailureCause::kBadResult,     FailureCause::kInterrupted,  FailureCause::kError};

TEST(FailureCause, NamesGoBothWays) {
  for (const FailureCause cause : kAll)
    EXPECT_EQ(FailureCauseFromName(FailureCauseName(cause)), cause);
  EXPECT_FALSE(FailureCauseFromName("bad_mood").has_value());
}

TEST(FailureCause, OnlyWhatIsAboutTheImagesIsPassedOn) {
  const std::string message = "cannot open /var/lib/axial/results/7: JANE DOE";
  for (const FailureCause cause : kAll) {
    const std::string told = TellFailure(cause, message);
    EXPECT_FALSE(told.empty());
    EXPECT_EQ(told.find("/var"), std::string::npos) << told;
    EXPECT_EQ(told.find("DOE") != std::string::npos, cause == FailureCause::kNotApplicable);
  }
  EXPECT_EQ(TellFailure(FailureCause::kNotApplicable, "the Series is MR; the model takes CT"),
            "the Series is MR; the model takes CT");
}

TEST(FailureCause, NoFileIsNamedAndNothingIsEndless) {
  EXPECT_EQ(TellFailure(FailureCause::kNotApplicable,
                        "/spool/1.2/3.4.dcm: 7 frames but\nfewer functional groups"),
            "one image: 7 frames but fewer functional groups");
  EXPECT_EQ(TellFailure(FailureCause::kNotApplicable, "1.2.840.5.dcm: no image ('/a')"),
            "one image: no image one image");
  EXPECT_EQ(TellFailure(FailureCause::kNotApplicable, ""),
            "the images are not what the model takes");
  std::string endless;
  for (int i = 0; i < 1000; ++i) endless += "word ";
  EXPECT_LE(TellFailure(FailureCause::kNotApplicable, endless).size(), 400U);
  EXPECT_EQ(TellFailure(FailureCause::kNotApplicable, std::string(5000, 'x')),
            "the images are not what the model takes");
}

}  // namespace
}  // namespace axial::store
