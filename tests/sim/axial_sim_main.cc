// Prints how Axial and its peers find out that a Study is complete, over a corpus of sender
// behaviours: bin/axial-completion-sim [--seed N] [--studies N]

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <iostream>

#include "core/base/log.h"
#include "tests/sim/simulation.h"

namespace {

using namespace axial::sim;

std::string Seconds(const std::vector<double>& values, double share) {
  const double value = Quantile(values, share);
  return value < 10 ? fmt::format("{:.2f}", value) : fmt::format("{:.1f}", value);
}

std::string Row(const std::string& name, const Score& score) {
  return fmt::format("| {} | {} | {} | {} | {} / {} | {} / {} |\n", name, score.premature_series,
                     score.premature_studies, score.reopened_studies,
                     Seconds(score.series_seconds, 0.5), Seconds(score.series_seconds, 0.95),
                     Seconds(score.study_seconds, 0.5), Seconds(score.study_seconds, 0.95));
}

std::string Head(const char* what) {
  return fmt::format(
      "| {} | series closed too early | studies closed too early | reopened by a late series | "
      "series: median / 95 % s | study: median / 95 % s |\n| --- | --- | --- | --- | --- | --- "
      "|\n",
      what);
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app("Completion policies over a corpus of sender behaviours");
  unsigned seed = 1;
  int studies = 20;
  app.add_option("--seed", seed, "Another corpus")->check(CLI::Range(1U, 1'000'000U));
  app.add_option("--studies", studies, "Studies of each sender")->check(CLI::Range(1, 1000));
  CLI11_PARSE(app, argc, argv);

  const auto corpus = MakeCorpus(seed, studies);
  const auto reports = PlayAll(corpus);
  std::cout << fmt::format("{} senders, {} studies, {} series\n\n", Behaviours().size(),
                           reports.front().all.studies, reports.front().all.series)
            << Head("policy");
  for (const Report& report : reports) std::cout << Row(report.policy, report.all);
  std::cout << "\nAxial, by behaviour of the sender\n\n" << Head("sender");
  for (const std::string& behaviour : Behaviours())
    std::cout << Row(behaviour, reports.front().by_behaviour.at(behaviour));
  return 0;
}
