#include "gateway/commands/explain.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <filesystem>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>

#include "config/config.h"
#include "config/quantity.h"
#include "core/base/clock.h"
#include "core/dicom/instance_header.h"
#include "gateway/commands/find_files.h"
#include "gateway/commands/left_out.h"
#include "gateway/store/closings.h"
#include "routing/rule_set.h"

namespace axial::gateway {
namespace {

constexpr std::size_t kMaxNamedFiles = 20;

struct ReadFiles {
  std::vector<routing::StudySummary> studies;  ///< in order of their first file
  std::size_t instances = 0;
  std::size_t duplicates = 0;  ///< files whose SOP Instance UID was read before
  std::vector<LeftOutFile> skipped;
};

ReadFiles ReadStudies(const std::vector<std::string>& files, const std::string& calling,
                      const std::string& called) {
  ReadFiles read;
  std::vector<Uid> order;
  std::map<Uid, routing::StudySummaryBuilder> builders;
  std::set<Uid> instances;
  for (const std::string& file : files) {
    const Result<InstanceHeader> header = ReadInstanceHeader(file);
    if (!header.ok()) {
      read.skipped.push_back({file, header.error().message()});
      continue;
    }
    if (!instances.insert(header->sop_instance_uid).second) {
      ++read.duplicates;
      continue;
    }
    if (!builders.contains(header->study_instance_uid)) order.push_back(header->study_instance_uid);
    if (const Status added = builders[header->study_instance_uid].Add(*header, calling, called);
        !added.ok())
      read.skipped.push_back({file, added.error().message()});
  }
  read.instances = instances.size();
  for (const Uid& study : order)
    if (Result<routing::StudySummary> summary = builders[study].Build(); summary.ok())
      read.studies.push_back(*std::move(summary));
  return read;
}

/// What the gateway's store says of the studies: why they were taken for complete.
struct Completions {
  std::vector<std::optional<store::Closings>> of_studies;  ///< nullopt: never received
  std::string unknown;  ///< why none is known; "" when the store was read
};

Completions ReadCompletions(const ReadFiles& read, const config::Storage& storage) {
  std::vector<std::string> uids;
  for (const routing::StudySummary& study : read.studies)
    uids.push_back(study.study_instance_uid.str());
  auto closings =
      store::ReadClosings(fmt::format("{}/{}", storage.directory, store::kDatabaseFile), uids);
  if (closings.ok()) return {std::move(closings).value(), ""};
  const bool none = closings.error().code() == ErrorCode::kNotFound;
  return {std::vector<std::optional<store::Closings>>(uids.size()),
          none ? std::string() : closings.error().message()};
}

void PrintCompletion(const std::optional<store::Closings>& closings, std::ostream& out) {
  if (!closings) {
    out << "  not received by this gateway, so nothing completed it\n";
    return;
  }
  for (const store::Revision& revision : closings->revisions)
    out << fmt::format(
        "  revision {}: {}\n", revision.number,
        revision.state == "open"
            ? fmt::format("open since {}", FormatTime(revision.opened_at))
            : fmt::format("complete at {} by {}{}{}", FormatTime(revision.closed_at),
                          revision.close_reason, revision.evidence.empty() ? "" : ": ",
                          OneLine(revision.evidence)));
}

void PrintSeriesCompletion(const std::optional<store::Closings>& closings,
                           const std::string& series_uid, std::ostream& out) {
  if (!closings) return;
  for (const store::SeriesRevision& series : closings->series)
    if (series.series_uid == series_uid)
      out << fmt::format("    complete    in revision {}, {} instances, at {} by {}{}{}\n",
                         series.revision, series.instances, FormatTime(series.closed_at),
                         series.close_reason, series.evidence.empty() ? "" : ": ",
                         OneLine(series.evidence));
}

void PrintStudy(const routing::StudySummary& study, const routing::RouteDecision& decision,
                const std::optional<store::Closings>& closings, bool store_was_read,
                std::ostream& out) {
  out << fmt::format("Study {}: {}\n", study.study_instance_uid.str(),
                     decision.IsRouted() ? "routed" : "not routed");
  if (store_was_read) PrintCompletion(closings, out);
  for (std::size_t i = 0; i < study.series.size(); ++i) {
    const routing::SeriesSummary& series = study.series[i];
    out << fmt::format("  Series {}: {} \"{}\", {} instances, {} frames\n",
                       series.series_instance_uid.str(),
                       OneLine(FirstValue(series.attributes, "Modality")),
                       OneLine(FirstValue(series.attributes, "SeriesDescription")),
                       series.instances, series.frames);
    PrintSeriesCompletion(closings, series.series_instance_uid.str(), out);
    for (const routing::RuleDecision& rule : decision.rules)
      out << fmt::format(
          "    {:<11} {}: {}\n", rule.series[i].matched ? "matched" : "not matched", rule.rule,
          rule.series[i].matched
              ? fmt::format("{}; runs {}, sends to {} ({})", rule.series[i].reason, rule.run,
                            fmt::join(rule.send_to, ", "), routing::PriorityName(rule.priority))
              : rule.series[i].reason);
  }
}

void PrintFiles(const ReadFiles& read, std::ostream& out) {
  out << fmt::format("{} studies, {} instances, {} duplicates, {} files left out\n",
                     read.studies.size(), read.instances, read.duplicates, read.skipped.size());
  ListLeftOut(read.skipped, kMaxNamedFiles, out);
}

/// null: never received.
nlohmann::json ToJson(const std::optional<store::Closings>& closings) {
  if (!closings) return nullptr;
  nlohmann::json revisions = nlohmann::json::array();
  for (const store::Revision& revision : closings->revisions) {
    nlohmann::json all = nlohmann::json::array();
    for (const store::SeriesRevision& series : closings->series)
      if (series.revision == revision.number)
        all.push_back({{"series_uid", series.series_uid},
                       {"instances", series.instances},
                       {"closed_at", FormatTime(series.closed_at)},
                       {"close_reason", series.close_reason},
                       {"evidence", series.evidence}});
    const bool open = revision.state == "open";
    revisions.push_back(
        {{"number", revision.number},
         {"state", revision.state},
         {"closed_at", open ? nlohmann::json() : nlohmann::json(FormatTime(revision.closed_at))},
         {"close_reason", revision.close_reason},
         {"evidence", revision.evidence},
         {"series", std::move(all)}});
  }
  return revisions;
}

void PrintJson(const std::vector<routing::RouteDecision>& decisions, const ReadFiles& read,
               const Completions& completions, std::ostream& out) {
  nlohmann::json studies = nlohmann::json::array();
  for (std::size_t i = 0; i < decisions.size(); ++i) {
    studies.push_back(nlohmann::json::parse(routing::ToJson(decisions[i])));
    studies.back()["completion"] = ToJson(completions.of_studies[i]);
  }
  nlohmann::json not_dicom = nlohmann::json::array();
  for (const LeftOutFile& file : read.skipped)
    not_dicom.push_back({{"path", file.path}, {"reason", file.reason}});
  const nlohmann::json object = {{"studies", std::move(studies)},
                                 {"instances", read.instances},
                                 {"duplicates", read.duplicates},
                                 {"not_dicom", std::move(not_dicom)},
                                 {"completion_unknown", completions.unknown}};
  out << object.dump(2, ' ', false, nlohmann::json::error_handler_t::replace) << '\n';
}

}  // namespace

namespace {

/// Of a path in the gateway's own spool that is not there, what took it away; else "".
std::string WhyGone(const std::vector<std::string>& paths, const config::Storage& storage) {
  namespace fs = std::filesystem;
  std::error_code error;
  const fs::path spool = fs::weakly_canonical(fs::path(storage.directory) / "spool", error);
  for (const std::string& path : paths) {
    if (fs::exists(path, error)) continue;
    const fs::path missing = fs::weakly_canonical(path, error);
    if (std::mismatch(spool.begin(), spool.end(), missing.begin(), missing.end()).first !=
        spool.end())
      continue;
    return fmt::format(
        "; received studies of which nothing is owed are removed after storage.keep ({}): GET "
        "/api/studies/{{uid}} says when, and still has every rule's verdict",
        config::FormatDuration(storage.keep));
  }
  return "";
}

}  // namespace

int RunExplain(const ExplainOptions& options, std::ostream& out, std::ostream& err) {
  config::LoadedConfig loaded = config::LoadConfig(options.config_path);
  routing::CompiledRuleSet compiled;
  if (loaded.config)
    compiled = routing::RuleSet::Compile(loaded.config->rules, options.config_path);
  for (const config::Problem& problem : loaded.problems) err << problem.ToString() << '\n';
  for (const config::Problem& problem : compiled.problems) err << problem.ToString() << '\n';
  if (!compiled.rule_set) return 1;

  const Result<std::vector<std::string>> files = FindFiles(options.paths);
  if (!files.ok()) {
    err << files.error().message() << WhyGone(options.paths, loaded.config->storage) << '\n';
    return 1;
  }
  const ReadFiles read =
      ReadStudies(*files, options.calling_ae_title, loaded.config->node.ae_title.str());
  std::vector<routing::RouteDecision> decisions;
  for (const routing::StudySummary& study : read.studies)
    decisions.push_back(compiled.rule_set->Evaluate(study));
  const Completions completions = ReadCompletions(read, loaded.config->storage);
  if (options.json) {
    PrintJson(decisions, read, completions, out);
  } else {
    for (std::size_t i = 0; i < decisions.size(); ++i)
      PrintStudy(read.studies[i], decisions[i], completions.of_studies[i],
                 completions.unknown.empty(), out);
    if (!completions.unknown.empty())
      out << fmt::format("what completed them is not known: {}\n", completions.unknown);
    PrintFiles(read, out);
  }
  return read.studies.empty() ? 1 : 0;
}

}  // namespace axial::gateway
