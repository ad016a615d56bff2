#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <sstream>
#include <tuple>

#include "tests/conformance/real_source.h"
#include "tests/conformance/result_truth.h"
#include "tests/conformance/results_judge.h"
#include "tests/conformance/segmentation_cases.h"
#include "tests/support/dicom_validators.h"
#include "tests/support/repository_paths.h"
#include "tests/support/shared_data.h"

/// Results as other people's software reads them: highdicom (Python), and the logic of the OHIF
/// viewer without its screen (@cornerstonejs/adapters, dcmjs). scripts/peers installs both.
namespace axial::testing {
namespace {

enum class Peer { kHighdicom, kCornerstone };
constexpr std::array kPeers = {Peer::kHighdicom, Peer::kCornerstone};

std::string PeersDir() { return SourceDir() + "/build/peers/"; }

/// Why the peer is not there; "" when it is.
std::string Missing(Peer peer) {
  const std::string folder = PeersDir() + (peer == Peer::kHighdicom ? "python" : "node");
  if (std::filesystem::exists(folder + ".pinned")) return "";
  std::ifstream reason(folder + ".missing");
  std::stringstream text;
  text << "NOT CHECKED: " << folder << " ";
  reason.good() ? text << reason.rdbuf() : text << "is not there; run scripts/peers";
  return text.str();
}

/// Writes results and what they were made from into a folder each, and has a peer read all folders
/// at once: its start takes a second.
class ReadByPeers : public ResultsJudge {
 protected:
  void Write(const std::string& name, const Findings& findings, const config::ModelCard& card,
             const config::ResultProfile& profile, int planar_regions = -1) {
    const std::string folder = out_.File(name);
    std::filesystem::create_directory(folder);
    ResultOptions options = Options();
    options.profiles = {profile};
    const auto written = WriteResults(findings, card, options, folder);
    ASSERT_TRUE(written.ok()) << name << ": " << written.error().ToString();
    WriteTruth(findings, profile.keep_empty_frames, folder);
    WriteReportTruth(findings, card, {planar_regions}, folder);
    ++folders_;
  }

  void WriteFailure(const std::string& name, const SourceSeries& source,
                    const config::ResultProfile& profile, bool not_applicable) {
    const std::string folder = out_.File(name);
    std::filesystem::create_directory(folder);
    ResultOptions options = Options();
    options.profiles = {profile};
    options.failure = protocol::RunFailure{not_applicable, "the slices are 8 mm apart; at most 5"};
    std::vector<std::string> files;
    for (const SourceFrame& frame : source.frames) files.push_back(frame.file);
    const auto written = WriteFailureReport(files, LungCard(), options, folder);
    ASSERT_TRUE(written.ok()) << name << ": " << written.error().ToString();
    WriteTruth(EmptyFindings(source), false, folder);
    WriteReportTruth(EmptyFindings(source), LungCard(), {0, true}, folder);
    ++folders_;
  }

  SourceSeries Source(const std::string& name, const SyntheticSource& source) {
    const std::string folder = in_.File(name);
    std::filesystem::create_directory(folder);
    return WriteSource(source, folder);
  }

  /// What the peer says of all folders: its faults, and last how many it read. What it can not read
  /// is printed.
  std::vector<std::string> ReadBy(Peer peer) const {
    const std::string here = SourceDir() + "/tests/conformance/";
    std::vector<std::string> lines = peer == Peer::kHighdicom
                                         ? RunProgram(PeersDir() + "python/bin/python",
                                                      {here + "check_highdicom.py", out_.path()})
                                         : RunProgram("node", {here + "check_cornerstone.mjs",
                                                               PeersDir() + "node", out_.path()});
    std::erase_if(lines, [](const std::string& line) {
      // dcmjs on a Patient's Age of two letters, which the source has.
      if (line == "Invalid length for fixed length tag, vr AS, length 4 != 2") return true;
      if (!line.starts_with("limit: ")) return false;
      std::cout << line << "\n";
      return true;
    });
    return lines;
  }

  void ExpectReadBy(Peer peer) const {
    EXPECT_EQ(ReadBy(peer), std::vector<std::string>{"read: " + std::to_string(folders_)});
  }

