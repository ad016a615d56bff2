#include "inference/transforms/postprocessing.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cmath>
#include <limits>
#include <mutex>

#include "inference/transforms/arguments.h"
#include "inference/transforms/components.h"
#include "inference/transforms/parallel.h"
#include "inference/transforms/resample.h"

namespace axial {
namespace {

constexpr std::uint64_t kMaxLayerBytes = std::uint64_t{4} << 30;

/// In place over [K][voxels].
void Softmax(std::vector<float>& values, std::size_t classes) {
  const std::size_t voxels = values.size() / classes;
  for (std::size_t i = 0; i < voxels; ++i) {
    float largest = values[i];
    for (std::size_t k = 1; k < classes; ++k) largest = std::max(largest, values[k * voxels + i]);
    float sum = 0;
    for (std::size_t k = 0; k < classes; ++k) {
      float& value = values[k * voxels + i];
      value = std::exp(value - largest);
      sum += value;
    }
    for (std::size_t k = 0; k < classes; ++k) values[k * voxels + i] /= sum;
  }
}

void Sigmoid(std::vector<float>& values) {
  for (float& value : values) value = 1.0F / (1.0F + std::exp(-value));
}

/// From the source grid to the grid of the scores, which may be coarser than the input's.
IndexMap SourceToScores(const ModelImage& input, const SpatialSize& scores) {
  IndexMap stretch;
  const SpatialSize size = input.Size();
  for (std::size_t axis = 0; axis < 3; ++axis) {
    const double scale = static_cast<double>(scores[axis]) / static_cast<double>(size[axis]);
    stretch.linear[axis][axis] = scale;
    stretch.offset[axis] = 0.5 * scale - 0.5;
  }
  return stretch.After(input.to_source.Inverse());
}

/// The label with the best score at each position of a line, one channel after the other.
class LineLabels {
 public:
  explicit LineLabels(std::size_t count) : best_(count), labels_(count) {}
  void Start() {
    std::fill(best_.begin(), best_.end(), -std::numeric_limits<float>::infinity());
    std::fill(labels_.begin(), labels_.end(), 0);
  }
  void Offer(const std::vector<float>& scores, int label) {
    for (std::size_t i = 0; i < scores.size(); ++i)
      if (scores[i] > best_[i]) {
        best_[i] = scores[i];
        labels_[i] = label;
      }
  }
  [[nodiscard]] int at(std::size_t i) const { return labels_[i]; }

