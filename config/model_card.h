#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "config/problem.h"
#include "core/dicom/coded_concept.h"

namespace axial::config {

/// An argument of a named transform or inferer, as written in YAML.
struct Argument {
  using Scalar = std::variant<bool, double, std::string>;
  std::vector<Scalar> values;  ///< one for a scalar
  bool is_list = false;
};

/// One step by its MONAI name: `- Spacingd: {pixdim: [1, 1, 1], mode: bilinear}`.
struct StepSpec {
  std::string name;
  std::map<std::string, Argument> arguments;
  int line = 0;
};

/// What one label value of the model's output means (PS3.3 C.8.20.2, Segment Sequence).
struct SegmentSpec {
  int label = 0;  ///< the value in the model's label map, from 1
  std::string name;
  CodedConcept category;                             ///< CID 7150
  CodedConcept type;                                 ///< CID 7151 and below
  std::optional<CodedConcept> modifier;              ///< laterality, CID 244
  std::optional<CodedConcept> anatomic_region;       ///< for lesions
  std::array<std::uint8_t, 3> colour = {255, 0, 0};  ///< sRGB

  /// An organ or a part of one, rather than what is found in it: CID 7150 "Anatomical Structure",
  /// in today's code and in the one of older cards.
  [[nodiscard]] bool IsStructure() const {
    return category.scheme == "SCT" &&
           (category.value == "123037004" || category.value == "91723000");
  }
};

/// One question the model answers with one of several coded values.
struct ClassificationSpec {
  struct Class {
    int index = 0;  ///< position in the model's output
    CodedConcept value;
  };
  CodedConcept concept_name;
  double threshold = 0.5;  ///< below it, no value is reported
  std::vector<Class> classes;
};

enum class MeasurementKind {
  kVolume,
  kMean,
  kStandardDeviation,
  kMinimum,
  kMaximum,
  kLongestDiameter,
  kSurfaceArea
};

enum class InputKind {
  kVolume,  ///< the whole Series as one regular stack
  kImage,   ///< every frame on its own
};

/// model.yaml, checked (design 4.3).
struct ModelCard {
  std::string folder;  ///< absolute; holds model.yaml
  std::string name;
  std::string version;
  std::string engine;  ///< "torchscript"; the engines' list decides

  /// Absolute path of an existing file; "" when the engine needs none. In model.yaml a relative
  /// path is within the model's folder; a file elsewhere is named by its absolute path.
  std::string weights_file;
  std::string weights_sha256;  ///< lower-case hex; "" when not given

  struct Algorithm {
    std::string name;
    std::string manufacturer;
    std::string version;
    std::string notice;  ///< for example "For demonstration, not for diagnosis"; "" for none
  } algorithm;

  struct Input {
    std::vector<std::string> modalities;
    InputKind kind = InputKind::kVolume;
    int minimum_slices = 1;
  } input;

  std::vector<StepSpec> preprocessing;
  StepSpec inferer;  ///< SimpleInferer when the file names none
  std::vector<StepSpec> postprocessing;

  std::vector<SegmentSpec> segments;
  std::vector<ClassificationSpec> classifications;
  std::vector<MeasurementKind> measurements;
};

struct LoadedModelCard {
  std::optional<ModelCard> card;
  std::vector<Problem> problems;
};

/// Reads and checks `<folder>/model.yaml` (at most 1 MiB). Step names are checked by the
/// transforms' own list when the model is loaded. Thread-safe.
[[nodiscard]] LoadedModelCard LoadModelCard(const std::string& folder);

/// Checks the text of a model.yaml of `folder` (absolute). The weights must exist. Thread-safe.
[[nodiscard]] LoadedModelCard ParseModelCard(const std::string& text, const std::string& folder);

/// Every sub-folder of `directory` that has a model.yaml, in name order. A broken card is an entry
/// with problems, never a reason to leave out the others; so is the second card of one name. At
/// most 1000 folders are looked at.
[[nodiscard]] std::vector<LoadedModelCard> LoadModelCards(const std::string& directory);

}  // namespace axial::config
