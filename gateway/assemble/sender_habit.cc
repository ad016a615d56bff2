#include "gateway/assemble/sender_habit.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

namespace axial::assemble {
namespace {

/// Three Studies of several Series, or nine of one: then the habit counts.
constexpr int kWeightOfStudy = 3;
constexpr int kKnownWeight = 9;
constexpr int kFadeStudies = 64;
constexpr int kPauseWindow = 32;
constexpr int kKnown = 3;
constexpr int kMaxPausesOfStudy = 1000;
constexpr std::int64_t kMaxCount = 1'000'000;

/// More than one in ten; and no single exception changes what is known.
bool Often(int part, int all) { return part > 1 && part * 10 > all; }

}  // namespace

void SenderHabit::Fade() {
  for (int* count :
       {&ended_, &aborted_ends_, &studies_, &one_association_, &several_, &split_, &weight_,
        &several_series_, &interleaved_, &structured_series_, &holed_series_, &pauses_})
    *count /= 2;
  for (std::size_t i = 0; i < kCountSources; ++i) {
    counts_right_[i] /= 2;
    counts_wrong_[i] /= 2;
  }
}

void SenderHabit::Learn(const StudyLesson& lesson) {
  if (ended_ >= kFadeStudies) Fade();
  ++ended_;
  if (lesson.aborted_last) ++aborted_ends_;
  if (lesson.associations == 0) return;
  if (++window_ > kPauseWindow) {
    pause_before_ = pause_;
    pause_ = Duration(0);
    window_ = 1;
  }
  ++studies_;
  weight_ += lesson.series > 1 || lesson.associations > 1 ? kWeightOfStudy : 1;
  if (lesson.split_series)
    ++split_;
  else if (lesson.associations > 1)
    ++several_;
  else
    ++one_association_;
  if (lesson.series > 1) {
    ++several_series_;
    if (lesson.interleaved) ++interleaved_;
  }
  pauses_ += std::min(lesson.pauses, kMaxPausesOfStudy);
  pause_ = std::max(pause_, lesson.pause_between);
  structured_series_ += lesson.structured_series;
  holed_series_ += lesson.holed_series;
  for (std::size_t i = 0; i < kCountSources; ++i) {
    counts_right_[i] += lesson.counts_right[i];
    counts_wrong_[i] += lesson.counts_wrong[i];
  }
}

void SenderHabit::LearnReopened(Duration pause, Reopening reopening) {
  pause_ = std::max(pause_, pause);
  if (reopening == Reopening::kSameAssociation) return;
  const bool same_series = reopening == Reopening::kSameSeries;
  if (one_association_ > 0)
    --one_association_;
  else if (same_series && several_ > 0)
    --several_;
  else
    return;
  ++(same_series ? split_ : several_);
}

Pattern SenderHabit::pattern() const {
  if (weight_ < kKnownWeight) return Pattern::kUnknown;
  if (Often(split_, studies_)) return Pattern::kSplit;
  if (Often(several_, studies_)) return Pattern::kPerSeries;
  return Pattern::kPerStudy;
}

bool SenderHabit::GoesOn() const {
  return several_series_ >= kKnown && interleaved_ * 20 < several_series_;
}

bool SenderHabit::LeavesHoles() const {
  return structured_series_ >= kKnown && holed_series_ * 4 > structured_series_;
}

bool SenderHabit::Reaches(CountSource source) const {
  const auto i = static_cast<std::size_t>(source);
  const bool exact =
      source == CountSource::kSeriesInstances || source == CountSource::kConcatenation;
  if (exact && counts_wrong_[i] == 0) return true;
  return counts_right_[i] >= kKnown && counts_wrong_[i] * 20 < counts_right_[i];
}

bool SenderHabit::Misses(CountSource source) const {
  const auto i = static_cast<std::size_t>(source);
  return counts_wrong_[i] >= 2 && counts_wrong_[i] * 2 > counts_right_[i];
}

bool SenderHabit::AlwaysAborts() const {
  return aborted_ends_ >= kKnown && aborted_ends_ * 2 > ended_;
}

Duration SenderHabit::longest_pause() const { return std::max(pause_, pause_before_); }

Duration SenderHabit::Patience() const {
  constexpr Duration kMargin = std::chrono::milliseconds(100);
  constexpr int kManyPauses = 32;
  const Duration pause = longest_pause();
  return (pauses_ < kManyPauses ? pause * 2 : pause * 3 / 2) + kMargin;
}

bool SenderHabit::KnowsPauses() const {
  constexpr int kSomePauses = 8;
  return pauses_ >= kSomePauses;
}

std::string SenderHabit::ToString() const {
  switch (pattern()) {
    case Pattern::kUnknown:
      return fmt::format("its habit is not known yet ({} Studies seen)", studies_);
    case Pattern::kPerStudy:
      return fmt::format("it sends one Association per Study ({} of {})", one_association_,
                         studies_);
    case Pattern::kPerSeries:
      return fmt::format("it sends several Associations per Study ({} of {})", several_, studies_);
    case Pattern::kSplit:
      break;
  }
  return fmt::format("it sends a Series over several Associations ({} of {} Studies)", split_,
                     studies_);
}

std::string SenderHabit::ToJson() const {
  return nlohmann::json{{"ended", ended_},
                        {"aborted_ends", aborted_ends_},
                        {"studies", studies_},
                        {"one_association", one_association_},
                        {"several", several_},
                        {"split", split_},
                        {"weight", weight_},
                        {"several_series", several_series_},
                        {"interleaved", interleaved_},
                        {"structured_series", structured_series_},
                        {"holed_series", holed_series_},
                        {"counts_right", counts_right_},
                        {"counts_wrong", counts_wrong_},
                        {"pauses", pauses_},
                        {"pause_us", pause_.count()},
                        {"pause_before_us", pause_before_.count()},
                        {"window", window_}}
      .dump();
}

Result<SenderHabit> SenderHabit::FromJson(const std::string& json) {
  const nlohmann::json object = nlohmann::json::parse(json, nullptr, /*allow_exceptions=*/false);
  if (!object.is_object()) return Error(ErrorCode::kCorrupt, "a sender's habit is no JSON object");
  const auto number = [](const nlohmann::json& value) {
    if (!value.is_number_integer()) return std::int64_t{0};
    return std::clamp<std::int64_t>(value.get<std::int64_t>(), 0, kMaxCount);
  };
  const auto count = [&](const char* key) {
    return static_cast<int>(number(object.value(key, nlohmann::json())));
  };
  const auto pause = [&](const char* key) {
    const nlohmann::json value = object.value(key, nlohmann::json());
    return Duration(value.is_number_integer() ? std::max<std::int64_t>(value.get<std::int64_t>(), 0)
                                              : 0);
  };
  const auto counts = [&](const char* key, std::array<int, kCountSources>& into) {
    const nlohmann::json list = object.value(key, nlohmann::json::array());
    if (!list.is_array()) return;
    for (std::size_t i = 0; i < std::min(kCountSources, list.size()); ++i)
      into[i] = static_cast<int>(number(list[i]));
  };
  SenderHabit habit;
  habit.ended_ = count("ended");
  habit.aborted_ends_ = count("aborted_ends");
  habit.studies_ = count("studies");
  habit.one_association_ = count("one_association");
  habit.several_ = count("several");
  habit.split_ = count("split");
  habit.weight_ = count("weight");
  habit.several_series_ = count("several_series");
  habit.interleaved_ = count("interleaved");
  habit.structured_series_ = count("structured_series");
  habit.holed_series_ = count("holed_series");
  counts("counts_right", habit.counts_right_);
  counts("counts_wrong", habit.counts_wrong_);
  habit.pauses_ = count("pauses");
  habit.pause_ = pause("pause_us");
  habit.pause_before_ = pause("pause_before_us");
  habit.window_ = count("window");
  return habit;
}

}  // namespace axial::assemble
