#include <gtest/gtest.h>
#include <sys/resource.h>

#include <chrono>
#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "inference/transforms/index_map.h"
#include "inference/volume/vector3.h"
#include "inference/worker/run_model.h"
#include "tests/support/brain_model.h"
#include "tests/support/shared_data.h"

namespace axial {
namespace {

/// Adds the step that makes probabilities of the network's scores.
void AddSoftmax(const std::string& card_file) {
  std::ifstream in(card_file);
  std::string card{std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
  const std::size_t at = card.find("  - AsDiscreted");
  ASSERT_NE(at, std::string::npos);
  card.insert(at, "  - Activationsd: {keys: pred, softmax: true}\n");
  std::ofstream(card_file) << card;
}

/// Where a mask is, its segment is the most probable of all, background (what is left to 255)
/// included; elsewhere it is not, unless its component was too small to be kept. Values in between
/// are there.
void ExpectProbabilitiesOfTheMasks(const Findings& findings) {
  const std::vector<std::uint8_t>& labels = findings.layers.front().labels;
  const std::size_t pixels = labels.size() / findings.source.frames.size();
  ASSERT_EQ(findings.probabilities.size(), findings.segments.size());
  std::int64_t contradictions = 0;
  std::int64_t between = 0;
  for (std::size_t i = 0; i < labels.size(); ++i) {
    int sum = 0;
    int best = 0;
    int most = -1;
    for (std::size_t s = 0; s < findings.segments.size(); ++s) {
      const std::vector<std::uint8_t>& slice = findings.probabilities[s].slices[i / pixels];
      const int p = slice.empty() ? 0 : slice[i % pixels];
      sum += p;
      between += p > 12 && p < 243;
      if (p > most) {
        most = p;
        best = findings.segments[s].value;
      }
    }
    constexpr int kRounding = 2;  // each value by a half, so that the winner may seem to lose
    const bool background_wins = 255 - sum > most + kRounding;
    const bool segment_wins = 255 - sum < most - kRounding;
    if (labels[i] == 0 ? segment_wins : background_wins) ++contradictions;
    if (labels[i] != 0 && labels[i] != best && segment_wins &&
        findings.probabilities[labels[i] == findings.segments[0].value ? 0u : 1u]
                    .slices[i / pixels][i % pixels] +
                kRounding <
            most)
      ++contradictions;
  }
  EXPECT_EQ(contradictions, 0);
  EXPECT_GT(between, 100'000) << "of borders";
}

/// What a separate implementation found: labels [i][j][k] on a 1 mm grid of 256^3 voxels.
struct Expected {
  static constexpr int kSize = 256;
  std::vector<std::uint8_t> labels;
  IndexMap to_patient;
};

/// Unpacks the npz with numpy; nothing when numpy is not there.
std::optional<Expected> ReadExpected(const std::string& npz, const std::string& folder) {
  const std::string raw = folder + "/expected.raw";
  const std::string command =
      "/usr/bin/python3 -c \"import numpy, sys; z = numpy.load(sys.argv[1]); "
      "open(sys.argv[2], 'wb').write(z['labels'].tobytes() + z['ijk_to_LPS'].tobytes())\" '" +
      npz + "' '" + raw + "' 2>/dev/null";
  if (std::system(command.c_str()) != 0) return std::nullopt;
  Expected expected;
  expected.labels.resize(std::size_t{Expected::kSize} * Expected::kSize * Expected::kSize);
  std::array<double, 16> matrix{};
  std::ifstream in(raw, std::ios::binary);
  in.read(reinterpret_cast<char*>(expected.labels.data()),
          static_cast<std::streamsize>(expected.labels.size()));
  in.read(reinterpret_cast<char*>(matrix.data()), sizeof matrix);
  for (std::size_t row = 0; row < 3; ++row) {
    expected.to_patient.linear[row] = {matrix[row * 4], matrix[row * 4 + 1], matrix[row * 4 + 2]};
    expected.to_patient.offset[row] = matrix[row * 4 + 3];
  }
  return expected;
}

/// Dice of one label: our labels read at the centres of the expected grid, nearest neighbour.
double Dice(const Expected& expected, const LabelMap& found, std::uint8_t label) {
  const IndexMap to_found = ToPatient(found.geometry).Inverse().After(expected.to_patient);
  const GridSize& size = found.geometry.size;
  std::int64_t both = 0;
  std::int64_t sum = 0;
  std::size_t at = 0;
  for (int i = 0; i < Expected::kSize; ++i)
    for (int j = 0; j < Expected::kSize; ++j)
      for (int k = 0; k < Expected::kSize; ++k, ++at) {
        const Vector3 p = to_found.Apply(
            {static_cast<double>(i), static_cast<double>(j), static_cast<double>(k)});
        const auto c = std::llrint(p[0]);
        const auto r = std::llrint(p[1]);
        const auto s = std::llrint(p[2]);
        const bool inside =
            c >= 0 && r >= 0 && s >= 0 && c < size.columns && r < size.rows && s < size.slices;
        const bool ours =
            inside &&
            found.labels[static_cast<std::size_t>((s * size.rows + r) * size.columns + c)] == label;
        const bool theirs = expected.labels[at] == label;
        sum += ours + theirs;
        both += ours && theirs;
      }
  return sum == 0 ? 0 : 2.0 * static_cast<double>(both) / static_cast<double>(sum);
}

TEST(BrainMr, CardAloneReproducesTheExpectedSegmentation) {
  const std::string shared = testing::SharedFolder();
  const testing::TempDir folder;
  const std::string series = testing::OpenSharedItem("mr-t1-siemens-skyra", folder);
  if (series.empty()) GTEST_SKIP() << "NO SAMPLE DATA: mr-t1-siemens-skyra";
  const std::optional<Expected> expected = ReadExpected(
      shared + "/models/expected/mr-t1-siemens-skyra.model5_gw_ae.npz", folder.path().string());
  if (!expected) GTEST_SKIP() << "NO NUMPY: /usr/bin/python3 cannot unpack the expected labels";
  const std::string model_folder = folder.path().string() + "/model";
  std::filesystem::create_directory(model_folder);
  testing::WriteBrainModelCard(model_folder, shared + "/models/model5_gw_ae.pt");
  AddSoftmax(model_folder + "/model.yaml");
  Result<LoadedModel> model = LoadModel(model_folder, {});
  ASSERT_TRUE(model.ok()) << model.error().message();
  const auto start = std::chrono::steady_clock::now();
  const Result<Findings> run = RunModel(*model, testing::FilesBelow(series),
                                        [](const std::string&, double) {}, {.probabilities = true});
  ASSERT_TRUE(run.ok()) << run.error().message();
  const std::chrono::duration<double> taken = std::chrono::steady_clock::now() - start;
  ASSERT_EQ(run->layers.size(), 1u);
  ASSERT_EQ(run->segments.size(), 2u);
  for (const SegmentFinding& segment : run->segments) {
    const double dice =
        Dice(*expected, run->layers.front(), static_cast<std::uint8_t>(segment.spec.label));
    RecordProperty("dice_" + std::to_string(segment.spec.label), std::to_string(dice));
    std::printf("%s: Dice %.4f, %.1f cm3\n", segment.spec.name.c_str(), dice,
                segment.measurements.at(0).value);
    EXPECT_GE(dice, 0.95) << segment.spec.name;
  }
  ExpectProbabilitiesOfTheMasks(*run);
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  std::printf("%.1f s, peak %.0f MiB\n", taken.count(),
              static_cast<double>(usage.ru_maxrss) / 1024);
}

}  // namespace
}  // namespace axial
