#include "tests/conformance/results_judge.h"

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <map>
#include <set>

#include "core/dicom/instance_header.h"
#include "inference/results/frame_plane.h"
#include "tests/conformance/result_truth.h"
#include "tests/support/dicom_validators.h"
#include "tests/support/repository_paths.h"
#include "tests/support/shared_data.h"

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

/// It takes single-frame Instances and puts their slices into a box without shear.
bool PlastimatchKnows(const SourceSeries& source) {
  if (source.frames.size() < 2 || source.frames.front().multi_frame) return false;
  const auto plane = results::PlaneOf(source.frames.front());
  const auto next = results::PlaneOf(source.frames[1]);
  if (!plane.ok() || !next.ok()) return false;
  const results::ContourPoint shift = plane->PlaceOf(next->origin);
  return std::abs(shift.column - 0.5) < 0.01 && std::abs(shift.row - 0.5) < 0.01;
}

bool IsColour(const std::string& image) {
  const std::vector<std::string> lines =
      RunProgram("dcmdump", {"+P", "0028,0002", "+P", "0028,0004", image});
  const std::string text = ::testing::PrintToString(lines);
  return text.find("US 3") != std::string::npos || text.find("PALETTE") != std::string::npos;
}

/// Which kinds can be made of these findings at all.
std::set<std::string> KindsFor(const Findings& findings) {
  const SourceSeries& source = findings.source;
  std::set<std::string> kinds = {"sr", "secondary_capture", "pdf", "key_objects"};
  if (!findings.segments.empty()) kinds.insert("seg");
  const bool planes =
      !source.frame_of_reference_uid.empty() &&
      std::all_of(source.frames.begin(), source.frames.end(),
                  [](const SourceFrame& frame) { return results::PlaneOf(frame).ok(); });
  if (!findings.segments.empty() && planes) kinds.insert("rt_structure_set");
  // Grayscale, and with something to draw.
  if (!findings.segments.empty() && !IsColour(source.frames.front().file))
    kinds.insert("presentation_state");
  return kinds;
}

/// What dcmpschk says of a file, but what it says of each.
std::vector<std::string> PresentationComplaints(const std::string& file) {
  std::vector<std::string> lines = RunProgram("dcmpschk", {file});
  const bool judged = !lines.empty() && lines.back().find(": Test ") != std::string::npos;
  if (!judged) return lines.empty() ? std::vector<std::string>{"dcmpschk says nothing"} : lines;
  std::erase_if(lines, [](const std::string& line) {
    return line.size() < 4 || line.find(": Testing: ") == 1 || line.find(": Test ") == 1;
  });
  return lines;
}

/// The image at `to` in a form that every judge reads: without compression, with a preamble. Its
/// values, and its UIDs, are the same.
std::string Uncompressed(const std::string& image, const std::string& to) {
  const auto header = ReadInstanceHeader(image);
  const std::string syntax = header.ok() ? header->transfer_syntax_uid : "";
  const std::string jpeg = "1.2.840.10008.1.2.4.";
  std::string program = "dcmconv";
  if (syntax == "1.2.840.10008.1.2.5") program = "dcmdrle";
  if (syntax == jpeg + "80" || syntax == jpeg + "81") program = "dcmdjpls";
  if (syntax.starts_with(jpeg + "5") || syntax.starts_with(jpeg + "6") || syntax == jpeg + "70")
    program = "dcmdjpeg";
  int status = 0;
  const std::vector<std::string> lines = RunProgram(program, {image, to}, &status);
  EXPECT_EQ(status, 0) << program << " " << image << ": " << ::testing::PrintToString(lines);
  return to;
}

bool HasPydicom() {
  static const bool has = [] {
    int status = 0;
    static_cast<void>(RunProgram(kPython, {"-c", "import pydicom, numpy"}, &status));
    return status == 0;
  }();
  return has;
}

}  // namespace

