#include <fmt/format.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "tests/integration/inference/worker_client.h"
#include "tests/support/dicom_validators.h"
#include "tests/support/repository_paths.h"
#include "tests/support/synthetic_series.h"
#include "tests/support/temp_dir.h"

namespace axial {
namespace {

constexpr int kSegments = 300;  // more than one byte tells apart
constexpr const char* kPython = "/usr/bin/python3";

/// How a model says which of 300 segments a voxel, whose value is 200 times 1 to 300, is of.
struct ManyLabels {
  const char* name;
  const char* weights;
  const char* postprocessing;
  int label_step;  ///< of the labels of two segments
};

constexpr ManyLabels kModels[] = {
    {"LabelMap", "rounds.pt", "", 200},  // labels of 200 to 60000
    {"Masks", "three_hundred_masks.pt", "postprocessing:\n  - AsDiscreted: {threshold: 0.5}\n", 1},
};

std::string Card(const ManyLabels& model) {
  std::string card = fmt::format(R"(name: many-labels
version: 1.0.0
engine: torchscript
weights: {{file: "{}/{}"}}
algorithm: {{name: Many labels, manufacturer: Axial, version: 1.0.0}}
input: {{modality: [CT], kind: volume, minimum_slices: 3}}
preprocessing:
  - Orientationd: {{axcodes: RAS}}
inferer:
  SliceInferer: {{roi_size: [-1, -1], spatial_dim: 2, sw_batch_size: 4}}
{}outputs:
  measurements: [volume]
  segments:
)",
                                 AXIAL_TEST_MODELS, model.weights, model.postprocessing);
  for (int n = 1; n <= kSegments; ++n)
    card += fmt::format(
        "    - {{label: {}, name: Value {}, category: {{code: \"123037004\", scheme: SCT, meaning: "
        "Anatomical Structure}}, type: {{code: \"39607008\", scheme: SCT, meaning: Lung}}, colour: "
        "[86, 180, {}]}}\n",
        n * model.label_step, n * 200, n % 256);
  return card;
}

class Segmentations : public ::testing::TestWithParam<ManyLabels> {};

/// A LABELMAP of 16 bits, and a BINARY one, held by pydicom against the images.
TEST_P(Segmentations, HoldMoreThan255Segments) {
  int status = 0;
  static_cast<void>(testing::RunProgram(kPython, {"-c", "import pydicom, numpy"}, &status));
  if (status != 0) GTEST_SKIP() << "NOT CHECKED: no pydicom and numpy for " << kPython;
  const testing::TempDir folder;
  for (const char* name : {"model", "series", "out"})
    std::filesystem::create_directory(folder.File(name));
  std::ofstream(folder.File("model/model.yaml")) << Card(GetParam());
  testing::SyntheticSeries series;
  series.geometry = testing::AxialGeometry({6, 15, 17}, 0.8, 0.9, 2);
  series.bits_stored = 16;
  series.stored = [](int s, int r, int c) {  // 1024 is no segment's
    return 1024 + 200 * ((s / 2 * 255 + r * 17 + c) % (kSegments + 1));
  };
  protocol::RunJob job{1, 1, WriteSeries(series, folder.File("series")), folder.File("out"), 0};
  using Wish = config::ResultProfile::Segmentation;
  job.profiles = {config::ResultProfile(), config::ResultProfile()};
  job.profiles[0].segmentation = Wish::kLabelmap;
  job.profiles[1].segmentation = Wish::kBinary;

  testing::WorkerClient worker(folder.File("model"), {"--threads", "2"});
  const Result<protocol::Message> hello = worker.Read();
  ASSERT_TRUE(hello.ok()) << hello.error().message();
  const Result<protocol::Message> answer = worker.Perform(job);
  ASSERT_TRUE(answer.ok()) << answer.error().message();
  ASSERT_TRUE(std::holds_alternative<protocol::JobDone>(*answer)) << protocol::Encode(*answer);
  const auto said_of = [&](const std::string& file) {
    return testing::RunProgram(kPython,
                               {testing::SourceDir() + "/tests/conformance/check_labels.py",
                                folder.File("out/" + file), folder.File("series")},
                               &status);
  };
  EXPECT_EQ(said_of("seg.dcm"), std::vector<std::string>{"300 segments, LABELMAP, 16 bits"});
  EXPECT_EQ(said_of("seg-2.dcm"), std::vector<std::string>{"300 segments, BINARY, 1 bits"});
}

INSTANTIATE_TEST_SUITE_P(Of, Segmentations, ::testing::ValuesIn(kModels),
                         [](const auto& test) { return std::string(test.param.name); });

}  // namespace
}  // namespace axial
