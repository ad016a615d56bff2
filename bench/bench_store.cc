// What a row of the index costs as it grows: inserts as reception does them, look-ups as the
// assembler and the router do. Prints a table with ratios to the first step.
//
//   bench_store FOLDER ROWS [MINUTES]
//
// Writes and reads at 1/100, 1/10, 1/2 and all of ROWS; between them rows are inserted by 64
// threads, whose commits are shared. Ends after MINUTES (10) with what it has.

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <string>
#include <thread>
#include <vector>

#include "core/dicom/uid.h"
#include "gateway/store/completion_store.h"
#include "gateway/store/database.h"
#include "gateway/store/study_store.h"

namespace {

using namespace axial;
using Steady = std::chrono::steady_clock;

constexpr std::int64_t kInstancesOfStudy = 500;
constexpr std::int64_t kInstancesOfSeries = 125;
constexpr int kThreads = 64;
constexpr int kMeasuredInserts = 3000;
constexpr int kMeasuredLookUps = 300;

[[noreturn]] void Fail(const std::string& what) {
  std::fprintf(stderr, "store: %s\n", what.c_str());
  std::exit(1);
}

/// Of the number-th Instance. UIDs are spread as real ones are, so that the rows of a Study do not
/// lie side by side in the indexes of others.
store::NewInstance MakeInstance(std::int64_t number) {
  const auto scatter = [](std::int64_t of) {
    return std::to_string(static_cast<std::uint64_t>(of) * 0x9e3779b97f4a7c15U);
  };
  const std::string study = "1.2.826.0.1.3680043.8.498." + scatter(number / kInstancesOfStudy + 1);
  const std::string series = study + "." + std::to_string(number / kInstancesOfSeries);
  const std::string sop = "1.2.826.0.1.3680043.8.498.7." + scatter(number + 1);
  AttributeSet attributes;
  attributes["Modality"] = {"CS", {"CT"}};
  attributes["SeriesDescription"] = {"LO", {"CHEST 1.0 B70f"}};
  store::NewInstance instance{
      InstanceHeader{Uid::Parse(study).value(), Uid::Parse(series).value(), Uid::Parse(sop).value(),
                     Uid::Parse("1.2.840.10008.5.1.4.1.1.2").value(), "1.2.840.10008.1.2.1", 1,
                     std::move(attributes)},
      "0123456789abcdef0123456789abcdef",
      "/var/lib/axial/spool/" + study + "/" + sop + ".0123456789abcdef.dcm",
      525'000,
      "CT01",
      "AXIAL",
      "10.1.2.3",
      TimePoint(std::chrono::seconds(1'800'000'000 + number / 100))};
  return instance;
}

void Check(const Result<store::AddedInstance>& added) {
  if (!added.ok()) Fail(added.error().ToString());
  if (added->outcome != store::AddOutcome::kAdded) Fail("an Instance was there already");
}

/// Many writers, whose commits are shared. Stops at the deadline; the number of rows then.
std::int64_t Fill(store::StudyStore& studies, std::int64_t from, std::int64_t to,
                  Steady::time_point deadline) {
  // A thread inserts whole Studies, as an Association does.
  std::atomic<std::int64_t> next{from};
  std::vector<std::thread> threads;
  for (int i = 0; i < kThreads; ++i)
    threads.emplace_back([&] {
      while (Steady::now() < deadline) {
        const std::int64_t first = next.fetch_add(kInstancesOfStudy);
        if (first >= to) return;
        for (std::int64_t number = first; number < first + kInstancesOfStudy; ++number) {
          store::NewInstance instance = MakeInstance(number);
          instance.durable_file = false;
          Check(studies.AddInstance(instance));
        }
      }
    });
  for (std::thread& thread : threads) thread.join();
  return std::min(next.load(), to);
}

struct Cost {
  double p50_us = 0;
  double p99_us = 0;
};

template <typename Work>
Cost Measure(int count, Work work) {
  std::vector<double> micros;
  for (int i = 0; i < count; ++i) {
    const auto began = Steady::now();
    work(i);
    micros.push_back(std::chrono::duration<double, std::micro>(Steady::now() - began).count());
  }
  std::sort(micros.begin(), micros.end());
  return {micros[micros.size() / 2], micros[micros.size() * 99 / 100]};
}

struct Step {
  std::int64_t rows = 0;
  double filled_per_second = 0;
  Cost insert;
  Cost durable_insert;
  Cost look_up;
  Cost series;
  double megabytes = 0;
};

Step MeasureStep(store::StudyStore& studies, std::int64_t rows, std::int64_t& extra) {
  Step step;
  step.rows = rows;
  // New Instances of a Study that lies anywhere, and of one that nobody has seen.
  const auto insert = [&](bool durable_file) {
    return Measure(kMeasuredInserts, [&](int) {
      store::NewInstance instance = MakeInstance(extra++);
      instance.durable_file = durable_file;
      Check(studies.AddInstance(instance));
    });
  };
  step.insert = insert(false);
  step.durable_insert = insert(true);
  const auto study_of = [&](int i) {
    const std::int64_t number = static_cast<std::int64_t>(
        static_cast<std::uint64_t>(i) * 2654435761U % static_cast<std::uint64_t>(rows));
    return MakeInstance(number).header.study_instance_uid.str();
  };
  step.look_up = Measure(kMeasuredLookUps, [&](int i) {
    const auto found = studies.Find(study_of(i));
    if (!found.ok() || !*found) Fail("a Study is not found");
    if ((**found).instances != kInstancesOfStudy) Fail("a Study has not all its Instances");
  });
  step.series = Measure(kMeasuredLookUps, [&](int i) {
    const auto found = studies.SeriesOfStudy(study_of(i));
    if (!found.ok() || found->empty()) Fail("a Study has no Series");
  });
  return step;
}

void Print(const std::vector<Step>& steps, const Step& step) {
  const Step& first = steps.front();
  const auto cell = [](const Cost& cost, const Cost& of) {
    char text[80];
    std::snprintf(text, sizeof text, "%.0f / %.0f (%.2f)", cost.p50_us, cost.p99_us,
                  cost.p50_us / of.p50_us);
    return std::string(text);
  };
  std::printf("| %lld | %.0f | %s | %s | %s | %s | %.0f |\n", static_cast<long long>(step.rows),
              step.filled_per_second, cell(step.insert, first.insert).c_str(),
              cell(step.durable_insert, first.durable_insert).c_str(),
              cell(step.look_up, first.look_up).c_str(), cell(step.series, first.series).c_str(),
              step.megabytes);
  std::fflush(stdout);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 3) return std::fputs("bench_store FOLDER ROWS [MINUTES]\n", stderr), 2;
  const std::filesystem::path file = std::filesystem::path(argv[1]) / "store.db";
  const std::int64_t rows = std::max<std::int64_t>(std::atoll(argv[2]), 100 * kInstancesOfStudy);
  const auto deadline = Steady::now() + std::chrono::minutes(argc > 3 ? std::atoi(argv[3]) : 10);
  auto database = store::Database::Open(file);
  if (!database.ok()) Fail(database.error().ToString());
  store::StudyStore studies(**database);
  std::int64_t extra = std::int64_t{1} << 40;  // numbers that are never filled in
  std::puts(
      "| rows | rows/s filled | insert P50 / P99 us | insert, durable | find a study | its series "
      "| "
      "MB "
      "|\n|---|---|---|---|---|---|---|");
  std::vector<Step> steps;
  std::int64_t have = 0;
  for (const std::int64_t part : {100, 10, 2, 1}) {
    const std::int64_t target = rows / part / kInstancesOfStudy * kInstancesOfStudy;
    const std::int64_t before = have;
    const auto began = Steady::now();
    have = Fill(studies, have, target, deadline);
    const double seconds = std::chrono::duration<double>(Steady::now() - began).count();
    if (have < target) {
      std::printf("Out of time at %lld of %lld rows.\n", static_cast<long long>(have),
                  static_cast<long long>(rows));
      return 3;
    }
    Step step = MeasureStep(studies, have, extra);
    step.filled_per_second = static_cast<double>(have - before) / seconds;
    step.megabytes = static_cast<double>(std::filesystem::file_size(file)) / 1e6;
    steps.push_back(step);
    Print(steps, step);
  }
  return 0;
}
