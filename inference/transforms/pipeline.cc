#include "inference/transforms/pipeline.h"

#include <fmt/format.h>

#include <algorithm>

namespace axial {
namespace {

/// Finds a kind by name, or says which known name is nearest.
template <typename Kind>
const Kind* FindKind(const std::vector<Kind>& kinds, const config::StepSpec& step, const char* what,
                     std::vector<config::Problem>& problems) {
  std::vector<std::string> names;
  for (const Kind& kind : kinds) {
    if (step.name == kind.name) return &kind;
    names.emplace_back(kind.name);
  }
  const std::string nearest = NearestName(step.name, names);
  problems.push_back({"", step.line, fmt::format("unknown {} {}", what, step.name),
                      nearest.empty() ? fmt::format("known are {}", fmt::join(names, ", "))
                                      : fmt::format("did you mean {}?", nearest)});
  return nullptr;
}

template <typename Kind>
auto MakeStep(const Kind& kind, const config::StepSpec& step,
              std::vector<config::Problem>& problems) {
  ArgumentReader arguments(step);
  auto made = kind.make(arguments);
  for (const std::string& wrong : arguments.Finish())
    problems.push_back({"", step.line, fmt::format("{}: {}", step.name, wrong), ""});
  return made;
}

std::vector<ImageStepKind> AllSteps() {
  std::vector<ImageStepKind> steps = SpatialSteps();
  steps.insert(steps.end(), IntensitySteps().begin(), IntensitySteps().end());
  return steps;
}

}  // namespace

Status Pipeline::Preprocess(ModelImage& image, const StepContext& context) const {
  for (const std::unique_ptr<ImageStep>& step : preprocessing)
    AXIAL_RETURN_IF_ERROR(step->Apply(image, context));
  return {};
}

CompiledPipeline CompilePipeline(const config::ModelCard& card) {
  CompiledPipeline compiled;
  Pipeline pipeline;
  std::vector<config::Problem>& problems = compiled.problems;
  const std::vector<ImageStepKind> known = AllSteps();
  for (const config::StepSpec& step : card.preprocessing) {
    const ImageStepKind* kind = FindKind(known, step, "preprocessing step", problems);
    if (kind == nullptr) continue;
    if (kind->needs_volume && card.input.kind == config::InputKind::kImage)
      problems.push_back({"", step.line, fmt::format("{} needs patient geometry", step.name),
                          "use it with input kind volume only"});
    pipeline.preprocessing.push_back(MakeStep(*kind, step, problems));
  }
  config::StepSpec inferer = card.inferer;
  if (inferer.name.empty()) inferer.name = "SimpleInferer";
  if (const InfererKind* kind = FindKind(Inferers(), inferer, "inferer", problems))
    pipeline.inferer = MakeStep(*kind, inferer, problems);
  std::vector<int> labels;
  for (const config::SegmentSpec& segment : card.segments) labels.push_back(segment.label);
  pipeline.postprocessing = Postprocessing::Read(card.postprocessing, problems, std::move(labels));
  for (config::Problem& problem : problems) {
    problem.file = card.folder + "/model.yaml";
    if (problem.remedy.empty())
      problem.remedy = "see the transform's page in MONAI's documentation";
  }
  if (problems.empty()) compiled.pipeline = std::move(pipeline);
  return compiled;
}

}  // namespace axial
