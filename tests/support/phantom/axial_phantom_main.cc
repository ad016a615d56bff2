// axial-phantom: writes phantom studies with known truth, for the demo, the tests and training.

#include <dcmtk/oflog/oflog.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <map>

#include "tests/support/phantom/phantom_study.h"
#include "tests/support/phantom/truth_file.h"

namespace {

using axial::phantom::ChestView;
using axial::phantom::PhantomKind;
using axial::phantom::PhantomOptions;
using axial::phantom::Plane;

struct CommandLine {
  PhantomOptions options;
  std::string out;
  int count = 1;
};

void AddImageOptions(CLI::App& command, CommandLine& line) {
  PhantomOptions& o = line.options;
  static const std::map<std::string, PhantomKind> kKinds = {
      {"ct", PhantomKind::kCt}, {"mr", PhantomKind::kMr}, {"dx", PhantomKind::kDx}};
  static const std::map<std::string, ChestView> kViews = {{"pa", ChestView::kPosteroAnterior},
                                                          {"lateral", ChestView::kLateral}};
  command.add_option("--kind", o.kind, "ct, mr or dx")
      ->transform(CLI::CheckedTransformer(kKinds, CLI::ignore_case));
  command.add_option("--out", line.out, "folder to write into")->required();
  command.add_option("--seed", o.seed, "which person and scan");
  command.add_flag("--randomise", o.randomise, "draw body, disease, scanner and geometry widely");
  command.add_option("--rows", o.rows)->check(CLI::Range(8, 4096));
  command.add_option("--columns", o.columns)->check(CLI::Range(8, 4096));
  command.add_option("--slices", o.slices)->check(CLI::Range(1, 2000));
  command.add_option("--pixel-spacing", o.pixel_spacing_mm, "mm");
  command.add_option("--slice-spacing", o.slice_spacing_mm, "mm");
  command.add_option("--slice-thickness", o.slice_thickness_mm, "mm");
  command.add_option("--noise", o.noise, "standard deviation");
  command.add_option("--threads", o.threads)->check(CLI::Range(1, 64));
  command.add_option("--view", o.view, "pa or lateral (dx)")
      ->transform(CLI::CheckedTransformer(kViews, CLI::ignore_case));
}

void AddDicomOptions(CLI::App& command, CommandLine& line) {
  PhantomOptions& o = line.options;
  command.add_flag_callback("--sagittal", [&o] { o.plane = Plane::kSagittal; });
  command.add_flag_callback("--coronal", [&o] { o.plane = Plane::kCoronal; });
  command.add_flag_callback("--oblique", [&o] { o.plane = Plane::kOblique; });
  command.add_option("--tilt", o.tilt_deg, "CT gantry tilt, degrees")
      ->check(CLI::Range(-45.0, 45.0));
  command.add_flag("--signed,!--unsigned", o.is_signed, "Pixel Representation");
  command.add_option("--slope", o.slope, "Rescale Slope (ct)");
  command.add_option("--intercept", o.intercept, "Rescale Intercept (ct)");
  command.add_option(
      "--transfer-syntax", o.transfer_syntax,
      "explicit-le, implicit-le, explicit-be, deflated, rle, jpeg-lossless, jpeg-ls");
  command.add_flag("--monochrome1", o.monochrome1, "dx");
  command.add_option("--patient-name", o.patient_name, "bytes in --charset");
  command.add_option("--patient-id", o.patient_id);
  command.add_option("--charset", o.charset, "Specific Character Set");
  command.add_option("--study-uid", o.study_uid);
  command.add_option("--series-description", o.series_description);
  command.add_flag("!--ordered", o.shuffle_instance_numbers, "Instance Numbers in spatial order");
}

int Fail(const axial::Error& error) {
  std::fprintf(stderr, "axial-phantom: %s\n", error.ToString().c_str());
  return 1;
}

int WriteRaw(const CommandLine& line) {
  PhantomOptions options = line.options;
  for (int i = 0; i < line.count; ++i, ++options.seed) {
    const std::filesystem::path out =
        line.count == 1 ? std::filesystem::path(line.out)
                        : std::filesystem::path(line.out) / std::to_string(options.seed);
    if (auto status = WriteRawPhantom(options, out); !status.ok()) return Fail(status.error());
  }
  return 0;
}

int WriteDicom(const CommandLine& line) {
  const auto study = axial::phantom::WritePhantomStudy(line.options, line.out);
  if (!study.ok()) return Fail(study.error());
  std::printf("%s: %zu instances, study %s\n", line.out.c_str(), study->instances.size(),
              study->study_uid.c_str());
  for (const auto& label : study->truth) {
    std::printf("  %d %s: %.1f ml, mean %.1f\n", label.label, label.name.c_str(),
                label.volume_mm3 / 1000.0, label.mean);
  }
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  OFLog::configure(OFLogger::WARN_LOG_LEVEL);
  CLI::App app{"Phantom studies with known truth"};
  app.require_subcommand(1);
  CommandLine line;
  CLI::App* raw = app.add_subcommand("raw", "arrays and json, for training");
  AddImageOptions(*raw, line);
  raw->add_option("--count", line.count, "this many seeds from --seed on, a folder each")
      ->check(CLI::Range(1, 100000));
  CLI::App* dicom = app.add_subcommand("dicom", "a DICOM study with truth.json and truth.raw");
  AddImageOptions(*dicom, line);
  AddDicomOptions(*dicom, line);
  CLI11_PARSE(app, argc, argv);
  return raw->parsed() ? WriteRaw(line) : WriteDicom(line);
}
