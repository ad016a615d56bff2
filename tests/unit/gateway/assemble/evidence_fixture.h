#pragma once

#include <optional>
#include <string>
#include <vector>

#include "gateway/assemble/open_studies.h"

namespace axial::assemble {

inline TimePoint At(double seconds) {
  return TimePoint(std::chrono::seconds(1'000'000) +
                   Duration(static_cast<std::int64_t>(seconds * 1e6)));
}

/// One slice of a stack: 1.25 mm apart, as its number says.
inline InstanceFacts Slice(const std::string& series_uid, std::int64_t number) {
  InstanceFacts facts;
  facts.series_uid = series_uid;
  facts.instance_number = number;
  facts.position = SlicePosition{{1000, 0, 0, 0, 1000, 0}, number * 1250};
  return facts;
}

inline SeriesEvidence Stack(const std::vector<std::int64_t>& numbers) {
  SeriesEvidence evidence;
  for (const std::int64_t number : numbers) evidence.Add(Slice("1.1.1", number));
  return evidence;
}

/// What a sender does to OpenStudies, and what that makes of it; its rows are always written at
/// once.
class Senders {
 public:
  explicit Senders(config::Completion limits = {})
      : open([limits](const std::string&) { return limits; }) {}

  void Send(std::int64_t association, const std::string& study, InstanceFacts facts, double at) {
    const std::string series = facts.series_uid;
    Run(at);
    Rows& rows = rows_[study];
    if (!rows.open || rows.closed_series.contains(series)) {  // as the store does
      if (rows.open) closed.push_back(study + " late");
      ++rows.revision;
      rows.open = true;
      rows.closed_series.clear();
    }
    open.OnInstance({association, study, calling_ae_title, false, std::move(facts), At(at),
                     rows.revision, ++rows.version});
    Run(at);
  }

  void SendStack(std::int64_t association, const std::string& study, const std::string& series,
                 int from, int to, double at) {
    for (int number = from; number <= to; ++number)
      Send(association, study, Slice(series, number), at + 0.01 * (number - from));
  }

  void End(std::int64_t association, double at, bool released = true) {
    Run(at);
    open.OnAssociationEnded(association, released, At(at));
    Run(at);
  }

  /// A Study of two Series of three, over one Association.
  void WholeStudy(const std::string& study, double at) {
    const std::int64_t association = ++last_association;
    SendStack(association, study, study + ".1", 1, 3, at);
    SendStack(association, study, study + ".2", 1, 3, at + 0.1);
    End(association, at + 0.2);
  }

  void Run(double at) {
    for (auto due = open.NextDue(); due && *due <= At(at); due = open.NextDue()) {
      const TimePoint now = std::max(*due, last_run_);
      last_run_ = now;
      for (const Closing& closing : open.Due(now)) {
        Rows& rows = rows_[closing.study_uid];
        for (const SeriesClosing& series : closing.series) {
          rows.closed_series.insert(series.series_uid);
          closed.push_back(series.series_uid + " " + series.completion.reason);
        }
        if (closing.whole) {
          rows.open = false;
          closed.push_back(closing.study_uid + " " + closing.completion.reason);
        }
        closings.push_back(closing);
        open.Closed(closing, now);
      }
    }
    last_run_ = std::max(last_run_, At(at));
  }

  /// What was closed since the last call: "<uid> <reason>".
  std::vector<std::string> TakeClosed() { return std::exchange(closed, {}); }

  OpenStudies open;
  std::string calling_ae_title = "CT01";
  std::int64_t last_association = 1000;
  std::vector<std::string> closed;
  std::vector<Closing> closings;

 private:
  struct Rows {
    int revision = 0;
    bool open = false;
    std::int64_t version = 0;
    std::set<std::string> closed_series;
  };
  std::map<std::string, Rows> rows_;
  TimePoint last_run_{};
};

}  // namespace axial::assemble
