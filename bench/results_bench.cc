// Time and memory of WriteResults on a large run: 600 slices of 512x512 with 20 segments on every
// slice, that is 12,000 frames and 393 MB of packed pixels.
//   results_bench [slices] [segments] [folder to keep the results in]

#include <dcmtk/dcmdata/dctk.h>
#include <fmt/core.h>
#include <sys/resource.h>

#include <chrono>
#include <cstdlib>
#include <filesystem>

#include "inference/results/result_kind.h"
#include "inference/results/result_run.h"
#include "inference/results/segment_frames.h"
#include "inference/results/write_results.h"
#include "tests/support/synthetic_results.h"
#include "tests/support/temp_dir.h"

namespace {

using axial::Findings;

/// Stripes: every segment on every slice.
Findings StripedFindings(const axial::SourceSeries& source, const axial::config::ModelCard& card) {
  Findings findings{source, {axial::LabelMap()}, {}, {}};
  axial::LabelMap& map = findings.layers.front();
  map.geometry.size = {static_cast<int>(source.frames.size()), source.rows, source.columns};
  map.labels.resize(map.geometry.size.Voxels());
  const std::size_t segments = card.segments.size();
  std::vector<std::int64_t> voxels(segments + 1, 0);
  for (std::size_t i = 0; i < map.labels.size(); ++i) {
    map.labels[i] = static_cast<std::uint8_t>((i / 37) % (segments + 1));
    ++voxels[map.labels[i]];
  }
  for (std::size_t i = 0; i < segments; ++i)
    findings.segments.push_back({card.segments[i],
                                 static_cast<int>(i) + 1,
                                 0,
                                 static_cast<std::uint8_t>(i + 1),
                                 fmt::format("segment {}", i + 1),
                                 axial::MakeDeterministicUid(fmt::format("bench|{}", i)),
                                 voxels[i + 1],
                                 {}});
  return findings;
}

double CpuSeconds() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return static_cast<double>(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
         static_cast<double>(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) * 1e-6;
}

double PeakMegabytes() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return static_cast<double>(usage.ru_maxrss) / 1024;
}

/// How long it takes to write the Segmentation alone: not synced, not read again. Below 0: failed.
double SecondsToWriteSegmentation(const Findings& findings, const axial::config::ModelCard& card,
                                  const axial::ResultOptions& options, const std::string& path) {
  using namespace axial::results;
  DcmFileFormat header;
  if (header.loadFile(findings.source.frames.front().file.c_str()).bad()) return -1;
  DcmDataset& dataset = *header.getDataset();
  const auto frames = PlanSegmentFrames(findings);
  if (!frames.ok()) return -1;
  const ResultRun run{findings, card, options, dataset, ResultText::For(dataset, card), *frames};
  const ResultKind& segmentation = ResultKinds().front();
  const auto start = std::chrono::steady_clock::now();
  const auto written = segmentation.write(
      run, {options.profiles.front(), "", 9001, path, std::nullopt, options.predecessors});
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - start;
  if (!written.ok()) fmt::print("failed: {}\n", written.error().ToString());
  return written.ok() ? took.count() : -1;
}

}  // namespace

int main(int argc, char** argv) {
  axial::testing::SyntheticSource options;
  options.slices = argc > 1 ? std::atoi(argv[1]) : 600;
  const int segments = argc > 2 ? std::atoi(argv[2]) : 20;
  options.rows = options.columns = 512;
  const axial::testing::TempDir in;
  const axial::testing::TempDir scratch;
  const axial::SourceSeries source = axial::testing::WriteSource(options, in.path());
  axial::config::ModelCard card = axial::testing::LungCard();
  const axial::config::SegmentSpec spec = card.segments.front();
  card.segments.assign(static_cast<std::size_t>(segments), spec);
  for (int i = 0; i < segments; ++i) card.segments[static_cast<std::size_t>(i)].label = i + 1;
  const Findings findings = StripedFindings(source, card);

  const double before_megabytes = PeakMegabytes();
  const double before_cpu_seconds = CpuSeconds();
  const auto start = std::chrono::steady_clock::now();
  const axial::ResultOptions result_options = {9001, "bench", "0", {}};
  const auto written = axial::WriteResults(findings, card, result_options,
                                           argc > 3 ? argv[3] : scratch.path().string());
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - start;
  if (!written.ok()) {
    fmt::print("failed: {}\n", written.error().ToString());
    return 1;
  }
  fmt::print(
      "{} frames: {:.2f} s ({:.2f} s CPU) to write, sync, read again and check; peak {:.0f} MB, "
      "{:.0f} MB "
      "of it before (label map {:.0f} MB)\n",
      options.slices * segments, took.count(), CpuSeconds() - before_cpu_seconds, PeakMegabytes(),
      before_megabytes, static_cast<double>(findings.layers.front().labels.size()) / 1048576);
  const std::string alone = scratch.File("alone.dcm");
  const double seconds = SecondsToWriteSegmentation(findings, card, result_options, alone);
  if (seconds < 0) return 1;
  fmt::print("{:.2f} s to write the Segmentation alone ({:.0f} MB)\n", seconds,
             static_cast<double>(std::filesystem::file_size(alone)) / 1e6);
  return 0;
}
