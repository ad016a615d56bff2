#include <dcmtk/dcmdata/dctk.h>
#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>

#include "inference/protocol/framing.h"
#include "inference/worker/process.h"
#include "tests/integration/inference/worker_client.h"
#include "tests/support/repository_paths.h"
#include "tests/support/synthetic_series.h"
#include "tests/support/temp_dir.h"

namespace axial {
namespace {

using ::testing::HasSubstr;
using testing::WorkerClient;

constexpr const char* kCard = R"(name: above-zero
version: 1.0.0
engine: torchscript
weights: {file: "AXIAL_TEST_MODELS/above_zero.pt"}
algorithm: {name: Above zero, manufacturer: Axial, version: 1.0.0}
input: {modality: [CT], kind: volume, minimum_slices: 3}
preprocessing:
  - Orientationd: {axcodes: RAS}
inferer:
  SliceInferer: {roi_size: [-1, -1], spatial_dim: 2, sw_batch_size: 4}
postprocessing:
  - AsDiscreted: {argmax: true}
outputs:
  segments:
    - label: 1
      name: Above zero
      category: {code: "123037004", scheme: SCT, meaning: Anatomical Structure}
      type: {code: "39607008", scheme: SCT, meaning: Lung}
      colour: [230, 159, 0]
  measurements: [volume, mean]
)";

/// Replaces `from`, which must occur, by `to`.
void Replace(std::string& text, const std::string& from, const std::string& to) {
  const std::size_t at = text.find(from);
  ASSERT_NE(at, std::string::npos) << from;
  text.replace(at, from.size(), to);
}

class Worker : public ::testing::Test {
 protected:
  Worker() {
    Replace(card_, "AXIAL_TEST_MODELS", AXIAL_TEST_MODELS);
    model_folder_ = folder_.File("model");
    std::filesystem::create_directory(model_folder_);
    std::ofstream(model_folder_ + "/model.yaml") << card_;
    series_.geometry = testing::AxialGeometry({6, 15, 17}, 0.8, 0.9, 2);
    series_.stored = [](int s, int r, int c) {  // a box of 200 HU in air
      return s >= 1 && s < 4 && r >= 3 && r < 9 && c >= 5 && c < 11 ? 1224 : 24;
    };
    std::filesystem::create_directory(folder_.File("series"));
    files_ = WriteSeries(series_, folder_.File("series"));
  }

  /// A job with an output folder of its own.
  protocol::RunJob Job(std::int64_t number, std::vector<std::string> files) {
    const std::string out = folder_.File(fmt::format("out-{}", number));
    std::filesystem::create_directory(out);
    return {number, 1, std::move(files), out, 0};
  }