ResultOptions ResultsJudge::Options() {
  return {.model_digest = "digest",
          .gateway_version = "0.1.0",
          .now = FromMicros(1'767'225'600'000'000)};
}

void ResultsJudge::NotChecked(const std::string& reason) { not_checked_.insert(reason); }

void ResultsJudge::TearDown() {
  if (not_checked_.empty()) return;
  std::string reasons;
  for (const std::string& reason : not_checked_) reasons += "\nNOT CHECKED: " + reason;
  GTEST_SKIP() << reasons;
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
    return NotChecked("dciodvfy and dcentvfy (package dicom3tools) are not on PATH");
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

void ResultsJudge::JudgeEveryKind(const Findings& findings, const config::ModelCard& card) {
  using Segmentation = config::ResultProfile::Segmentation;
  std::vector<std::string> images;
  for (const SourceFrame& frame : findings.source.frames)
    if (images.empty() || images.back() != frame.file) images.push_back(frame.file);
  ResultOptions options = Options();
  config::ResultProfile& profile = options.profiles.front();
  for (const Segmentation form :
       {Segmentation::kFractional, Segmentation::kLabelmap, Segmentation::kBinary}) {
    SCOPED_TRACE("form of Segmentation " + std::to_string(static_cast<int>(form)));
    profile.segmentation = form;
    // The other kinds are the same in all.
    const bool all_kinds = form == Segmentation::kBinary;
    if (findings.segments.empty() && !all_kinds) continue;
    if (all_kinds)
      for (std::size_t i = 0; i < config::kExtraResultNames.size(); ++i)
        profile.also.insert(static_cast<config::ExtraResult>(i));
    const auto written = WriteResults(findings, card, options, out_.path());
    ASSERT_TRUE(written.ok()) << written.error().ToString();
    std::set<std::string> kinds;
    for (const protocol::Artifact& artifact : *written) kinds.insert(artifact.kind);
    if (all_kinds) {
      EXPECT_EQ(kinds, KindsFor(findings));
    }
    JudgeIod(findings, *written);
    if (kinds.contains("seg")) JudgePixels(findings, profile.keep_empty_frames);
    if (!all_kinds) continue;
    JudgeTemplate("sr.dcm");
    JudgeTemplate("key_objects.dcm");
    if (kinds.contains("rt_structure_set")) JudgeContours(findings);
    if (kinds.contains("presentation_state")) JudgePresentation(findings, images);
  }
}

void ResultsJudge::JudgeTemplate(const std::string& file) {
  if (!HasReportValidator())
    return NotChecked("no java or no pixelmed.jar (package libpixelmed-java)");
  EXPECT_EQ(ReportTemplateErrors(out_.File(file)), std::vector<std::string>()) << file;
}

void ResultsJudge::RunPython(const std::string& script, const std::vector<std::string>& arguments) {
  if (!HasPydicom()) return NotChecked(std::string("no pydicom and numpy for ") + kPython);
  int status = 0;
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
  if (PlastimatchKnows(findings.source)) JudgeContoursByPlastimatch(findings);
}

void ResultsJudge::JudgeContoursByPlastimatch(const Findings& findings) {
  if (!HasProgram("plastimatch"))
    return NotChecked("plastimatch (package plastimatch) is not on PATH");
  const TempDir images;
  for (const SourceFrame& frame : findings.source.frames)
    std::filesystem::create_symlink(
        std::filesystem::absolute(frame.file),
        images.File(std::filesystem::path(frame.file).filename().string()));
  // Unites contours unless it is told to XOR them.
  for (const std::vector<std::string>& how :
       {std::vector<std::string>{}, std::vector<std::string>{"--xor-contours"}}) {
    const TempDir volumes;
    std::vector<std::string> arguments = {
        "convert",         "--input",         out_.File("rt_structure_set.dcm"),
        "--referenced-ct", images.path(),     "--output-prefix",
        volumes.path(),    "--prefix-format", "mhd"};
    arguments.insert(arguments.end(), how.begin(), how.end());
    int status = 0;
    const std::vector<std::string> lines = RunProgram("plastimatch", arguments, &status);
    ASSERT_EQ(status, 0) << ::testing::PrintToString(lines);
    SCOPED_TRACE(::testing::PrintToString(how));
    RunPython("check_rtstruct.py",
              {out_.File("rt_structure_set.dcm"), truth_.path(), volumes.path()});
  }
}

void ResultsJudge::JudgePresentation(const Findings& findings,
                                     const std::vector<std::string>& images) {
  if (!HasProgram("dcmp2pgm") || !HasProgram("dcmpschk"))
    return NotChecked("dcmp2pgm and dcmpschk (package dcmtk) are not on PATH");
  const std::string state = out_.File("presentation_state.dcm");
  // A fault of the source's patient or study is passed on, byte for byte.
  const std::vector<std::string> inherited = PresentationComplaints(images.front());
  std::vector<std::string> complaints = PresentationComplaints(state);
  std::erase_if(complaints, [&](const std::string& line) {
    return std::find(inherited.begin(), inherited.end(), line) != inherited.end();
  });
  EXPECT_EQ(complaints, std::vector<std::string>());
  WriteTruth(findings, false, truth_.path());
  std::vector<std::string> arguments = {state, truth_.path(), truth_.path()};
  for (std::size_t i = 0; i < images.size(); ++i)
    arguments.push_back(Uncompressed(images[i], truth_.File(std::to_string(i) + ".dcm")));
  RunPython("check_presentation.py", arguments);
}

}  // namespace axial::testing
