#pragma once

#include <cstdint>
#include <ostream>
#include <string>

namespace axial::gateway {

struct AnalyzeOptions {
  std::string model_folder;
  std::string input_folder;
  std::string output_folder;
  /// Both or neither: the results are those that this Destination of this configuration gets.
  std::string config_path;
  std::string destination;
  int threads = 0;                ///< 0: all cores
  std::int64_t memory_bytes = 0;  ///< of the worker's private data; 0: no limit
  std::string device = "auto";
  std::string worker_binary;  ///< "": axial-worker beside this executable
};

/// `axial analyze`: one model on one folder, no gateway. Every Series of the model's modalities
/// goes to an axial-worker process; its results are written to `<out>/<Series Instance UID>/`, the
/// same objects, with the same UIDs, that the gateway sends to a Destination with default
/// `results`, or to the named one, when the Series of a Study come to it in the order of their
/// Series Numbers: each run has Series Numbers of its own. Progress and reasons go to `err`, one
/// line per result file to `out`. Exit status: 0; 1 when a Series failed, none fits the model, or
/// an argument is wrong.
[[nodiscard]] int RunAnalyze(const AnalyzeOptions& options, std::ostream& out, std::ostream& err);

}  // namespace axial::gateway