  const testing::TempDir folder_;
  std::string card_ = kCard;
  std::string model_folder_;
  testing::SyntheticSeries series_;
  std::vector<std::string> files_;
};

TEST_F(Worker, GreetsRunsJobsAndSurvivesBadOnes) {
  WorkerClient worker(model_folder_, {"--threads", "1"});
  const Result<protocol::Message> hello = worker.Read();
  ASSERT_TRUE(hello.ok()) << hello.error().message();
  const auto& greeting = std::get<protocol::Hello>(*hello);
  EXPECT_EQ(greeting.version, protocol::kVersion);
  EXPECT_EQ(greeting.model, "above-zero");
  EXPECT_EQ(greeting.model_digest.size(), 64u);

  const protocol::RunJob job = Job(1, files_);
  const Result<protocol::Message> first = worker.Perform(job);
  ASSERT_TRUE(first.ok()) << first.error().message();
  ASSERT_TRUE(std::holds_alternative<protocol::JobDone>(*first)) << protocol::Encode(*first);
  const auto& done = std::get<protocol::JobDone>(*first);
  EXPECT_EQ(done.job, 1);
  ASSERT_EQ(done.artifacts.size(), 2u);
  EXPECT_EQ(done.artifacts[0].kind, "seg");
  EXPECT_EQ(done.artifacts[1].kind, "sr");
  for (const protocol::Artifact& artifact : done.artifacts)
    EXPECT_GT(std::filesystem::file_size(job.output_directory + "/" + artifact.file), 500u);

  std::vector<std::string> gap = files_;
  gap.erase(gap.begin() + 2);
  const Result<protocol::Message> refused = worker.Perform(Job(2, gap));
  ASSERT_TRUE(refused.ok());
  ASSERT_TRUE(std::holds_alternative<protocol::JobFailed>(*refused));
  EXPECT_EQ(std::get<protocol::JobFailed>(*refused).code, ErrorCode::kInvalidInput);
  EXPECT_THAT(std::get<protocol::JobFailed>(*refused).message, HasSubstr("(irregular_gap)"));
  EXPECT_TRUE(std::get<protocol::JobFailed>(*refused).not_applicable);

  const Result<protocol::Message> missing = worker.Perform(Job(3, {"/no/such/file.dcm"}));
  ASSERT_TRUE(missing.ok());
  ASSERT_TRUE(std::holds_alternative<protocol::JobFailed>(*missing));
  EXPECT_FALSE(std::get<protocol::JobFailed>(*missing).not_applicable) << "not the images' fault";

  const Result<protocol::Message> again = worker.Perform(Job(4, files_));
  ASSERT_TRUE(again.ok());
  ASSERT_TRUE(std::holds_alternative<protocol::JobDone>(*again));
  EXPECT_EQ(std::get<protocol::JobDone>(*again).artifacts[0].sop_instance_uid,
            done.artifacts[0].sop_instance_uid)
      << "a second run of the same job gives the same objects";
  ASSERT_TRUE(protocol::WriteFrame(worker.fd(), protocol::Shutdown{}).ok());
  EXPECT_EQ(worker.CloseAndWait(), 0);
}

/// A report of the rest that does not say so would be read as one of all images.
TEST_F(Worker, ReportsSayWhichImagesWereNotAnalysed) {
  testing::EditFile(files_[5], "ImageType", "ORIGINAL\\PRIMARY\\LOCALIZER");
  WorkerClient worker(model_folder_, {"--threads", "1"});
  ASSERT_TRUE(worker.Read().ok());
  const protocol::RunJob job = Job(1, files_);
  const Result<protocol::Message> done = worker.Perform(job);
  ASSERT_TRUE(done.ok()) << done.error().message();
  ASSERT_TRUE(std::holds_alternative<protocol::JobDone>(*done)) << protocol::Encode(*done);
  DcmFileFormat report;
  ASSERT_TRUE(report.loadFile((job.output_directory + "/sr.dcm").c_str()).good());
  std::ostringstream printed;
  report.print(printed);
  EXPECT_THAT(printed.str(), HasSubstr("Not all of the series was analysed: 1 of 6 frames left "
                                       "out: localizer."));
  ASSERT_TRUE(protocol::WriteFrame(worker.fd(), protocol::Shutdown{}).ok());
  EXPECT_EQ(worker.CloseAndWait(), 0);
}

/// The results would be filed under the name in one of the images: nothing is written, not even a
/// report that the model could not run.
TEST_F(Worker, RefusesImagesOfTwoPatients) {
  for (const std::string& file : files_) testing::EditFile(file, "PatientID", "4711");
  testing::EditFile(files_.back(), "PatientID", "4712");
  WorkerClient worker(model_folder_, {"--threads", "1"});
  ASSERT_TRUE(worker.Read().ok());
  protocol::RunJob job = Job(1, files_);
  for (const bool report : {false, true}) {
    if (report) job.failure = protocol::RunFailure{true, "images of two patients", {}};
    const Result<protocol::Message> answer = worker.Perform(job);
    ASSERT_TRUE(answer.ok()) << answer.error().message();
    ASSERT_TRUE(std::holds_alternative<protocol::JobFailed>(*answer)) << protocol::Encode(*answer);
    const auto& failed = std::get<protocol::JobFailed>(*answer);
    EXPECT_EQ(failed.code, ErrorCode::kInvalidInput);
    EXPECT_THAT(failed.message, HasSubstr("images of two patients: Patient ID of SOP Instance "));
    EXPECT_THAT(failed.message, ::testing::Not(HasSubstr("471")));
    EXPECT_TRUE(std::filesystem::is_empty(job.output_directory));
  }
  testing::EditFile(files_.back(), "PatientID", "4711");
  testing::EditFile(files_.back(), "PatientName", "Spelled^Otherwise");
  const Result<protocol::Message> answer = worker.Perform(Job(2, files_));
  ASSERT_TRUE(answer.ok()) << answer.error().message();
  EXPECT_TRUE(std::holds_alternative<protocol::JobDone>(*answer)) << protocol::Encode(*answer);
}

/// Thresholds of several channels: the Segmentation keeps the voxels that two segments share.
TEST_F(Worker, SegmentsOfAThresholdMayOverlap) {
  Replace(card_, "above_zero.pt", "overlapping.pt");
  Replace(card_, "argmax: true", "threshold: 0");
  Replace(card_, "  measurements:", R"(    - label: 2
      name: Moved
      category: {code: "123037004", scheme: SCT, meaning: Anatomical Structure}
      type: {code: "39607008", scheme: SCT, meaning: Lung}
      colour: [86, 180, 233]
  measurements:)");
  std::ofstream(model_folder_ + "/model.yaml") << card_;
  WorkerClient worker(model_folder_, {"--threads", "1"});
  const Result<protocol::Message> hello = worker.Read();
  ASSERT_TRUE(hello.ok()) << hello.error().message();
  const protocol::RunJob job = Job(1, files_);
  const Result<protocol::Message> answer = worker.Perform(job);
  ASSERT_TRUE(answer.ok()) << answer.error().message();
  ASSERT_TRUE(std::holds_alternative<protocol::JobDone>(*answer)) << protocol::Encode(*answer);
  const protocol::Artifact& seg = std::get<protocol::JobDone>(*answer).artifacts.at(0);
  DcmFileFormat file;
  ASSERT_TRUE(file.loadFile((job.output_directory + "/" + seg.file).c_str()).good());
  OFString overlap;
  OFString frames;
  file.getDataset()->findAndGetOFString(DCM_SegmentsOverlap, overlap);
  file.getDataset()->findAndGetOFString(DCM_NumberOfFrames, frames);
  EXPECT_EQ(overlap, "YES");
  EXPECT_EQ(frames, "6") << "two segments on three slices";
  DcmItem* second = nullptr;
  EXPECT_TRUE(file.getDataset()->findAndGetSequenceItem(DCM_SegmentSequence, second, 1).good());
}

/// FRACTIONAL holds what the model says; the mask beside it is made of the same run.
TEST_F(Worker, FractionalSegmentationsHoldTheModelsProbabilities) {
  Replace(card_, "  - Orientationd: {axcodes: RAS}\n",
          "  - Orientationd: {axcodes: RAS}\n"
          "  - ScaleIntensityRanged: {a_min: -1000, a_max: 200, b_min: -0.5, b_max: 0.1}\n");
  Replace(card_, "  - AsDiscreted", "  - Activationsd: {softmax: true}\n  - AsDiscreted");
  std::ofstream(model_folder_ + "/model.yaml") << card_;
  WorkerClient worker(model_folder_, {"--threads", "2"});
  const Result<protocol::Message> hello = worker.Read();
  ASSERT_TRUE(hello.ok()) << hello.error().message();
  protocol::RunJob job = Job(1, files_);
  using Wish = config::ResultProfile::Segmentation;
  job.profiles = {config::ResultProfile(), config::ResultProfile()};
  job.profiles[0].segmentation = Wish::kFractional;
  job.profiles[1].segmentation = Wish::kBinary;
  const Result<protocol::Message> answer = worker.Perform(job);
  ASSERT_TRUE(answer.ok()) << answer.error().message();
  ASSERT_TRUE(std::holds_alternative<protocol::JobDone>(*answer)) << protocol::Encode(*answer);
  DcmFileFormat file;
  ASSERT_TRUE(file.loadFile((job.output_directory + "/seg.dcm").c_str()).good());
  DcmDataset& dataset = *file.getDataset();
  OFString type;
  dataset.findAndGetOFString(DCM_SegmentationFractionalType, type);
  EXPECT_EQ(type, "PROBABILITY");
  const Uint8* values = nullptr;
  unsigned long count = 0;
  ASSERT_TRUE(dataset.findAndGetUint8Array(DCM_PixelData, values, &count).good());
  ASSERT_EQ(count, 6u * 15 * 17) << "air is not impossible, so every slice is there";
  // softmax(-x, x) of 0.1 in the box and of -0.5 around it: 0.5498 and 0.2689.
  EXPECT_EQ(std::count(values, values + count, 140), 3 * 6 * 6);
  EXPECT_EQ(std::count(values, values + count, 69), 6 * 15 * 17 - 3 * 6 * 6);
  DcmFileFormat binary;
  ASSERT_TRUE(binary.loadFile((job.output_directory + "/seg-2.dcm").c_str()).good());
  binary.getDataset()->findAndGetOFString(DCM_SegmentationType, type);
  EXPECT_EQ(type, "BINARY");
  OFString frames;
  binary.getDataset()->findAndGetOFString(DCM_NumberOfFrames, frames);
  EXPECT_EQ(frames, "3");
}

TEST_F(Worker, WritesFailureReportsWithoutAnyModel) {
  WorkerClient worker("", {"--failure-reports"});
  const Result<protocol::Message> hello = worker.Read();
  ASSERT_TRUE(hello.ok()) << hello.error().message();
  EXPECT_EQ(std::get<protocol::Hello>(*hello).model, "");
  protocol::RunJob job = Job(1, files_);
  job.failure = protocol::RunFailure{
      false, "the model could not be loaded", {"lungs", "7", "", "Gone Lungs", "Maker", "7.1"}};
  const Result<protocol::Message> answer = worker.Perform(job);
  ASSERT_TRUE(answer.ok()) << answer.error().message();
  ASSERT_TRUE(std::holds_alternative<protocol::JobDone>(*answer)) << protocol::Encode(*answer);
  const auto& artifacts = std::get<protocol::JobDone>(*answer).artifacts;
  ASSERT_EQ(artifacts.size(), 1u);
  DcmFileFormat file;
  ASSERT_TRUE(file.loadFile((job.output_directory + "/" + artifacts[0].file).c_str()).good());
  OFString text;
  file.getDataset()->findAndGetOFString(DCM_SeriesDescription, text);
  EXPECT_EQ(text, "AI could not run: Gone Lungs 7.1");
  file.getDataset()->findAndGetOFString(DCM_Manufacturer, text);
  EXPECT_EQ(text, "Maker");
  file.getDataset()->findAndGetOFString(DCM_SeriesNumber, text);
  EXPECT_EQ(text, "9020") << "the last of the run's numbers";

  const Result<protocol::Message> refused = worker.Perform(Job(2, files_));
  ASSERT_TRUE(refused.ok());
  ASSERT_TRUE(std::holds_alternative<protocol::JobFailed>(*refused));
  EXPECT_FALSE(std::get<protocol::JobFailed>(*refused).not_applicable);
}

TEST_F(Worker, EndsWhenTheGatewayClosesTheSocket) {
  WorkerClient worker(model_folder_);
  ASSERT_TRUE(worker.Read().ok());
  EXPECT_EQ(worker.CloseAndWait(), 0);
}

TEST_F(Worker, EndsOnGarbage) {
  WorkerClient worker(model_folder_);
  ASSERT_TRUE(worker.Read().ok());
  const std::string garbage = "\x7fGET / HTTP/1.0\r\n\r\n";
  ASSERT_EQ(::write(worker.fd(), garbage.data(), garbage.size()),
            static_cast<ssize_t>(garbage.size()));
  EXPECT_FALSE(worker.Read().ok());
  EXPECT_EQ(worker.CloseAndWait(), 1);
}

TEST_F(Worker, ABrokenCardEndsItBeforeHello) {
  std::ofstream(model_folder_ + "/model.yaml", std::ios::app) << "colour: blue\n";
  WorkerClient worker(model_folder_);
  EXPECT_FALSE(worker.Read().ok());
  EXPECT_EQ(worker.CloseAndWait(), 1);
}

TEST_F(Worker, DiesWithItsParent) {
  int fds[2] = {-1, -1};
  ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
  const std::string fd_text = fmt::format("{}", fds[1]);
  const std::string program = axial::testing::BinDir() + "/axial-worker";
  const pid_t parent = ::fork();
  if (parent == 0) {
    ::close(fds[0]);
    const pid_t worker = ::fork();
    if (worker == 0) {
      ::execl(program.c_str(), "axial-worker", "--model", model_folder_.c_str(), "--fd",
              fd_text.c_str(), nullptr);
      ::_exit(127);
    }
    ::close(fds[1]);
    ::pause();  // until the test kills this process
    ::_exit(0);
  }
  ::close(fds[1]);
  ASSERT_TRUE(protocol::ReadFrame(fds[0]).ok()) << "the worker greets";
  ::kill(parent, SIGKILL);
  ::waitpid(parent, nullptr, 0);
  pollfd descriptor = {fds[0], POLLIN, 0};
  ASSERT_EQ(::poll(&descriptor, 1, 60'000), 1);
  char byte = 0;
  EXPECT_EQ(::read(fds[0], &byte, 1), 0) << "its end of the socket closed";
  ::close(fds[0]);
}

TEST_F(Worker, ProbeReportsWhetherTheModelLoads) {
  const std::string out = folder_.File("probe.json");
  const std::string command =
      fmt::format("'{}/axial-worker' --model '{}' --probe > '{}' 2>/dev/null",
                  axial::testing::BinDir(), model_folder_, out);
  EXPECT_EQ(std::system(command.c_str()), 0);
  std::ifstream in(out);
  const std::string json((std::istreambuf_iterator<char>(in)), {});
  EXPECT_THAT(json, HasSubstr("\"loaded\": true"));
  EXPECT_THAT(json, HasSubstr("\"name\": \"above-zero\""));
}

TEST_F(Worker, AnalyzeWritesAReportThatTheModelCouldNotRun) {
  Replace(card_, "minimum_slices: 3", "minimum_slices: 50");
  std::ofstream(model_folder_ + "/model.yaml") << card_;
  const std::string out = folder_.File("results");
  const std::string command = fmt::format(
      "'{}/axial' analyze --model '{}' --in '{}' --out '{}' >'{}' 2>&1", axial::testing::BinDir(),
      model_folder_, folder_.File("series"), out, folder_.File("said.txt"));
  EXPECT_NE(std::system(command.c_str()), 0);
  std::ifstream in(folder_.File("said.txt"));
  const std::string said((std::istreambuf_iterator<char>(in)), {});
  EXPECT_THAT(said, HasSubstr("failed: 6 slices; the model needs at least 50"));
  const std::string series = out + "/" + series_.series_uid;
  EXPECT_TRUE(std::filesystem::exists(series + "/sr.dcm"));
  EXPECT_FALSE(std::filesystem::exists(series + "/seg.dcm"));
}

TEST_F(Worker, AnalyzeReportsAModelWhoseWeightsAreBroken) {
  std::ofstream(model_folder_ + "/weights.pt") << "no TorchScript";
  const std::size_t start = card_.find("weights:");
  card_.replace(start, card_.find('\n', start) - start, "weights: {file: weights.pt}");
  std::ofstream(model_folder_ + "/model.yaml") << card_;
  const std::string out = folder_.File("results");
  const std::string command = fmt::format(
      "'{}/axial' analyze --model '{}' --in '{}' --out '{}' >'{}' 2>&1", axial::testing::BinDir(),
      model_folder_, folder_.File("series"), out, folder_.File("said.txt"));
  EXPECT_NE(std::system(command.c_str()), 0);
  std::ifstream in(folder_.File("said.txt"));
  const std::string said((std::istreambuf_iterator<char>(in)), {});
  EXPECT_THAT(said, HasSubstr("model above-zero does not start"));
  DcmFileFormat file;
  const std::string report = out + "/" + series_.series_uid + "/sr.dcm";
  ASSERT_TRUE(file.loadFile(report.c_str()).good()) << said;
  std::ostringstream printed;
  file.print(printed);
  EXPECT_THAT(printed.str(), HasSubstr("Reason: the model could not be loaded"));
  EXPECT_THAT(printed.str(), ::testing::Not(HasSubstr("weights.pt")));
}

TEST_F(Worker, AnalyzeSaysThatAFolderHoldsNoImages) {
  std::filesystem::create_directory(folder_.File("empty"));
  const std::string command = fmt::format(
      "'{}/axial' analyze --model '{}' --in '{}' --out '{}' >'{}' 2>&1", axial::testing::BinDir(),
      model_folder_, folder_.File("empty"), folder_.File("results"), folder_.File("said.txt"));
  EXPECT_NE(std::system(command.c_str()), 0);
  std::ifstream in(folder_.File("said.txt"));
  const std::string said((std::istreambuf_iterator<char>(in)), {});
  EXPECT_THAT(said, HasSubstr("no DICOM images in " + folder_.File("empty")));
}

TEST_F(Worker, AnalyzeWritesTheSameObjectsWithoutAGateway) {
  std::ofstream(folder_.File("series/notes.txt")) << "no DICOM";
  const std::string out = folder_.File("results");
  const std::string command =
      fmt::format("'{}/axial' analyze --model '{}' --in '{}' --out '{}' >/dev/null 2>&1",
                  axial::testing::BinDir(), model_folder_, folder_.File("series"), out);
  EXPECT_EQ(std::system(command.c_str()), 0);
  const std::string series = out + "/" + series_.series_uid;
  EXPECT_TRUE(std::filesystem::exists(series + "/seg.dcm"));
  EXPECT_TRUE(std::filesystem::exists(series + "/sr.dcm"));
  EXPECT_NE(std::system(command.c_str()), 0) << "nothing is overwritten";
}

/// What the child found: 0 when everything was as it should be.
int CheckPreparedProcess() {
  if (!PrepareProcess({std::int64_t{64} << 20}).ok()) return 1;
  if (::sched_getscheduler(0) != SCHED_IDLE) return 2;
  constexpr std::size_t kTooMuch = std::size_t{256} << 20;
  void* memory =
      ::mmap(nullptr, kTooMuch, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  return memory == MAP_FAILED ? 0 : 3;
}

TEST(PrepareProcess, RunsIdleAndWithinItsMemory) {
  const pid_t child = ::fork();
  if (child == 0) ::_exit(CheckPreparedProcess());
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  ASSERT_TRUE(WIFEXITED(status));
  EXPECT_EQ(WEXITSTATUS(status), 0);
}

}  // namespace
}  // namespace axial