 private:
  int folders_ = 0;
};

std::string NameOf(Peer peer) { return peer == Peer::kHighdicom ? "Highdicom" : "Cornerstone"; }

class EverySegmentation : public ReadByPeers,
                          public ::testing::WithParamInterface<std::tuple<SegmentationForm, Peer>> {
};

TEST_P(EverySegmentation, HoldsForThePeerWhatWasFound) {
  const auto& [form, peer] = GetParam();
  if (const std::string missing = Missing(peer); !missing.empty()) GTEST_SKIP() << missing;
  config::ResultProfile profile = form.profile;
  profile.report = config::ResultProfile::Report::kNone;
  const auto write = [&](const SegmentationCase& one, const std::string& name,
                         const SyntheticSource& source) {
    const config::ModelCard card = CardWithSegments(one.findings.segments);
    Write(name, MakeRandomFindings(Source(name, source), card, one.findings), card, profile);
  };
  for (const SegmentationCase& one : EverySegmentationCase()) {
    if (one.form.name != form.name) continue;
    write(one, one.name, one.source);
    if (one.source.columns != 35) continue;
    // Cornerstone reads few BINARY frames that do not fill an even number of bytes.
    SyntheticSource whole_words = one.source;
    whole_words.columns = 48;
    write(one, std::string(one.name) + "WholeWords", whole_words);
  }
  ExpectReadBy(peer);
}

INSTANTIATE_TEST_SUITE_P(All, EverySegmentation,
                         ::testing::Combine(::testing::ValuesIn(EverySegmentationForm()),
                                            ::testing::ValuesIn(kPeers)),
                         [](const auto& one) {
                           return std::get<0>(one.param).name + NameOf(std::get<1>(one.param));
                         });

class Peers : public ReadByPeers, public ::testing::WithParamInterface<Peer> {
 protected:
  void SetUp() override {
    if (const std::string missing = Missing(GetParam()); !missing.empty()) GTEST_SKIP() << missing;
  }
};

TEST_P(Peers, FindSegmentsOnRealSources) {
  for (const RealSource& item :
       {RealSource{"ct-ge-tilt-hu", true}, RealSource{"ct-enhanced", true},
        RealSource{"mr-t1-siemens-skyra", true, 4}, RealSource{"mr-small-vendors", true, 4, "/ge/"},
        RealSource{"mr-small-vendors", true, 4, "/hitachi/"},
        RealSource{"mr-enhanced-small", true, 1, "/anatomical/"}, RealSource{"pt-ge", true},
        RealSource{"dx-highdicom"}, RealSource{"mg-siemens"}, RealSource{"us-rle-ybr"},
        RealSource{"us-cine-and-palette", false, 1, "/examples_ybr"}}) {
    // dcmjs reads no data set of several character sets.
    if (GetParam() == Peer::kCornerstone && item.part == std::string_view("/hitachi/")) continue;
    const std::string folder = OpenSharedItem(item.item, in_);
    if (folder.empty()) GTEST_SKIP() << "NOT CHECKED: no sample data " << item.item;
    const auto source = LoadRealSource(item, folder);
    ASSERT_TRUE(source);
    config::ModelCard card = CardWithSegments(2);
    if (!item.volume) card.input.kind = config::InputKind::kImage;
    const Findings findings = MakeRandomFindings(*source, card, {.segments = 2});
    for (SegmentationForm form : EverySegmentationForm()) {
      if (form.probabilities || form.profile.keep_empty_frames) continue;
      if (form.name != EverySegmentationForm().front().name)  // the report is the same
        form.profile.report = config::ResultProfile::Report::kNone;
      Write(NameOf(item) + form.name, findings, card, form.profile);
    }
  }
  ExpectReadBy(GetParam());
}

TEST_P(Peers, FindEveryMeasurementGroup) {
  using Report = config::ResultProfile::Report;
  using Segmentation = config::ResultProfile::Segmentation;
  const SyntheticSource stack = {.slices = 5, .rows = 60, .columns = 70};
  SyntheticSource multi_frame = stack;
  multi_frame.multi_frame = true;
  const SyntheticSource images = {
      .modality = "DX", .slices = 2, .rows = 60, .columns = 70, .frame_of_reference = false};
  const SyntheticSource image = {.slices = 1, .rows = 60, .columns = 70};
  config::ModelCard image_card = LungCard();
  image_card.input.kind = config::InputKind::kImage;
  for (const Report report : {Report::kComprehensive3d, Report::kComprehensive, Report::kEnhanced})
    for (const Segmentation segmentation : {Segmentation::kBinary, Segmentation::kNone}) {
      config::ResultProfile profile;
      profile.report = report;
      profile.segmentation = segmentation;
      const auto write = [&](const std::string& name, const SyntheticSource& source,
                             const config::ModelCard& card, int regions) {
        const std::string form = name + std::to_string(static_cast<int>(report)) +
                                 (segmentation == Segmentation::kNone ? "WithoutSegmentation" : "");
        Write(form, ShapeFindings(Source(form, source), card), card, profile, regions);
      };
      write("Stack", stack, LungCard(), 2);
      write("MultiFrame", multi_frame, LungCard(), 2);
      write("Radiographs", images, image_card, 8);
      write("Image", image, image_card, 4);
    }
  ExpectReadBy(GetParam());
}

TEST_P(Peers, TellAnswersAbsenceAndFailureApart) {
  using Report = config::ResultProfile::Report;
  for (const Report report :
       {Report::kComprehensive3d, Report::kComprehensive, Report::kEnhanced}) {
    config::ResultProfile profile;
    profile.report = report;
    const std::string number = std::to_string(static_cast<int>(report));
    const SourceSeries images =
        Source("images" + number, {.modality = "DX", .slices = 3, .frame_of_reference = false});
    for (const int about : {-1, 1})
      Write("Answer" + number + (about < 0 ? "OfSeries" : "OfImage"),
            PositionFindings(images, PositionCard(), about), PositionCard(), profile, 0);
    const SourceSeries empty = Source("empty" + number, {});
    Write("NothingFound" + number, EmptyFindings(empty), LungCard(), profile, 0);
    WriteFailure("Failed" + number, empty, profile, false);
    WriteFailure("NotApplicable" + number, empty, profile, true);
  }
  ExpectReadBy(GetParam());
}

TEST_P(Peers, FindMeasurementGroupsOfRaggedSegments) {
  for (const SegmentationCase& one : EverySegmentationCase()) {
    if (one.form.name != EverySegmentationForm().front().name || one.findings.segments > 255)
      continue;
    const config::ModelCard card = CardWithSegments(one.findings.segments);
    config::ResultProfile profile;
    profile.segmentation = config::ResultProfile::Segmentation::kLabelmap;
    Write(one.name, MakeRandomFindings(Source(one.name, one.source), card, one.findings), card,
          profile);
  }
  ExpectReadBy(GetParam());
}

TEST_P(Peers, NoticeMistakes) {
  std::vector<std::string> mistakes = {"reverse_frames", "swap_sources", "shift_outlines",
                                       "move_outlines"};
  if (GetParam() == Peer::kHighdicom)
    mistakes.insert(mistakes.end(),
                    {"shift_planes", "invent_source", "change_value", "change_unit",
                     "change_tracking", "change_algorithm", "change_finding", "change_segment",
                     "lose_group", "change_answer", "call_absent"});
  else
    mistakes.emplace_back("change_library");
  const SourceSeries image = Source("image", {.slices = 1, .rows = 60, .columns = 70});
  const SourceSeries stack = Source("stack", {.slices = 5, .rows = 60, .columns = 72});
  for (const std::string& mistake : mistakes) {
    if (mistake == "change_answer")
      Write(mistake, PositionFindings(image, PositionCard(), 0), PositionCard(), {}, 0);
    else if (mistake == "call_absent")
      WriteFailure(mistake, image, {}, false);
    else if (mistake.ends_with("_outlines"))
      Write(mistake, ShapeFindings(image, LungCard()), LungCard(), {}, 4);
    else
      Write(mistake, ShapeFindings(stack, LungCard()), LungCard(), {}, 2);
  }
  ExpectReadBy(GetParam());  // nothing is wrong yet
  int status = 0;
  const std::vector<std::string> broken = RunProgram(
      kPython, {SourceDir() + "/tests/conformance/break_results.py", out_.path()}, &status);
  ASSERT_EQ(status, 0) << ::testing::PrintToString(broken);
  const std::vector<std::string> lines = ReadBy(GetParam());
  for (const std::string& mistake : mistakes)
    EXPECT_TRUE(
        std::any_of(lines.begin(), lines.end(),
                    [&](const std::string& line) { return line.starts_with(mistake + ": "); }))
        << mistake << " is not noticed: " << ::testing::PrintToString(lines);
}

INSTANTIATE_TEST_SUITE_P(All, Peers, ::testing::ValuesIn(kPeers),
                         [](const auto& one) { return NameOf(one.param); });

}  // namespace
}  // namespace axial::testing