 private:
  std::vector<float> best_;
  std::vector<int> labels_;
};

/// A score that is a label already.
int LabelOf(float score) {
  if (!(score > 0)) return 0;  // or no number
  return static_cast<int>(std::nearbyint(std::min(score, static_cast<float>(kMaxLabel) + 1)));
}

}  // namespace

const std::vector<std::string>& Postprocessing::StepNames() {
  static const std::vector<std::string> names = {
      "Activationsd", "AsDiscreted", "KeepLargestConnectedComponentd",
      "EnsureTyped",  "Invertd",     "SaveImaged"};
  return names;
}

void Postprocessing::ReadStep(const config::StepSpec& step, ArgumentReader& arguments) {
  if (step.name == "Activationsd") {
    if (discretisation_ != Discretisation::kNone)
      arguments.Fail("Activationsd must come before AsDiscreted");
    const bool softmax = arguments.Bool("softmax", false);
    const bool sigmoid = arguments.Bool("sigmoid", false);
    if (softmax == sigmoid) arguments.Fail("exactly one of softmax and sigmoid must be true");
    arguments.Ignore({"other"});
    activation_ = softmax ? Activation::kSoftmax : Activation::kSigmoid;
  } else if (step.name == "AsDiscreted") {
    const bool argmax = arguments.Bool("argmax", false);
    const auto threshold = arguments.Number("threshold");
    if (argmax == threshold.has_value())
      arguments.Fail("exactly one of argmax: true and threshold must be given");
    arguments.Ignore({"to_onehot", "rounding"});
    discretisation_ = argmax ? Discretisation::kArgmax : Discretisation::kThreshold;
    threshold_ = threshold.value_or(0.5);
  } else if (step.name == "KeepLargestConnectedComponentd") {
    Largest largest;
    if (step.arguments.contains("applied_labels")) {
      largest.labels.emplace();
      for (const double label : arguments.Numbers("applied_labels"))
        largest.labels->push_back(static_cast<int>(std::clamp(label, -1.0, kMaxLabel + 1.0)));
    }
    if (step.arguments.contains("is_onehot")) largest.one_hot = arguments.Bool("is_onehot", false);
    largest.independent = arguments.Bool("independent", true);
    largest.connectivity = static_cast<int>(arguments.Number("connectivity", 3));
    largest.keep = static_cast<int>(arguments.Number("num_components", 1));
    if (largest.connectivity < 1 || largest.connectivity > 3)
      arguments.Fail("connectivity must be 1, 2 or 3");
    if (largest.keep < 1) arguments.Fail("num_components must be at least 1");
    largest_.push_back(std::move(largest));
  } else if (step.name == "Invertd") {  // the way back to the source is always gone
    arguments.Ignore({"transform", "orig_keys", "orig_meta_keys", "nearest_interp", "to_tensor",
                      "device", "post_func"});
  } else if (step.name == "SaveImaged") {  // results are written as DICOM
    for (const auto& [name, value] : step.arguments) arguments.Ignore({name.c_str()});
  } else {
    arguments.Ignore({"device", "data_type", "track_meta"});
  }
}

Postprocessing Postprocessing::Read(const std::vector<config::StepSpec>& steps,
                                    std::vector<config::Problem>& problems,
                                    std::vector<int> labels) {
  Postprocessing made;
  made.labels_ = std::move(labels);
  std::sort(made.labels_.begin(), made.labels_.end());
  for (const config::StepSpec& step : steps) {
    const auto& names = StepNames();
    if (std::find(names.begin(), names.end(), step.name) == names.end()) {
      const std::string nearest = NearestName(step.name, names);
      problems.push_back({"", step.line, fmt::format("unknown postprocessing step {}", step.name),
                          nearest.empty() ? fmt::format("known are {}", fmt::join(names, ", "))
                                          : fmt::format("did you mean {}?", nearest)});
      continue;
    }
    ArgumentReader arguments(step);
    made.ReadStep(step, arguments);
    for (const std::string& wrong : arguments.Finish())
      problems.push_back({"", step.line, fmt::format("{}: {}", step.name, wrong), ""});
  }
  return made;
}

void Postprocessing::Activate(Tensor& scores) const {
  if (activation_ == Activation::kSoftmax)
    Softmax(scores.values, static_cast<std::size_t>(scores.shape[0]));
  if (activation_ == Activation::kSigmoid) Sigmoid(scores.values);
}

LabelPlaces Postprocessing::Places() const { return LabelPlaces(labels_); }

Status Postprocessing::CheckShape(const Tensor& scores, const ModelImage& input,
                                  const GridSize& source) const {
  const std::int64_t classes = scores.shape.empty() ? 0 : scores.shape[0];
  if (scores.shape.size() != input.data.shape.size() || classes < 1)
    return Error(ErrorCode::kInvalidInput,
                 "the model's output has not the dimensions [classes][space]");
  const bool threshold = discretisation_ == Discretisation::kThreshold;
  if (const int most = threshold ? kMaxLabel : kMaxLabel + 1; classes > most)
    return MakeError(ErrorCode::kInvalidInput, "{} output channels; at most {}", classes, most);
  if (discretisation_ == Discretisation::kNone && classes != 1)
    return Error(ErrorCode::kInvalidInput,
                 "postprocessing has no AsDiscreted, but the model gives several channels");
  for (const Largest& largest : largest_)
    if (threshold && classes > 1 && largest.one_hot == false)
      return MakeError(
          ErrorCode::kInvalidInput,
          "KeepLargestConnectedComponentd has is_onehot: false, but the model gives {} "
          "channels; leave is_onehot out",
          classes);
  const std::uint64_t layers = threshold ? static_cast<std::uint64_t>(classes) : Places().layers();
  if (layers * source.Voxels() > kMaxLayerBytes)
    return MakeError(ErrorCode::kExhausted,
                     "{} layers of labels on {} slices of {}x{} are more than 4 GiB; ask for fewer "
                     "labels or smaller series",
                     layers, source.slices, source.rows, source.columns);
  return {};
}

Result<std::vector<LabelLayer>> Postprocessing::Labels(Tensor scores, const ModelImage& input,
                                                       const GridSize& source, int threads,
                                                       ProbabilitySlices* probabilities,
                                                       UnnamedLabels* unnamed) const {
  AXIAL_INVARIANT(probabilities == nullptr || GivesProbabilities());
  AXIAL_RETURN_IF_ERROR(CheckShape(scores, input, source));
  const std::int64_t classes = scores.shape[0];
  Activate(scores);
  SpatialSize size = {1, 1, 1};
  std::copy(scores.shape.begin() + 1, scores.shape.end(), size.begin());
  const IndexMap to_scores = SourceToScores(input, size);
  const auto columns = static_cast<std::size_t>(source.columns);
  const std::int64_t voxels = size[0] * size[1] * size[2];
  const bool are_labels = discretisation_ == Discretisation::kNone;
  const bool argmax = discretisation_ == Discretisation::kArgmax;
  const bool threshold = discretisation_ == Discretisation::kThreshold;
  const LabelPlaces places = Places();
  std::vector<LabelLayer> layers =
      threshold ? LayersOfChannels(classes, source.Voxels()) : places.MakeLayers(source.Voxels());
  std::atomic<bool> too_large = false;
  std::mutex placeless_mutex;
  UnnamedLabels placeless;
  const auto work = [&](std::int64_t begin, std::int64_t end) {
    LineSampler sampler(size, are_labels ? Interpolation::kNearest : Interpolation::kLinear);
    std::vector<float> line(columns);
    std::vector<float> inside(columns);
    LineLabels best(columns);
    UnnamedLabels dropped;
    for (std::int64_t row = begin; row < end; ++row) {
      const Vector3 first = {0, static_cast<double>(row % source.rows),
                             static_cast<double>(row / source.rows)};
      sampler.SetLine(to_scores.Apply(first), to_scores.Step(0), columns);
      best.Start();
      const auto line_of = [&](std::size_t layer) {
        return layers[layer].values.data() + row * source.columns;
      };
      for (std::int64_t k = 0; k < classes; ++k) {
        sampler.Read(scores.values.data() + k * voxels, line.data());
        // argmax over channels: the channel is the label. Thresholds: channel k finds label k + 1.
        if (argmax) best.Offer(line, static_cast<int>(k));
        if (const int label = static_cast<int>(argmax ? k : k + 1);
            probabilities != nullptr && probabilities->Wants(label)) {
          inside = line;
          for (std::size_t i = 0; i < columns; ++i)
            if (!sampler.Inside(i)) inside[i] = 0;
          probabilities->Put(label, row, inside);
        }
        if (!threshold) continue;
        const auto layer = static_cast<std::size_t>(k);
        const std::uint8_t value = ValueOfChannel(layers[layer], k);
        std::uint8_t* to = line_of(layer);
        for (std::size_t i = 0; i < columns; ++i)  // >=: MONAI's AsDiscrete
          if (line[i] >= static_cast<float>(threshold_) && sampler.Inside(i)) to[i] = value;
      }
      if (threshold) continue;
      for (std::size_t i = 0; i < columns; ++i) {
        const int label = are_labels ? LabelOf(line[i]) : best.at(i);
        if (label == 0 || !sampler.Inside(i)) continue;
        const LabelPlaces::Place place = places.Of(label);
        if (place.value != 0)
          line_of(place.layer)[i] = place.value;
        else
          ++dropped[label];
        if (label > kMaxLabel) too_large = true;
      }
    }
    const std::lock_guard lock(placeless_mutex);
    for (const auto& [label, count] : dropped) placeless[label] += count;
  };
  ParallelRanges(threads, std::int64_t{source.slices} * source.rows, work);
  if (too_large)
    return MakeError(ErrorCode::kInvalidInput, "the model gives a label above {}, the largest",
                     kMaxLabel);
  if (unnamed != nullptr) {
    for (const auto& [label, count] : placeless) (*unnamed)[label] += count;
    CountUnnamed(layers, *unnamed);
  }
  if (probabilities == nullptr || largest_.empty()) {
    KeepLargest(layers, source);
    return layers;
  }
  const std::vector<LabelLayer> before = layers;
  KeepLargest(layers, source);
  for (std::size_t layer = 0; layer < layers.size(); ++layer)
    for (std::size_t i = 0; i < before[layer].values.size(); ++i)
      if (const std::uint8_t was = before[layer].values[i]; layers[layer].values[i] != was)
        probabilities->Clear(before[layer].LabelOf(was), i);
  return layers;
}

void Postprocessing::CountUnnamed(const std::vector<LabelLayer>& layers,
                                  UnnamedLabels& unnamed) const {
  for (const LabelLayer& layer : layers) {
    std::array<std::int64_t, kByteLabels + 1> counts{};
    for (const std::uint8_t value : layer.values) ++counts[value];
    for (std::size_t value = 1; value < counts.size(); ++value) {
      if (counts[value] == 0) continue;
      const int label = layer.LabelOf(static_cast<std::uint8_t>(value));
      if (!std::binary_search(labels_.begin(), labels_.end(), label))
        unnamed[label] += counts[value];
    }
  }
}

bool Postprocessing::GivesProbabilities() const {
  return activation_ != Activation::kNone && discretisation_ != Discretisation::kNone;
}

/// MONAI counts channels from 0, and leaves 0 alone unless it is named, where a mask is one channel
/// of several (one-hot); otherwise it means values.
std::vector<bool> Postprocessing::Chosen(const Largest& largest, std::size_t channels) const {
  const bool threshold = discretisation_ == Discretisation::kThreshold;
  const int first = threshold && largest.one_hot.value_or(channels > 1) ? 1 : 0;
  std::vector<bool> chosen(kMaxLabel + 1, !largest.labels && labels_.empty());
  if (!largest.labels)  // others are no segment's
    for (const int label : labels_) chosen[static_cast<std::size_t>(label)] = true;
  chosen[0] = false;
  if (first == 1) chosen[1] = false;
  for (const int label : largest.labels.value_or(std::vector<int>()))
    if (label >= 0 && label + first > 0 && label + first <= kMaxLabel)
      chosen[static_cast<std::size_t>(label + first)] = true;
  return chosen;
}

void Postprocessing::KeepLargest(std::vector<LabelLayer>& layers, const GridSize& size) const {
  for (const Largest& largest : largest_) {
    const std::vector<bool> chosen = Chosen(largest, layers.size());
    const auto wanted = [&](const LabelLayer& layer) {  // by value
      std::vector<bool> values(layer.labels.empty() ? kByteLabels + 1 : layer.labels.size());
      for (std::size_t value = 1; value < values.size(); ++value)
        values[value] =
            chosen[static_cast<std::size_t>(layer.LabelOf(static_cast<std::uint8_t>(value)))];
      return values;
    };
    if (layers.size() == 1 || largest.independent) {
      for (LabelLayer& layer : layers)
        KeepLargestComponents(layer.values, size, wanted(layer), !largest.independent,
                              largest.connectivity, largest.keep);
      continue;
    }
    std::vector<std::uint8_t> any(size.Voxels());  // labels of several layers as one foreground
    for (const LabelLayer& layer : layers) {
      const std::vector<bool> values = wanted(layer);
      for (std::size_t i = 0; i < any.size(); ++i)
        if (values[layer.values[i]]) any[i] = 1;
    }
    KeepLargestComponents(any, size, std::vector<bool>{false, true}, true, largest.connectivity,
                          largest.keep);
    for (LabelLayer& layer : layers) {
      const std::vector<bool> values = wanted(layer);
      for (std::size_t i = 0; i < any.size(); ++i)
        if (any[i] == 0 && values[layer.values[i]]) layer.values[i] = 0;
    }
  }
}

std::vector<double> Postprocessing::Probabilities(const Tensor& scores) const {
  Tensor activated{{static_cast<std::int64_t>(scores.values.size())}, scores.values};
  if (!activated.values.empty()) Activate(activated);
  return {activated.values.begin(), activated.values.end()};
}

}  // namespace axial
