#include "inference/results/write_results.h"

#include <dcmtk/dcmdata/dctk.h>
#include <fmt/core.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <memory>
#include <optional>

#include "core/base/log.h"
#include "inference/results/composite_context.h"
#include "inference/results/failed_series.h"
#include "inference/results/result_file.h"
#include "inference/results/result_kind.h"
#include "inference/results/result_run.h"
#include "inference/results/segmentation.h"

namespace axial::results {
namespace {

/// What a caller could get wrong, before anything is written.
Status CheckFindings(const Findings& findings) {
  const SourceSeries& source = findings.source;
  if (source.frames.empty()) return Error(ErrorCode::kInvalidInput, "findings without a source");
  if (source.rows < 1 || source.rows > 65535 || source.columns < 1 || source.columns > 65535)
    return MakeError(ErrorCode::kInvalidInput, "source of {}x{} pixels", source.rows,
                     source.columns);
  for (const ClassificationFinding& answer : findings.classifications)
    if (answer.frame_index >= static_cast<int>(source.frames.size()))
      return MakeError(ErrorCode::kInvalidInput, "an answer about frame {} of {}",
                       answer.frame_index + 1, source.frames.size());
  for (const SegmentFinding& segment : findings.segments)
    for (const Measurement& measurement : segment.measurements)
      if (!std::isfinite(measurement.value))
        return MakeError(ErrorCode::kInvalidInput, "measurement {} of segment {} is not a number",
                         measurement.quantity.value, segment.segment_number);
  return {};
}

/// Writes, syncs and checks the objects of one run, each form of a kind once.
class ObjectMaker {
 public:
  ObjectMaker(const ResultRun& run, std::filesystem::path directory)
      : run_(run), directory_(std::move(directory)) {}

  Result<std::vector<protocol::Artifact>> MakeAll() {
    const std::vector<ResultKind>& kinds = ResultKinds();
    segmentations_.resize(run_.options.profiles.size());
    for (std::size_t k = 0; k < kinds.size(); ++k) AXIAL_RETURN_IF_ERROR(MakeKind(kinds[k], k));
    AXIAL_RETURN_IF_ERROR(SyncToDisk(directory_));
    return std::move(artifacts_);
  }

  /// After a failure: leaves nothing that has a result's name.
  void TakeBack() {
    std::error_code ignored;
    for (const std::string& path : written_) std::filesystem::remove(path, ignored);
    if (!refused_.empty()) std::filesystem::rename(refused_, refused_ + ".refused", ignored);
  }

 private:
  /// One form of a kind, and the profiles that get it.
  struct Form {
    std::string variant;
    std::vector<std::size_t> profiles;
  };

  /// Equal forms are one; in the order in which profiles ask for them.
  std::vector<Form> FormsOf(const ResultKind& kind) const {
    std::vector<Form> forms;
    for (std::size_t p = 0; p < run_.options.profiles.size(); ++p) {
      const config::ResultProfile& profile = run_.options.profiles[p];
      if (run_.options.failure && !(kind.tells_failures && profile.report_failures)) continue;
      std::optional<std::string> variant = kind.variant(run_, profile);
      if (!variant) continue;
      // Other numbers are another Series.
      if (profile.first_series_number != config::ResultProfile().first_series_number)
        *variant += fmt::format("|from {}", profile.first_series_number);
      const auto known = std::ranges::find(forms, *variant, &Form::variant);
      if (known == forms.end())
        forms.push_back({*std::move(variant), {p}});
      else
        known->profiles.push_back(p);
    }
    return forms;
  }

  Status MakeKind(const ResultKind& kind, std::size_t position) {
    const std::vector<Form> forms = FormsOf(kind);
    for (std::size_t i = 0; i < forms.size(); ++i) {
      const std::size_t first = artifacts_.size();
      const std::string stem =
          i == 0 ? std::string(kind.name) : fmt::format("{}-{}", kind.name, i + 1);
      AXIAL_RETURN_IF_ERROR(MakeForm(kind, position, forms[i], stem));
      for (const std::size_t p : forms[i].profiles) {
        for (std::size_t a = first; a < artifacts_.size(); ++a)
          artifacts_[a].profiles.push_back(static_cast<int>(p));
        if (kind.name == kSegmentationKind) segmentations_[p] = artifacts_[first];
      }
    }
    return {};
  }

  /// What the run replaces where the form goes: nobody is told of what others got.
  std::vector<protocol::Predecessor> ReplacedBy(const Form& form) const {
    std::vector<protocol::Predecessor> replaced;
    for (const protocol::Predecessor& predecessor : run_.options.predecessors)
      if (std::ranges::any_of(form.profiles, [&](std::size_t p) {
            return std::ranges::count(predecessor.profiles, static_cast<int>(p)) > 0;
          }))
        replaced.push_back(predecessor);
    return replaced;
  }

