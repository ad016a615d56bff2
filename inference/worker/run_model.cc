#include "inference/worker/run_model.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <chrono>
#include <thread>

#include "core/base/log.h"
#include "core/dicom/uid.h"
#include "inference/findings/measure.h"
#include "inference/volume/load_series.h"

namespace axial {
namespace {

constexpr double kLoadedFraction = 0.1;    ///< of the run, when the pixels are there
constexpr double kInferredFraction = 0.9;  ///< when the network is done

Error FromProblems(const std::vector<config::Problem>& problems) {
  std::vector<std::string> lines;
  for (const config::Problem& problem : problems) lines.push_back(problem.ToString());
  return {ErrorCode::kInvalidInput, fmt::format("{}", fmt::join(lines, "\n"))};
}

/// The first run of a network is slower and finds out what memory it needs.
void WarmUp(LoadedModel& model) {
  Tensor zeros;
  zeros.shape = model.pipeline.inferer->FixedBatchShape();
  if (zeros.shape.empty()) return;
  zeros.values.assign(static_cast<std::size_t>(Tensor::Elements(zeros.shape)), 0.0F);
  const Result<std::vector<Tensor>> outputs = model.engine->Run(zeros);
  if (!outputs.ok())
    Log(LogLevel::kWarning, "model_warm_up_failed",
        {{"model", model.card.name}, {"reason", outputs.error().ToString()}});
}

Status CheckRequirements(const config::ModelCard& card, const SourceSeries& source) {
  const auto& modalities = card.input.modalities;
  if (!modalities.empty() &&
      std::find(modalities.begin(), modalities.end(), source.modality) == modalities.end())
    return MakeError(ErrorCode::kInvalidInput, "the Series is {}; the model takes {}",
                     source.modality, fmt::join(modalities, ", "));
  if (source.frames.size() < static_cast<std::size_t>(std::max(card.input.minimum_slices, 1)))
    return MakeError(ErrorCode::kInvalidInput, "{} slices; the model needs at least {}",
                     source.frames.size(), card.input.minimum_slices);
  return {};
}

/// The first output that has as many dimensions as an image: the scores of segments.
Result<Tensor> TakeScores(std::vector<Tensor>& outputs, std::size_t dimensions) {
  for (Tensor& output : outputs)
    if (output.shape.size() == dimensions) return std::move(output);
  return MakeError(ErrorCode::kInvalidInput, "the model gives no output with {} dimensions",
                   dimensions + 1);
}

/// Preprocesses, infers and interprets one image; `source`: size of the grid it comes from.
struct ImageOutcome {
  std::vector<LabelLayer> layers;
  std::vector<ClassificationFinding> classifications;
};

Result<ImageOutcome> RunImage(LoadedModel& model, ModelImage image, const GridSize& source,
                              int frame_index, const FractionCall& progress,
                              ProbabilitySlices* probabilities, UnnamedLabels& unnamed) {
  AXIAL_RETURN_IF_ERROR(model.pipeline.Preprocess(image, {model.threads}));
  const EngineCall engine = [&](const Tensor& batch) { return model.engine->Run(batch); };
  AXIAL_ASSIGN_OR_RETURN(std::vector<Tensor> outputs,
                         model.pipeline.inferer->Run(image.data, engine, progress));
  ImageOutcome outcome;
  const std::size_t dimensions = image.data.shape.size();
  if (!model.card.classifications.empty()) {
    AXIAL_ASSIGN_OR_RETURN(const Tensor scores, TakeScores(outputs, 1));
    AXIAL_ASSIGN_OR_RETURN(
        outcome.classifications,
        Classify(model.card, model.pipeline.postprocessing.Probabilities(scores), frame_index));
  }
  if (!model.card.segments.empty()) {
    AXIAL_ASSIGN_OR_RETURN(Tensor scores, TakeScores(outputs, dimensions));
    image.data.values = {};  // only its shape and its way back are needed from here
    AXIAL_ASSIGN_OR_RETURN(outcome.layers, model.pipeline.postprocessing.Labels(
                                               std::move(scores), image, source, model.threads,
                                               probabilities, &unnamed));
  }
  return outcome;
}

/// A card may leave out segments on purpose, or by mistake.
void TellUnnamed(const LoadedModel& model, const SourceSeries& source,
                 const UnnamedLabels& unnamed) {
  if (unnamed.empty()) return;
  constexpr std::size_t kMostNamed = 20;
  std::vector<std::string> labels;
  std::int64_t voxels = 0;
  for (const auto& [label, count] : unnamed) {
    voxels += count;
    if (labels.size() < kMostNamed) labels.push_back(std::to_string(label));
  }
  if (unnamed.size() > kMostNamed) labels.emplace_back("...");
  Log(LogLevel::kWarning, "labels_without_segment",
      {{"model", model.card.name},
       {"series", source.series_instance_uid.str()},
       {"labels", fmt::format("{}", fmt::join(labels, ","))},
       {"count", static_cast<std::int64_t>(unnamed.size())},
       {"voxels", voxels},
       {"remedy", "name them under outputs.segments of model.yaml, if they are results"}});
}

/// Where the probabilities of a run on `size` go; null when nobody wants them or there are none.
std::unique_ptr<ProbabilitySlices> PlaceForProbabilities(const LoadedModel& model,
                                                         const GridSize& size,
                                                         const RunOptions& options) {
  if (!options.probabilities || !model.pipeline.postprocessing.GivesProbabilities()) return nullptr;
  std::vector<int> labels;
  for (const config::SegmentSpec& segment : model.card.segments) labels.push_back(segment.label);
  return std::make_unique<ProbabilitySlices>(std::move(labels), size,
                                             options.max_probability_bytes);
}

/// Puts the probabilities of the segments that were found into `findings`.
void AddProbabilities(const config::ModelCard& card, ProbabilitySlices* probabilities,
                      Findings& findings) {
  if (probabilities == nullptr) return;
  if (probabilities->exhausted()) {
    Log(LogLevel::kWarning, "probabilities_dropped",
        {{"model", card.name},
         {"series", findings.source.series_instance_uid.str()},
         {"reason", fmt::format("more than {} MiB; a FRACTIONAL Segmentation gets 0 and 255",
                                probabilities->max_bytes() >> 20)}});
    return;
  }
  for (const SegmentFinding& segment : findings.segments)
    findings.probabilities.push_back({probabilities->Take(segment.spec.label)});
}

/// Puts the masks and what is measured in them into `findings`. `volume`: may be null.
void AddSegments(const LoadedModel& model, std::vector<LabelLayer> layers, const Geometry& geometry,
                 const Volume* volume, Findings& findings) {
  MergeDisjointLayers(layers);
  for (LabelLayer& layer : layers)
    findings.layers.push_back({geometry, std::move(layer.values), std::move(layer.labels)});
  findings.segments =
      MeasureSegments(model.card, findings.source, volume, findings.layers, model.digest);
}

Result<Findings> RunVolume(LoadedModel& model, const std::vector<std::string>& files,
                           const ProgressCall& progress, const RunOptions& options) {
  AXIAL_ASSIGN_OR_RETURN(LoadedVolume loaded, LoadVolume(files));
  AXIAL_RETURN_IF_ERROR(CheckRequirements(model.card, loaded.source));
  progress("infer", kLoadedFraction);
  const auto fraction = [&](double done) {
    progress("infer", kLoadedFraction + (kInferredFraction - kLoadedFraction) * done);
  };
  const Geometry& geometry = loaded.volume.geometry;
  const auto probabilities = PlaceForProbabilities(model, geometry.size, options);
  UnnamedLabels unnamed;
  AXIAL_ASSIGN_OR_RETURN(ImageOutcome outcome,
                         RunImage(model, FromVolume(loaded.volume), geometry.size, -1, fraction,
                                  probabilities.get(), unnamed));
  TellUnnamed(model, loaded.source, unnamed);
  Findings findings{.source = std::move(loaded.source),
                    .layers = {},
                    .segments = {},
                    .classifications = std::move(outcome.classifications),
                    .left_out = std::move(loaded.left_out)};
  if (!model.card.segments.empty()) {
    AddSegments(model, std::move(outcome.layers), geometry, &loaded.volume, findings);
    AddProbabilities(model.card, probabilities.get(), findings);
  }
  return findings;
}

Result<Findings> RunImages(LoadedModel& model, const std::vector<std::string>& files,
                           const ProgressCall& progress, const RunOptions& options) {
  AXIAL_ASSIGN_OR_RETURN(LoadedImages loaded, LoadImages(files));
  AXIAL_RETURN_IF_ERROR(CheckRequirements(model.card, loaded.source));
  const auto count = static_cast<int>(loaded.images.size());
  Findings findings{.source = std::move(loaded.source),
                    .layers = {},
                    .segments = {},
                    .classifications = {},
                    .left_out = std::move(loaded.left_out)};
  std::vector<LabelLayer> layers;
  UnnamedLabels unnamed;
  Geometry geometry;
  geometry.size = {count, findings.source.rows, findings.source.columns};
  const auto probabilities = PlaceForProbabilities(model, geometry.size, options);
  for (int i = 0; i < count; ++i) {
    if (probabilities) probabilities->StartAt(i);
    const Image2D& image = loaded.images[static_cast<std::size_t>(i)];
    const GridSize plane = {1, image.rows, image.columns};
    if (!model.card.segments.empty() &&
        (image.rows != findings.source.rows || image.columns != findings.source.columns))
      return Error(ErrorCode::kInvalidInput, "images of more than one size in one Series");
    const double share = (kInferredFraction - kLoadedFraction) / count;
    const auto fraction = [&](double done) {
      progress("infer", kLoadedFraction + share * (i + done));
    };
    AXIAL_ASSIGN_OR_RETURN(
        const ImageOutcome outcome,
        RunImage(model, FromImage(image), plane, i, fraction, probabilities.get(), unnamed));
    if (i > 0 && outcome.layers.size() != layers.size())
      return Error(ErrorCode::kInvalidInput,
                   "the model gives images different numbers of channels");
    layers.resize(outcome.layers.size());
    for (std::size_t k = 0; k < layers.size(); ++k) {
      const LabelLayer& layer = outcome.layers[k];
      layers[k].values.insert(layers[k].values.end(), layer.values.begin(), layer.values.end());
      layers[k].labels = layer.labels;  // of every image the same
    }
    std::copy(outcome.classifications.begin(), outcome.classifications.end(),
              std::back_inserter(findings.classifications));
  }
  TellUnnamed(model, findings.source, unnamed);
  if (!model.card.segments.empty()) {
    AddSegments(model, std::move(layers), geometry, nullptr, findings);
    AddProbabilities(model.card, probabilities.get(), findings);
  }
  return findings;
}

}  // namespace

Result<LoadedModel> LoadModel(const std::string& folder, const EngineOptions& options) {
  const auto start = std::chrono::steady_clock::now();
  config::LoadedModelCard loaded = config::LoadModelCard(folder);
  if (!loaded.card) return FromProblems(loaded.problems);
  CompiledPipeline compiled = CompilePipeline(*loaded.card);
  if (!compiled.pipeline) return FromProblems(compiled.problems);
  AXIAL_ASSIGN_OR_RETURN(std::string digest, Sha256HexOfFile(loaded.card->folder + "/model.yaml"));
  if (!loaded.card->weights_file.empty()) {
    AXIAL_ASSIGN_OR_RETURN(const std::string weights, Sha256HexOfFile(loaded.card->weights_file));
    digest = Sha256Hex(digest + weights);
  }
  AXIAL_ASSIGN_OR_RETURN(std::unique_ptr<Engine> engine, LoadEngine(*loaded.card, options));
  const int threads = options.threads > 0
                          ? options.threads
                          : static_cast<int>(std::max(1U, std::thread::hardware_concurrency()));
  LoadedModel model{std::move(*loaded.card), std::move(*compiled.pipeline), std::move(engine),
                    std::move(digest), threads};
  WarmUp(model);
  const std::chrono::duration<double> taken = std::chrono::steady_clock::now() - start;
  model.load_seconds = taken.count();
  return model;
}

Result<Findings> RunModel(LoadedModel& model, const std::vector<std::string>& files,
                          const ProgressCall& progress, const RunOptions& options) {
  progress("load", 0);
  return model.card.input.kind == config::InputKind::kVolume
             ? RunVolume(model, files, progress, options)
             : RunImages(model, files, progress, options);
}

}  // namespace axial
