#include <gtest/gtest.h>

#include <filesystem>

#include "tests/conformance/results_judge.h"
#include "tests/support/dicom_validators.h"
#include "tests/support/repository_paths.h"
#include "tests/support/synthetic_results.h"

/// Names keep their characters in every kind of object, whatever the source's character set.
namespace axial::testing {
namespace {

struct NameCase {
  const char* title;
  const char* character_set;
  const char* name;  ///< bytes as they stand in the file
};
void PrintTo(const NameCase& name, std::ostream* stream) { *stream << name.title; }

// Names of PS3.5 annexes H to L where it has them.
constexpr NameCase kNames[] = {
    {"ascii", "", "Doe^Jane"},
    {"latin1", "ISO_IR 100",
     "\xc4neas^R\xfc"
     "diger"},
    {"latin2", "ISO_IR 101", "W\xb3och^\xafneta"},
    {"cyrillic", "ISO_IR 144", "\xbb\xee\xda\x63\x65\xdc\xd1yp\xd3"},
    {"arabic", "ISO_IR 127", "\xe2\xc8\xc7\xe6\xea^\xe4\xe6\xd2\xc7\xd1"},
    {"greek", "ISO_IR 126", "\xc4\xe9\xef\xed\xf5\xf3\xe9\xef\xf2"},
    {"hebrew", "ISO_IR 138", "\xf9\xf8\xe5\xef^\xe3\xe1\xe5\xf8\xe4"},
    {"turkish", "ISO_IR 148",
     "\xc7"
     "avu\xfeo\xf0lu"},
    {"thai", "ISO_IR 166", "\xb9\xd2\xc2^\xca\xc1\xaa\xd2\xc2"},
    {"katakana", "ISO_IR 13", "\xd4\xcf\xc0\xde^\xc0\xdb\xb3"},
    {"japanese", "\\ISO 2022 IR 87",
     "Yamada^Tarou=\x1b$B;3ED\x1b(B^\x1b$BB@O:\x1b(B="
     "\x1b$B$d$^$@\x1b(B^\x1b$B$?$m$&\x1b(B"},
    {"japanese_katakana", "ISO 2022 IR 13\\ISO 2022 IR 87",
     "\xd4\xcf\xc0\xde^\xc0\xdb\xb3=\x1b$B;3ED\x1b(J^\x1b$BB@O:\x1b(J="
     "\x1b$B$d$^$@\x1b(J^\x1b$B$?$m$&\x1b(J"},
    {"korean", "\\ISO 2022 IR 149",
     "Hong^Gildong=\x1b$)C\xfb\xf3^\x1b$)C\xd1\xce\xd4\xd7="
     "\x1b$)C\xc8\xab^\x1b$)C\xb1\xe6\xb5\xbf"},
    {"chinese_2022", "\\ISO 2022 IR 58", "Zhang^XiaoDong=\x1b$)A\xd5\xc5^\x1b$)A\xd0\xa1\xb6\xab="},
    {"chinese_gb18030", "GB18030", "Wang^XiaoDong=\xcd\xf5^\xd0\xa1\xb6\xab="},
    {"chinese_gbk", "GBK", "Wang^XiaoDong=\xcd\xf5^\xd0\xa1\xb6\xab="},
    {"utf8", "ISO_IR 192", "Wang^XiaoDong=王^小東=Ελλάς^نزار"},
    {"latin1_and_greek_2022", "ISO 2022 IR 100\\ISO 2022 IR 126",
     "M\xfcller^\x1b-F\xc4\xe9\xef\xed\xf5\xf3\xe9\xef\xf2"},
    // What some scanners do: the text is not in the set that they name.
    {"says_utf8_sends_gb18030", "ISO_IR 192", "Wang^XiaoDong=\xcd\xf5^\xd0\xa1\xb6\xab="},
    {"says_nothing_sends_latin1", "", "M\xfcller^J\xf6rg"},
};

class CharacterSets : public ResultsJudge {
 protected:
  /// Every kind of object that a Destination may ask for.
  static ResultOptions Everything() {
    ResultOptions options = Options();
    for (std::size_t i = 0; i < config::kExtraResultNames.size(); ++i)
      options.profiles.front().also.insert(static_cast<config::ExtraResult>(i));
    return options;
  }

  void Judge(const SourceSeries& source, const config::ModelCard& card) {
    const Findings findings = LungFindings(source, card);
    const auto written = WriteResults(findings, card, Everything(), out_.path());
    ASSERT_TRUE(written.ok()) << written.error().ToString();
    ASSERT_GE(written->size(), 2u);
    JudgeIod(findings, *written);
    JudgeNames(source.frames.front().file, *written);
  }

  void JudgeNames(const std::string& source, const std::vector<protocol::Artifact>& artifacts) {
    std::vector<std::string> arguments = {SourceDir() + "/tests/conformance/check_names.py",
                                          source};
    for (const protocol::Artifact& artifact : artifacts)
      arguments.push_back(out_.File(artifact.file));
    int status = 0;
    const std::vector<std::string> lines = RunProgram(kPython, arguments, &status);
    EXPECT_EQ(status, 0) << ::testing::PrintToString(lines);
  }
};

class CharacterSetsOfNames : public CharacterSets,
                             public ::testing::WithParamInterface<NameCase> {};

TEST_P(CharacterSetsOfNames, SurviveInEveryObject) {
  const SourceSeries source = WriteSource(
      {.character_set = GetParam().character_set, .patient_name = GetParam().name}, in_.path());
  Judge(source, LungCard());
}

// The algorithm's own words are Unicode; they must fit, or give way, never spoil the name.
TEST_P(CharacterSetsOfNames, SurviveBesideSegmentsNamedInChinese) {
  config::ModelCard card = LungCard();
  card.segments[1].name = "右肺";
  card.algorithm.notice = "Nur zur Vorführung, nicht für die Befundung";
  const SourceSeries source = WriteSource(
      {.character_set = GetParam().character_set, .patient_name = GetParam().name}, in_.path());
  Judge(source, card);
}

INSTANTIATE_TEST_SUITE_P(EveryRepertoire, CharacterSetsOfNames, ::testing::ValuesIn(kNames),
                         [](const auto& test) { return std::string(test.param.title); });

class CharacterSetsOfFiles : public CharacterSets,
                             public ::testing::WithParamInterface<const char*> {};

TEST_P(CharacterSetsOfFiles, SurviveInEveryObject) {
  const std::filesystem::path file =
      std::filesystem::path(SourceDir() + "/../shared/data") / GetParam();
  if (!std::filesystem::exists(file)) GTEST_SKIP() << "NOT CHECKED: no " << file;
  Judge(WriteSourceLike(file, {}, in_.path()), LungCard());
}

INSTANTIATE_TEST_SUITE_P(RealNames, CharacterSetsOfFiles,
                         ::testing::Values("charset-a/chrFren.dcm", "charset-a/chrFrenMulti.dcm",
                                           "charset-a/chrGreek.dcm", "charset-a/chrH31.dcm",
                                           "charset-a/chrI2.dcm",
                                           "charset-a/chrJapMultiExplicitIR6.dcm",
                                           "charset-a/chrRuss.dcm", "charset-a/chrSQEncoding.dcm",
                                           "charset-a/chrX1.dcm", "charset-a/chrX2.dcm",
                                           "charset-gb18030/GH1301.dcm"));

}  // namespace
}  // namespace axial::testing
