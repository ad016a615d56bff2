#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "gateway/assemble/instance_facts.h"
#include "gateway/assemble/number_runs.h"

namespace axial::assemble {

/// Who told how many Instances there are to be.
enum class CountSource {
  kSeriesInstances,      ///< Number of Series Related Instances: exact by definition
  kConcatenation,        ///< In-concatenation Total Number: exact by definition
  kImagesInAcquisition,  ///< of one acquisition, which a Series may have several of
  kWholeStack,           ///< one enhanced multi-frame Instance usually holds all
};
inline constexpr std::size_t kCountSources = 4;

[[nodiscard]] const char* CountSourceName(CountSource source);

/// A declared count against what is there.
struct DeclaredCount {
  CountSource source = CountSource::kSeriesInstances;
  std::int64_t have = 0;
  std::int64_t want = 0;

  [[nodiscard]] bool reached() const { return have == want; }
  [[nodiscard]] bool missing() const { return have < want; }
};

/// Whether the Instances that are there look like all of them.
enum class Structure {
  kWhole,   ///< Instance Numbers from 1 without a gap, slices at one distance
  kNoSign,  ///< numbers or positions that say nothing
  kHole,    ///< something is missing in between or before
};

struct StructureFinding {
  Structure structure = Structure::kNoSign;
  std::string text;  ///< "Instance Numbers 1 to 120, slices 1.25 mm apart"
};

/// What the Instances of one Series say together. Bounded memory; a plain value, not thread-safe.
class SeriesEvidence {
 public:
  void Add(const InstanceFacts& facts);

  [[nodiscard]] std::int64_t instances() const { return instances_; }
  /// None of its Instances is a slice of a stack.
  [[nodiscard]] bool stands_alone() const { return instances_ > 0 && slices_ == 0; }
  /// Its beginning was not seen (it came in an earlier revision, before a restart): only later
  /// numbers are known, so nothing is missed.
  void SetPartial() { partial_ = true; }
  [[nodiscard]] bool partial() const { return partial_; }

  /// The most exact count that was declared; nullopt when there is none, or it was exceeded.
  [[nodiscard]] std::optional<DeclaredCount> Declared() const;
  [[nodiscard]] StructureFinding FindStructure() const;
  /// Adds, for each source that declared something, one to `right` or to `wrong`: the Series is
  /// finished.
  void CheckCounts(std::array<int, kCountSources>& right,
                   std::array<int, kCountSources>& wrong) const;

 private:
  struct Acquisition {
    std::int64_t have = 0;
    std::int64_t want = 0;
  };
  struct Parts {
    NumberRuns numbers;
    std::int64_t total = 0;
  };

  [[nodiscard]] std::optional<DeclaredCount> DeclaredByAcquisitions() const;
  [[nodiscard]] std::optional<DeclaredCount> DeclaredByConcatenations() const;

  std::int64_t instances_ = 0;
  std::int64_t slices_ = 0;  ///< Instances that do not stand alone
  bool partial_ = false;
  NumberRuns numbers_;
  std::int64_t without_number_ = 0;
  std::optional<std::int64_t> series_instances_;
  std::map<std::int64_t, Acquisition> acquisitions_;
  bool acquisitions_usable_ = true;
  std::map<std::string, Parts> concatenations_;
  std::int64_t whole_stacks_ = 0;
  std::optional<std::array<int, 6>> orientation_;
  bool one_orientation_ = true;
  std::int64_t without_position_ = 0;
  std::vector<std::int64_t> positions_um_;
};

}  // namespace axial::assemble
