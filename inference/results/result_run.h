#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "inference/results/attribute_writer.h"
#include "inference/results/result_text.h"
#include "inference/results/segment_frames.h"
#include "inference/results/write_results.h"

class DcmDataset;
class DcmFileFormat;
class DcmItem;
class DcmTagKey;

namespace axial::results {

/// What the writers and the checks of one model run share. Borrows everything; lives on the stack
/// of WriteResults.
struct ResultRun {
  const Findings& findings;
  const config::ModelCard& card;
  const ResultOptions& options;
  DcmItem& source;  ///< the representative Instance; Pixel Data stays in the file
  ResultText text;
  std::vector<SegmentFrame> frames = {};  ///< where segments have voxels; empty: nowhere
};

/// Segmentation and Label Map Segmentation Storage (PS3.4 B.5). DCMTK 3.6.7 does not know the
/// second.
inline constexpr const char* kSegmentationClass = "1.2.840.10008.5.1.4.1.1.66.4";
inline constexpr const char* kLabelMapSegmentationClass = "1.2.840.10008.5.1.4.1.1.66.7";

/// Reads one source file (Pixel Data stays in it), after checking its structure, and compares it
/// with what `frame` says of it: UIDs, and for a single-frame Instance the text of its geometry.
/// Errors: NotFound, Unavailable, InvalidInput (broken, or not the Instance the findings name).
[[nodiscard]] Result<std::unique_ptr<DcmFileFormat>> ReadSourceHeader(const SourceSeries& series,
                                                                      const SourceFrame& frame);

/// A value as text, all components; "" when absent.
[[nodiscard]] std::string TextOf(DcmItem& item, const DcmTagKey& tag);

/// What one result object says about itself.
struct ResultIdentity {
  const char* sop_class;
  const char* modality;  ///< SEG or SR
  int series_number;
  Uid series_instance_uid;
};

/// UIDs that do not depend on the outcome (segsr.md 1.6: a retry gives the same).
[[nodiscard]] Uid AlgorithmDeviceUid(const ResultRun& run);
[[nodiscard]] Uid GatewayDeviceUid(const ResultRun& run);
[[nodiscard]] Uid RunUid(const ResultRun& run, const std::string& role);

/// Series Description: "AI <algorithm> <what>", and whether it replaces an older result.
void PutSeriesTitle(const ResultRun& run, const std::string& what, AttributeWriter& writer);

/// Writes the modules both objects have: composite context, Series, Equipment, Contributing
/// Equipment and SOP Common, all but what WriteTimesAndInstanceUid adds.
[[nodiscard]] Status WriteCommonModules(const ResultRun& run, const ResultIdentity& identity,
                                        DcmItem& dataset);

/// SHA-256 of the data set as Explicit VR Little Endian, and of `following`: encoded attributes
/// behind its own. Error: Internal.
[[nodiscard]] Result<std::string> DigestOf(DcmDataset& dataset,
                                           std::span<const std::uint8_t> following = {});

/// The last step: the SOP Instance UID, which names the content (`digest`), and the dates, which do
/// not belong to it.
[[nodiscard]] Result<Uid> WriteTimesAndInstanceUid(const ResultRun& run, const std::string& role,
                                                   const std::string& digest, DcmItem& dataset);

/// "Lungs 1.2.0": the algorithm as results name it to people.
[[nodiscard]] std::string AlgorithmTitle(const config::ModelCard& card);

/// What Equipment, Contributing Equipment, observer and TID 4019 call the algorithm: the same in
/// all (IHE AIR 6.5.3.1), in the result's character set.
[[nodiscard]] std::string AlgorithmName(const ResultRun& run);
[[nodiscard]] std::string AlgorithmVersion(const ResultRun& run);
[[nodiscard]] std::string AlgorithmManufacturer(const ResultRun& run);

/// For each model run, what every reader should read first; "" when the card has no notice.
[[nodiscard]] inline const std::string& Notice(const config::ModelCard& card) {
  return card.algorithm.notice;
}

}  // namespace axial::results
