#pragma once

#include <array>
#include <cstdint>
#include <string>

#include "core/base/clock.h"
#include "core/base/result.h"
#include "gateway/assemble/series_evidence.h"

namespace axial::assemble {

/// How a sender spreads a Study over Associations.
enum class Pattern {
  kUnknown,    ///< too little seen
  kPerStudy,   ///< one Association per Study
  kPerSeries,  ///< several per Study, one per Series
  kSplit,      ///< a Series comes over several: one per Instance, or in portions
};

/// What one finished Study taught.
struct StudyLesson {
  int associations = 0;       ///< not counting aborted ones, whose Instances come again
  bool aborted_last = false;  ///< the last one was aborted, and nothing came after it
  int series = 0;
  bool split_series = false;  ///< a Series came over several Associations
  bool interleaved = false;   ///< a Series got an Instance after another one had begun
  int pauses = 0;             ///< from the end of all Associations to the next one
  Duration pause_between{};   ///< longest, from the end of one Association to the next Instance
  int structured_series = 0;  ///< Series with several Instances
  int holed_series = 0;       ///< of these: finished, and yet with a hole
  std::array<int, kCountSources> counts_right{};
  std::array<int, kCountSources> counts_wrong{};
};

/// What came after a Study, or a Series of it, had been closed.
enum class Reopening {
  kSameAssociation,  ///< the sender had only paused
  kOtherSeries,
  kSameSeries,
};

/// What is known of one calling AE Title. A few numbers, however many Studies it sent: old ones
/// fade, so that a changed modality is learned again. A plain value; pure.
class SenderHabit {
 public:
  void Learn(const StudyLesson& lesson);
  /// An Instance came, `pause` after the last sign of its Study, that should have been waited for.
  void LearnReopened(Duration pause, Reopening reopening);

  [[nodiscard]] Pattern pattern() const;
  /// Never goes back to a Series once it began another (Studies of several Series only).
  [[nodiscard]] bool GoesOn() const;
  /// Its finished Series often have holes: a hole tells nothing.
  [[nodiscard]] bool LeavesHoles() const;
  /// Declared counts of this source are the number that comes.
  [[nodiscard]] bool Reaches(CountSource source) const;
  /// Declared counts of this source are not what comes.
  [[nodiscard]] bool Misses(CountSource source) const;
  /// Longest pause between Associations of one Study in the last 32 to 64 Studies.
  [[nodiscard]] Duration longest_pause() const;
  /// How long after the end of an Association another one of the same Study may still begin: twice
  /// the longest pause, and once many pauses were seen, one and a half times.
  [[nodiscard]] Duration Patience() const;
  /// Enough pauses were seen to rely on Patience.
  [[nodiscard]] bool KnowsPauses() const;
  /// Ends its Associations with an abort, and sends nothing again.
  [[nodiscard]] bool AlwaysAborts() const;
  /// A Series was seen that came over several Associations.
  [[nodiscard]] bool has_split() const { return split_ > 0; }

  /// "one Association per Study in 23 of 24 Studies", for people.
  [[nodiscard]] std::string ToString() const;

  /// As kept in a row. FromJson: error Corrupt.
  [[nodiscard]] std::string ToJson() const;
  [[nodiscard]] static Result<SenderHabit> FromJson(const std::string& json);

 private:
  void Fade();

  int ended_ = 0;            ///< Studies
  int aborted_ends_ = 0;     ///< of these
  int studies_ = 0;          ///< that came over Associations which ended properly
  int one_association_ = 0;  ///< Studies
  int several_ = 0;          ///< Studies over several Associations, one per Series
  int split_ = 0;            ///< Studies
  int weight_ = 0;           ///< Studies of one Series tell a third of what others tell
  int several_series_ = 0;   ///< Studies
  int interleaved_ = 0;      ///< Studies, of several_series_
  int structured_series_ = 0;
  int holed_series_ = 0;
  std::array<int, kCountSources> counts_right_{};
  std::array<int, kCountSources> counts_wrong_{};
  int pauses_ = 0;
  Duration pause_{};         ///< longest of the current window
  Duration pause_before_{};  ///< of the window before it
  int window_ = 0;           ///< Studies in the current window
};

}  // namespace axial::assemble