  /// All files of one form.
  Status MakeForm(const ResultKind& kind, std::size_t position, const Form& form,
                  const std::string& stem) {
    const std::size_t p = form.profiles.front();
    const config::ResultProfile& profile = run_.options.profiles[p];
    const std::vector<protocol::Predecessor> replaced = ReplacedBy(form);
    const std::size_t files = kind.files == nullptr ? 1 : kind.files(run_, profile);
    AXIAL_INVARIANT(files <= kMaxFilesOfForm);
    for (std::size_t number = 0; number < files; ++number) {
      const std::string file =
          files == 1 ? stem + ".dcm" : fmt::format("{}_{:04}.dcm", stem, number + 1);
      AXIAL_RETURN_IF_ERROR(Make(kind, {profile, form.variant, SeriesNumber(profile, position),
                                        directory_ / file, segmentations_[p], replaced, number}));
    }
    return {};
  }

  /// Failure reports count down from the run's last number, so that results keep theirs.
  int SeriesNumber(const config::ResultProfile& profile, std::size_t position) const {
    const int base =
        profile.first_series_number + protocol::kSeriesNumbersPerRun * run_.options.run_of_study;
    if (!run_.options.failure) return base + static_cast<int>(position);
    const auto first = ResultKinds().begin();
    const auto before = std::count_if(first, first + static_cast<std::ptrdiff_t>(position),
                                      [](const ResultKind& kind) { return kind.tells_failures; });
    return base + protocol::kSeriesNumbersPerRun - 1 - static_cast<int>(before);
  }

  Status Make(const ResultKind& kind, const ObjectRequest& request) {
    written_.push_back(request.path);
    AXIAL_ASSIGN_OR_RETURN(protocol::Artifact artifact, kind.write(run_, request));
    AXIAL_RETURN_IF_ERROR(SyncToDisk(request.path));
    if (Status checked = kind.check(run_, request); !checked.ok()) {
      if (checked.error().code() == ErrorCode::kCorrupt) {
        refused_ = request.path;
        written_.pop_back();
      }
      return checked;
    }
    artifact.profiles.clear();
    artifacts_.push_back(std::move(artifact));
    return {};
  }

  const ResultRun& run_;
  const std::filesystem::path directory_;
  std::vector<protocol::Artifact> artifacts_;
  std::vector<std::optional<protocol::Artifact>> segmentations_;  ///< by profile
  std::vector<std::string> written_;
  std::string refused_;
};

Result<std::vector<protocol::Artifact>> MakeObjects(const Findings& findings,
                                                    const config::ModelCard& card,
                                                    const ResultOptions& options,
                                                    const std::string& output_directory) {
  AXIAL_ASSIGN_OR_RETURN(const std::unique_ptr<DcmFileFormat> source,
                         ReadSourceHeader(findings.source, findings.source.representative()));
  DcmItem& header = *source->getDataset();
  for (const std::string& attribute : DropForeignBytes(header))
    Log(LogLevel::kWarning, "source_value_dropped",
        {{"attribute", attribute},
         {"series", findings.source.series_instance_uid.str()},
         {"reason", "it may hold ASCII only, and holds something else"}});
  AXIAL_ASSIGN_OR_RETURN(std::vector<SegmentFrame> frames, PlanSegmentFrames(findings));
  const ResultRun run{findings,         card, options, header, ResultText::For(header, card),
                      std::move(frames)};
  LogReplacedForms(run);
  ObjectMaker maker(run, output_directory);
  Result<std::vector<protocol::Artifact>> written = maker.MakeAll();
  if (!written.ok()) maker.TakeBack();
  return written;
}

}  // namespace
}  // namespace axial::results

namespace axial {

Result<std::vector<protocol::Artifact>> WriteResults(const Findings& findings,
                                                     const config::ModelCard& card,
                                                     const ResultOptions& options,
                                                     const std::string& output_directory) {
  AXIAL_INVARIANT(!options.failure);
  AXIAL_RETURN_IF_ERROR(results::CheckFindings(findings));
  return results::MakeObjects(findings, card, options, output_directory);
}

Result<std::vector<protocol::Artifact>> WriteFailureReport(const std::vector<std::string>& files,
                                                           const config::ModelCard& card,
                                                           const ResultOptions& options,
                                                           const std::string& output_directory) {
  AXIAL_INVARIANT(options.failure);
  AXIAL_ASSIGN_OR_RETURN(SourceSeries source, results::DescribeFailedSeries(files));
  const Findings findings{std::move(source), {}, {}, {}};
  return results::MakeObjects(findings, card, options, output_directory);
}

}  // namespace axial
