#pragma once

#include <gtest/gtest.h>

#include <set>
#include <string>
#include <vector>

#include "inference/results/write_results.h"
#include "tests/support/temp_dir.h"

namespace axial::testing {

/// Debian's, which has python3-pydicom.
inline constexpr const char* kPython = "/usr/bin/python3";

/// Writes results and has them judged by programs that share no code with Axial: dicom3tools for
/// attributes and composite context, pydicom and numpy for the pixels.
class ResultsJudge : public ::testing::Test {
 protected:
  static ResultOptions Options();

  /// A report and, for `expected_artifacts` 2, a segmentation.
  void Judge(const Findings& findings, const config::ModelCard& card,
             std::size_t expected_artifacts, const config::ResultProfile& profile = {});
  /// Attributes and composite context of what WriteResults wrote into out_.
  void JudgeIod(const Findings& findings, const std::vector<protocol::Artifact>& artifacts);
  /// The RT Structure Set in out_ gives the label maps back: read by pydicom, and by plastimatch
  /// where it knows such stacks (single-frame Instances, not sheared).
  void JudgeContours(const Findings& findings);
  /// Every kind of object in every form of Segmentation, each by all that judges it.
  void JudgeEveryKind(const Findings& findings, const config::ModelCard& card);
  /// The templates of a report or Key Object Selection in out_, by PixelMed.
  void JudgeTemplate(const std::string& file);
  /// The presentation state in out_, beside its images.
  void JudgePresentation(const Findings& findings, const std::vector<std::string>& images);

  /// A judge is not installed: the others go on, and in the end the test is skipped with the
  /// reason.
  void NotChecked(const std::string& reason);
  void TearDown() override;

  TempDir in_;
  TempDir out_;

 private:
  void RunPython(const std::string& script, const std::vector<std::string>& arguments);
  void JudgePixels(const Findings& findings, bool keep_empty_frames);
  void JudgeContoursByPlastimatch(const Findings& findings);

  TempDir truth_;
  std::set<std::string> not_checked_;
};

}  // namespace axial::testing
