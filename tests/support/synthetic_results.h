#pragma once

#include <string>
#include <vector>

#include "config/model_card.h"
#include "inference/findings/findings.h"

/// Sources and findings made up to exercise the result writer: small, odd and exactly known.
namespace axial::testing {

struct SyntheticSource {
  std::string modality = "CT";
  int slices = 4;
  int rows = 16;
  int columns = 24;
  bool frame_of_reference = true;
  bool multi_frame = false;  ///< one Enhanced-like Instance with all slices
  bool lossy = false;
  /// Six values; the default is axial.
  std::string orientation = "1\\0\\0\\0\\1\\0";
  /// From one slice to the next, mm: not along the normal for a tilted gantry.
  Vector3 step_mm = {0, 0, 2.5};
  std::string character_set = "ISO_IR 100";  ///< "" for none
  std::string patient_name = "Doe^Jane";     ///< bytes in that character set
  std::string patient_age = "040Y";
  std::string timezone = "+0100";  ///< "" for none
  bool procedure_code = true;
  std::string series_uid = "1.2.826.0.1.3680043.10.999.1.1";  ///< Instances have a number behind it
};

/// Writes the files into `folder` and gives what the reader of a Series would say of them.
[[nodiscard]] SourceSeries WriteSource(const SyntheticSource& options, const std::string& folder);

/// As `series`, but with patient and study of a real file (its character set and names as they
/// are).
[[nodiscard]] SourceSeries WriteSourceLike(const std::string& real_file,
                                           const SyntheticSource& options,
                                           const std::string& folder);

/// A card with two segments ("Left lung", "Right lung") and a notice.
[[nodiscard]] config::ModelCard LungCard();

/// A card that answers one question about an image.
[[nodiscard]] config::ModelCard PositionCard();

/// Two segments of uneven shape that touch the first and last pixel of their frames; the first and
/// last slice of several have one segment each, so that empty frames are left out.
[[nodiscard]] Findings LungFindings(const SourceSeries& source, const config::ModelCard& card);

/// On each frame (of at least 60 x 70) a ring with a dot in its hole (segment 1) and two discs
/// (segment 2).
[[nodiscard]] Findings ShapeFindings(const SourceSeries& source, const config::ModelCard& card);

/// Two segments (of LungCard's numbers) of the shapes that models find: 1 is a thick shell with
/// small holes and an island in its hollow, 2 two balls side by side. They touch, fill most of the
/// source and become smaller towards its first and last slice.
[[nodiscard]] Findings DrawnFindings(const SourceSeries& source, const config::ModelCard& card);

/// What LungCard's model says when it finds nothing.
[[nodiscard]] Findings EmptyFindings(const SourceSeries& source);

/// One answer of PositionCard's model, about `frame_index` or (-1) the Series.
[[nodiscard]] Findings PositionFindings(const SourceSeries& source, const config::ModelCard& card,
                                        int frame_index);

}  // namespace axial::testing
