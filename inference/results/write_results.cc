#include "inference/results/write_results.h"

#include <dcmtk/dcmdata/dctk.h>

#include <cmath>
#include <filesystem>
#include <memory>
#include <optional>

#include "inference/results/check_report.h"
#include "inference/results/check_segmentation.h"
#include "inference/results/result_file.h"
#include "inference/results/result_run.h"
#include "inference/results/segment_frames.h"
#include "inference/results/segmentation.h"
#include "inference/results/structured_report.h"

namespace axial::results {
namespace {

/// What a caller could get wrong, before anything is written.
Status CheckFindings(const Findings& findings) {
  const SourceSeries& source = findings.source;
  if (source.frames.empty()) return Error(ErrorCode::kInvalidInput, "findings without a source");
  if (source.rows < 1 || source.rows > 65535 || source.columns < 1 || source.columns > 65535)
    return MakeError(ErrorCode::kInvalidInput, "source of {}x{} pixels", source.rows,
                     source.columns);
  for (const ClassificationFinding& answer : findings.classifications)
    if (answer.frame_index >= static_cast<int>(source.frames.size()))
      return MakeError(ErrorCode::kInvalidInput, "an answer about frame {} of {}",
                       answer.frame_index + 1, source.frames.size());
  for (const SegmentFinding& segment : findings.segments)
    for (const Measurement& measurement : segment.measurements)
      if (!std::isfinite(measurement.value))
        return MakeError(ErrorCode::kInvalidInput, "measurement {} of segment {} is not a number",
                         measurement.quantity.value, segment.segment_number);
  return {};
}

Result<protocol::Artifact> MakeSegmentation(const ResultRun& run,
                                            const std::vector<SegmentFrame>& frames,
                                            const std::string& path) {
  AXIAL_ASSIGN_OR_RETURN(const protocol::Artifact artifact, WriteSegmentation(run, frames, path));
  AXIAL_RETURN_IF_ERROR(SyncToDisk(path));
  AXIAL_RETURN_IF_ERROR(CheckSegmentation(run, path));
  return artifact;
}

Result<protocol::Artifact> MakeReport(const ResultRun& run,
                                      const std::optional<protocol::Artifact>& segmentation,
                                      const std::string& path) {
  AXIAL_ASSIGN_OR_RETURN(const protocol::Artifact artifact, WriteReport(run, segmentation, path));
  AXIAL_RETURN_IF_ERROR(SyncToDisk(path));
  AXIAL_RETURN_IF_ERROR(CheckReport(run, segmentation, path));
  return artifact;
}

Result<std::vector<protocol::Artifact>> WriteAll(const ResultRun& run,
                                                 const std::filesystem::path& directory) {
  std::vector<protocol::Artifact> artifacts;
  AXIAL_ASSIGN_OR_RETURN(const std::vector<SegmentFrame> frames, PlanSegmentFrames(run.findings));
  std::optional<protocol::Artifact> segmentation;
  if (!frames.empty()) {
    AXIAL_ASSIGN_OR_RETURN(segmentation, MakeSegmentation(run, frames, directory / "seg.dcm"));
    artifacts.push_back(*segmentation);
  }
  AXIAL_ASSIGN_OR_RETURN(const protocol::Artifact report,
                         MakeReport(run, segmentation, directory / "sr.dcm"));
  artifacts.push_back(report);
  AXIAL_RETURN_IF_ERROR(SyncToDisk(directory));
  return artifacts;
}

}  // namespace
}  // namespace axial::results

namespace axial {

Result<std::vector<protocol::Artifact>> WriteResults(const Findings& findings,
                                                     const config::ModelCard& card,
                                                     const ResultOptions& options,
                                                     const std::string& output_directory) {
  AXIAL_RETURN_IF_ERROR(results::CheckFindings(findings));
  AXIAL_ASSIGN_OR_RETURN(
      const std::unique_ptr<DcmFileFormat> source,
      results::ReadSourceHeader(findings.source, findings.source.representative()));
  DcmItem& header = *source->getDataset();
  const results::ResultRun run{findings, card, options, header,
                               results::ResultText::For(header, card)};
  const std::filesystem::path directory(output_directory);
  Result<std::vector<protocol::Artifact>> written = results::WriteAll(run, directory);
  if (!written.ok()) {
    std::error_code ignored;
    std::filesystem::remove(directory / "seg.dcm", ignored);
    std::filesystem::remove(directory / "sr.dcm", ignored);
  }
  return written;
}

}  // namespace axial
