#include "gateway/assemble/series_evidence.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <iterator>

namespace axial::assemble {
namespace {

constexpr std::size_t kMaxAcquisitions = 1024;
constexpr std::size_t kMaxConcatenations = 64;
constexpr std::size_t kMaxPositions = 16384;
constexpr std::int64_t kSamePositionUm = 20;
/// A step this many times the usual one is a missing slice, not a variation.
constexpr double kHoleSteps = 1.75;
constexpr double kUniformTolerance = 0.1;

/// Steps between neighbouring slices, as they are sorted along the normal.
struct Spacing {
  bool known = false;  ///< three places or more
  bool uniform = false;
  bool hole = false;
  double step_mm = 0;
};

Spacing MeasureSpacing(std::vector<std::int64_t> positions) {
  std::sort(positions.begin(), positions.end());
  std::vector<std::int64_t> steps;
  std::int64_t last = positions.empty() ? 0 : positions.front();
  for (const std::int64_t position : positions) {
    if (position - last <= kSamePositionUm) continue;
    steps.push_back(position - last);
    last = position;
  }
  Spacing spacing;
  if (steps.size() < 2) return spacing;
  std::vector<std::int64_t> sorted = steps;
  std::sort(sorted.begin(), sorted.end());
  const auto usual = static_cast<double>(sorted[sorted.size() / 2]);
  spacing.known = true;
  spacing.step_mm = usual / 1000;
  spacing.uniform = static_cast<double>(sorted.back()) <= usual * (1 + kUniformTolerance) &&
                    static_cast<double>(sorted.front()) >= usual * (1 - kUniformTolerance);
  // Only where most steps are alike can one that is not be called a hole.
  const auto alike = std::count_if(sorted.begin(), sorted.end(), [usual](std::int64_t step) {
    return static_cast<double>(step) <= usual * (1 + kUniformTolerance) &&
           static_cast<double>(step) >= usual * (1 - kUniformTolerance);
  });
  spacing.hole = static_cast<double>(sorted.back()) >= usual * kHoleSteps &&
                 static_cast<std::size_t>(alike) * 3 >= sorted.size() * 2;
  return spacing;
}

std::string GapsOf(const NumberRuns& numbers) {
  const auto& runs = numbers.runs();
  std::string text =
      fmt::format("Instance Numbers {} to {}", runs.begin()->first, runs.rbegin()->second);
  if (runs.begin()->first > 1) text += fmt::format(", none before {}", runs.begin()->first);
  if (runs.size() > 1) {
    const std::int64_t from = runs.begin()->second + 1;
    const std::int64_t to = std::next(runs.begin())->first - 1;
    text += from == to ? fmt::format(", {} is missing", from)
                       : fmt::format(", {} to {} are missing", from, to);
    if (runs.size() > 2) text += fmt::format(", {} gaps in all", runs.size() - 1);
  }
  return text;
}

}  // namespace

const char* CountSourceName(CountSource source) {
  switch (source) {
    case CountSource::kSeriesInstances:
      return "Number of Series Related Instances";
    case CountSource::kConcatenation:
      return "In-concatenation Total Number";
    case CountSource::kImagesInAcquisition:
      return "Images in Acquisition";
    case CountSource::kWholeStack:
      break;
  }
  return "one enhanced multi-frame Instance";
}

void SeriesEvidence::Add(const InstanceFacts& facts) {
  ++instances_;
  if (!facts.stands_alone) ++slices_;
  if (facts.instance_number)
    numbers_.Add(*facts.instance_number);
  else
    ++without_number_;
  if (facts.series_instances)
    series_instances_ = std::max(*facts.series_instances, series_instances_.value_or(0));
  if (facts.concatenation) {
    if (concatenations_.size() < kMaxConcatenations ||
        concatenations_.contains(facts.concatenation->uid)) {
      Parts& parts = concatenations_[facts.concatenation->uid];
      parts.numbers.Add(facts.concatenation->number);
      parts.total = std::max(parts.total, facts.concatenation->total);
    }
  } else if (facts.enhanced) {
    ++whole_stacks_;
  }
  if (facts.images_in_acquisition && acquisitions_.size() < kMaxAcquisitions) {
    Acquisition& acquisition = acquisitions_[facts.acquisition_number.value_or(0)];
    ++acquisition.have;
    acquisition.want = std::max(acquisition.want, *facts.images_in_acquisition);
  } else {
    acquisitions_usable_ = false;
  }
  if (!facts.position || positions_um_.size() == kMaxPositions) {
    ++without_position_;
    return;
  }
  if (!orientation_) orientation_ = facts.position->orientation;
  for (std::size_t i = 0; i < orientation_->size(); ++i)
    if (std::abs((*orientation_)[i] - facts.position->orientation[i]) > 2) one_orientation_ = false;
  positions_um_.push_back(facts.position->along_normal_um);
}

std::optional<DeclaredCount> SeriesEvidence::DeclaredByConcatenations() const {
  DeclaredCount declared{CountSource::kConcatenation, 0, 0};
  for (const auto& [uid, parts] : concatenations_) {
    if (parts.total == 0) return std::nullopt;  // the total may come with the last part only
    declared.have += parts.numbers.count();
    declared.want += parts.total;
  }
  if (declared.want == 0 || declared.have != instances_) return std::nullopt;
  return declared;
}

std::optional<DeclaredCount> SeriesEvidence::DeclaredByAcquisitions() const {
  DeclaredCount declared{CountSource::kImagesInAcquisition, 0, 0};
  for (const auto& [number, acquisition] : acquisitions_) {
    if (acquisition.have > acquisition.want) return std::nullopt;
    declared.have += acquisition.have;
    declared.want += acquisition.want;
  }
  if (declared.want == 0) return std::nullopt;
  return declared;
}

std::optional<DeclaredCount> SeriesEvidence::Declared() const {
  if (partial_) return std::nullopt;
  if (series_instances_ && instances_ <= *series_instances_)
    return DeclaredCount{CountSource::kSeriesInstances, instances_, *series_instances_};
  if (!concatenations_.empty()) return DeclaredByConcatenations();
  if (acquisitions_usable_ && !acquisitions_.empty()) return DeclaredByAcquisitions();
  if (whole_stacks_ == 1 && instances_ == 1) return DeclaredCount{CountSource::kWholeStack, 1, 1};
  return std::nullopt;
}

void SeriesEvidence::CheckCounts(std::array<int, kCountSources>& right,
                                 std::array<int, kCountSources>& wrong) const {
  if (partial_) return;
  const auto count = [&](CountSource source, bool reached) {
    ++(reached ? right : wrong)[static_cast<std::size_t>(source)];
  };
  if (series_instances_) count(CountSource::kSeriesInstances, instances_ == *series_instances_);
  if (!concatenations_.empty())
    if (const auto declared = DeclaredByConcatenations())
      count(CountSource::kConcatenation, declared->reached());
  if (acquisitions_usable_ && !acquisitions_.empty()) {
    const auto declared = DeclaredByAcquisitions();
    count(CountSource::kImagesInAcquisition, declared && declared->reached());
  }
  if (whole_stacks_ > 0) count(CountSource::kWholeStack, instances_ == 1);
}

StructureFinding SeriesEvidence::FindStructure() const {
  if (partial_) return {Structure::kNoSign, "its first Instances came earlier"};
  StructureFinding finding;
  const Spacing spacing =
      one_orientation_ && without_position_ == 0 ? MeasureSpacing(positions_um_) : Spacing{};
  if (numbers_.empty() || numbers_.overflowed()) {
    finding.text = "no usable Instance Numbers";
  } else {
    const auto& runs = numbers_.runs();
    const bool from_start = runs.begin()->first == 0 || runs.begin()->first == 1;
    finding.text = GapsOf(numbers_);
    if (runs.size() > 1 || !from_start)
      finding.structure = Structure::kHole;
    else if (without_number_ == 0 && numbers_.count() == instances_)
      finding.structure = Structure::kWhole;
  }
  if (spacing.known) {
    if (spacing.uniform) {
      finding.text += fmt::format(", slices {:.4g} mm apart", spacing.step_mm);
    } else {
      finding.text +=
          spacing.hole
              ? fmt::format(", a slice is missing between others {:.4g} mm apart", spacing.step_mm)
              : std::string(", slices at different distances");
      if (spacing.hole) finding.structure = Structure::kHole;
      if (finding.structure == Structure::kWhole) finding.structure = Structure::kNoSign;
    }
  }
  return finding;
}

}  // namespace axial::assemble
