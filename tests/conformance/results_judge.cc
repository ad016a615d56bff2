#include "tests/conformance/results_judge.h"

#include <algorithm>
#include <filesystem>

#include "tests/conformance/result_truth.h"
#include "tests/support/dicom_validators.h"
#include "tests/support/repository_paths.h"

namespace axial::testing {
namespace {

/// dicom3tools of 2022 does not know label maps (2024), nor that a report may refer to their
/// segments; it still judges every value.
bool IsIgnorance(const std::string& error) {
  return error.find("Information Object Not found") != std::string::npos ||
         error.find(
             "Shall not be present for Referenced SOP Class that is not segmentation - "
             "attribute <ReferencedSegmentNumber>") != std::string::npos;
}

}  // namespace

ResultOptions ResultsJudge::Options() {
  return {.model_digest = "digest",
          .gateway_version = "0.1.0",
          .now = FromMicros(1'767'225'600'000'000)};
}

void ResultsJudge::Judge(const Findings& findings, const config::ModelCard& card,
                         std::size_t expected_artifacts, const config::ResultProfile& profile) {
  ResultOptions options = Options();
  options.profiles = {profile};
  const auto written = WriteResults(findings, card, options, out_.path());
  ASSERT_TRUE(written.ok()) << written.error().ToString();
  ASSERT_EQ(written->size(), expected_artifacts);
  JudgeIod(findings, *written);
  if (expected_artifacts == 2) JudgePixels(findings, profile.keep_empty_frames);
}

void ResultsJudge::JudgeIod(const Findings& findings,
                            const std::vector<protocol::Artifact>& artifacts) {
  if (!HasProgram("dciodvfy") || !HasProgram("dcentvfy"))
    GTEST_SKIP() << "NOT CHECKED: dciodvfy and dcentvfy (package dicom3tools) are not on PATH";
  std::vector<std::string> files = {findings.source.frames.front().file};
  if (findings.source.frames.back().file != files.front())
    files.push_back(findings.source.frames.back().file);
  // A source with a broken value passes it on, byte for byte; that fault is not the result's.
  const std::vector<std::string> inherited = IodErrors(files.front());
  const bool label_map = std::any_of(artifacts.begin(), artifacts.end(), [](const auto& artifact) {
    return artifact.sop_class_uid == "1.2.840.10008.5.1.4.1.1.66.7";
  });
  for (const protocol::Artifact& artifact : artifacts) {
    files.push_back(out_.File(artifact.file));
    std::vector<std::string> errors = IodErrors(files.back());
    std::erase_if(errors, [&](const std::string& error) {
      if (label_map && IsIgnorance(error)) return true;
      return std::find(inherited.begin(), inherited.end(), error) != inherited.end();
    });
    EXPECT_EQ(errors, std::vector<std::string>()) << artifact.kind;
  }
  // A source that dcentvfy cannot read has nothing to compare with.
  std::erase_if(files, [&](const std::string& file) {
    return file.starts_with(out_.path().string()) ? false : !EntityErrors({file}).empty();
  });
  EXPECT_EQ(EntityErrors(files), std::vector<std::string>());
}

void ResultsJudge::RunPython(const std::string& script, const std::vector<std::string>& arguments) {
  int status = 0;
  static_cast<void>(RunProgram(kPython, {"-c", "import pydicom, numpy"}, &status));
  if (status != 0) GTEST_SKIP() << "NOT CHECKED: no pydicom and numpy for " << kPython;
  std::vector<std::string> all = {SourceDir() + "/tests/conformance/" + script};
  all.insert(all.end(), arguments.begin(), arguments.end());
  const std::vector<std::string> lines = RunProgram(kPython, all, &status);
  EXPECT_EQ(status, 0) << ::testing::PrintToString(lines);
}

void ResultsJudge::JudgePixels(const Findings& findings, bool keep_empty_frames) {
  WriteTruth(findings, keep_empty_frames, truth_.path());
  RunPython("check_seg.py", {out_.File("seg.dcm"), truth_.path()});
}

void ResultsJudge::JudgeContours(const Findings& findings) {
  WriteTruth(findings, false, truth_.path());
  RunPython("check_rtstruct.py", {out_.File("rt_structure_set.dcm"), truth_.path()});
}

void ResultsJudge::JudgePresentation(const Findings& findings,
                                     const std::vector<std::string>& images) {
  if (!HasProgram("dcmp2pgm") || !HasProgram("dcmpschk"))
    GTEST_SKIP() << "NOT CHECKED: dcmp2pgm and dcmpschk (package dcmtk) are not on PATH";
  const std::string state = out_.File("presentation_state.dcm");
  int status = 0;
  const std::vector<std::string> lines = RunProgram("dcmpschk", {state}, &status);
  EXPECT_TRUE(status == 0 &&
              ::testing::PrintToString(lines).find("Test passed") != std::string::npos)
      << ::testing::PrintToString(lines);
  WriteTruth(findings, false, truth_.path());
  std::vector<std::string> arguments = {state, truth_.path(), truth_.path()};
  arguments.insert(arguments.end(), images.begin(), images.end());
  RunPython("check_presentation.py", arguments);
}

}  // namespace axial::testing
