// Axial's part of bench/seg:
//   seg_axial write|whole FOLDER SLICES SEGMENTS discs|stripes OUT
// makes FOLDER/source/*.dcm and FOLDER/masks.raw, the same ones every time, and then measures, into
// the folder OUT,
//   write   the Segmentation of those masks, as the others write it
//   whole   all that a worker does with them: Segmentation and report written, synced, read again
//   and checked

#include <dcmtk/dcmdata/dctk.h>
#include <fmt/core.h>

#include <array>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string_view>

#include "bench/seg_input.h"
#include "inference/results/result_kind.h"
#include "inference/results/result_run.h"
#include "inference/results/segment_frames.h"
#include "inference/results/write_results.h"
#include "tests/support/synthetic_results.h"

namespace {

using axial::Findings;
using axial::Status;
using axial::bench::MaskShape;
using axial::bench::Stopwatch;

axial::SourceSeries MakeSource(const MaskShape& shape, const std::string& folder) {
  axial::testing::SyntheticSource options;
  options.slices = shape.slices;
  options.rows = shape.rows;
  options.columns = shape.columns;
  std::filesystem::create_directories(folder);
  return axial::testing::WriteSource(options, folder);
}

axial::config::ModelCard CardOf(int segments) {
  axial::config::ModelCard card = axial::testing::LungCard();
  card.segments.assign(static_cast<std::size_t>(segments), card.segments.front());
  for (int i = 0; i < segments; ++i) card.segments[static_cast<std::size_t>(i)].label = i + 1;
  return card;
}

Findings FindingsOf(axial::SourceSeries source, const axial::config::ModelCard& card,
                    const MaskShape& shape) {
  Findings findings{std::move(source), {axial::LabelMap()}, {}, {}};
  axial::LabelMap& map = findings.layers.front();
  map.geometry.size = {shape.slices, shape.rows, shape.columns};
  map.labels = axial::bench::MakeMasks(shape);
  std::array<std::int64_t, 256> voxels{};
  for (const std::uint8_t label : map.labels) ++voxels[label];
  for (int number = 1; number <= shape.segments; ++number)
    findings.segments.push_back({card.segments[static_cast<std::size_t>(number - 1)],
                                 number,
                                 0,
                                 static_cast<std::uint8_t>(number),
                                 fmt::format("segment {}", number),
                                 axial::MakeDeterministicUid(fmt::format("bench|{}", number)),
                                 voxels[static_cast<std::size_t>(number)],
                                 {}});
  return findings;
}

/// From the findings to the Segmentation's file, not yet synced.
Status WriteAlone(const Findings& findings, const axial::config::ModelCard& card,
                  const axial::ResultOptions& options, const std::string& path) {
  using namespace axial::results;
  AXIAL_ASSIGN_OR_RETURN(const std::unique_ptr<DcmFileFormat> source,
                         ReadSourceHeader(findings.source, findings.source.representative()));
  DcmItem& header = *source->getDataset();
  AXIAL_ASSIGN_OR_RETURN(std::vector<SegmentFrame> frames, PlanSegmentFrames(findings));
  const ResultRun run{findings,         card, options, header, ResultText::For(header, card),
                      std::move(frames)};
  const auto written = ResultKinds().front().write(
      run, {options.profiles.front(), "", 9001, path, std::nullopt, options.predecessors});
  return written.ok() ? Status() : Status(written.error());
}

Status WriteWhole(const Findings& findings, const axial::config::ModelCard& card,
                  const axial::ResultOptions& options, const std::string& folder) {
  const auto written = axial::WriteResults(findings, card, options, folder);
  return written.ok() ? Status() : Status(written.error());
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 7) {
    fmt::print(stderr, "seg_axial write|whole FOLDER SLICES SEGMENTS discs|stripes OUT\n");
    return 2;
  }
  const bool whole = std::string_view(argv[1]) == "whole";
  const std::string folder = argv[2];
  const std::string out = argv[6];
  MaskShape shape;
  shape.slices = std::atoi(argv[3]);
  shape.segments = std::atoi(argv[4]);
  shape.stripes = std::string_view(argv[5]) == "stripes";
  const axial::config::ModelCard card = CardOf(shape.segments);
  const Findings findings = FindingsOf(MakeSource(shape, folder + "/source"), card, shape);
  const std::vector<std::uint8_t>& masks = findings.layers.front().labels;
  std::ofstream(folder + "/masks.raw", std::ios::binary)
      .write(reinterpret_cast<const char*>(masks.data()),
             static_cast<std::streamsize>(masks.size()));

  const axial::ResultOptions options = {0, "bench", "0", {}};
  const Stopwatch stopwatch;
  const Status written = whole ? WriteWhole(findings, card, options, out)
                               : WriteAlone(findings, card, options, out + "/seg.dcm");
  if (!written.ok()) {
    fmt::print(stderr, "{}\n", written.error().ToString());
    return 1;
  }
  stopwatch.Print(out + "/seg.dcm");
  return 0;
}
