#include "tests/conformance/result_truth.h"

#include <fstream>
#include <nlohmann/json.hpp>
#include <vector>

namespace axial::testing {
namespace {

using nlohmann::json;

void WriteBytes(const std::vector<std::uint8_t>& bytes, std::ofstream& file) {
  file.write(reinterpret_cast<const char*>(bytes.data()),
             static_cast<std::streamsize>(bytes.size()));
}

void WriteProbabilities(const Findings& findings, const std::string& folder) {
  const std::size_t frame = static_cast<std::size_t>(findings.source.rows) *
                            static_cast<std::size_t>(findings.source.columns);
  for (std::size_t s = 0; s < findings.probabilities.size(); ++s) {
    std::ofstream file(folder + "/probability-" + std::to_string(s + 1) + ".raw", std::ios::binary);
    for (std::vector<std::uint8_t> slice : findings.probabilities[s].slices) {
      slice.resize(frame, 0);
      WriteBytes(slice, file);
    }
  }
}

json Code(const CodedConcept& code) { return {code.value, code.scheme, code.meaning}; }

json SegmentTruth(const SegmentFinding& segment) {
  json truth = {{"number", segment.segment_number},
                {"label", segment.spec.name},
                {"tracking_id", segment.tracking_id},
                {"tracking_uid", segment.tracking_uid.str()},
                {"category", Code(segment.spec.category)},
                {"type", Code(segment.spec.type)},
                {"measurements", json::array()}};
  for (const Measurement& measurement : segment.measurements)
    truth["measurements"].push_back(
        {{"quantity", Code(measurement.quantity)},
         {"derivation", measurement.derivation ? Code(*measurement.derivation) : json()},
         {"value", measurement.value},
         {"unit", Code(measurement.unit)}});
  return truth;
}

}  // namespace

void WriteTruth(const Findings& findings, bool keep_empty_frames, const std::string& folder) {
  std::ofstream labels(folder + "/labels.raw", std::ios::binary);
  for (const LabelMap& layer : findings.layers) WriteBytes(layer.labels, labels);
  WriteProbabilities(findings, folder);
  std::ofstream frames(folder + "/frames.txt");
  frames << findings.source.rows << " " << findings.source.columns << " " << findings.layers.size()
         << " " << (keep_empty_frames ? 1 : 0) << "\n";
  for (const SegmentFinding& segment : findings.segments)
    frames << "segment " << segment.segment_number << " " << segment.layer << " "
           << int{segment.value} << "\n";
  // A Segmentation repeats positions only within a Frame of Reference.
  const bool planes = !findings.source.frame_of_reference_uid.empty();
  for (const SourceFrame& frame : findings.source.frames)
    frames << "frame " << frame.sop_instance_uid.str() << " " << frame.frame_number << " "
           << (planes && !frame.image_position_patient.empty() ? frame.image_position_patient : "-")
           << " " << frame.image_orientation_patient << " " << frame.pixel_spacing << "\n";
}

void WriteReportTruth(const Findings& findings, const config::ModelCard& card,
                      const ReportTruth& report, const std::string& folder) {
  json truth = {{"regions", report.planar_regions},
                {"failed", report.failed},
                {"algorithm", {card.algorithm.name, card.algorithm.version}},
                {"series", findings.source.series_instance_uid.str()},
                {"single_images", card.input.kind == config::InputKind::kImage ||
                                      findings.source.frames.size() == 1},
                {"segments", json::array()},
                {"answers", json::array()},
                {"files", json::array()},
                {"pixel_spacing", json::array()}};
  for (const SourceFrame& frame : findings.source.frames) {
    truth["files"].push_back(frame.file);
    truth["pixel_spacing"].push_back(frame.pixel_spacing);
  }
  for (const SegmentFinding& segment : findings.segments)
    truth["segments"].push_back(SegmentTruth(segment));
  for (const ClassificationFinding& answer : findings.classifications)
    truth["answers"].push_back({{"question", Code(answer.concept_name)},
                                {"answer", Code(answer.value)},
                                {"probability", answer.probability},
                                {"frame", answer.frame_index}});
  std::ofstream(folder + "/report.json") << truth;
}

}  // namespace axial::testing
