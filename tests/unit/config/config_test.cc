#include "config/config.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "tests/support/repository_paths.h"
#include "tests/unit/config/config_fixture.h"

namespace axial::config {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::SizeIs;

const std::string kExamples = axial::testing::SourceDir() + "/config/examples/";

Config MustParse(const std::string& text) {
  LoadedConfig loaded = ParseConfig(text, "/etc/axial/axial.yaml");
  EXPECT_TRUE(loaded.config) << Lines(loaded.problems);
  return loaded.config.value_or(Config());
}

std::string ProblemsOf(const std::string& text) {
  const LoadedConfig loaded = ParseConfig(text, "axial.yaml");
  EXPECT_EQ(loaded.config.has_value(), loaded.problems.empty());
  return Lines(loaded.problems);
}

/// The first line of the file that holds `text`, from 1; 0: none does.
int LineWith(const std::string& path, const std::string& text) {
  std::ifstream file(path);
  std::string line;
  for (int number = 1; std::getline(file, line); ++number)
    if (line.find(text) != std::string::npos) return number;
  return 0;
}

TEST(LoadConfig, ReadsTheMinimalExampleWithDefaults) {
  const LoadedConfig loaded = LoadConfig(kExamples + "minimal.yaml");
  ASSERT_TRUE(loaded.config) << Lines(loaded.problems);
  const Config& config = *loaded.config;
  EXPECT_EQ(config.node.ae_title.str(), "AXIAL");
  EXPECT_EQ(config.node.port, 11112);
  EXPECT_FALSE(config.node.tls);
  EXPECT_EQ(config.completion.quiet, std::chrono::seconds(60));
  EXPECT_EQ(config.storage.keep, std::chrono::hours(168));
  EXPECT_EQ(config.workers.processes, 1);
  EXPECT_EQ(config.workers.ThreadsPerProcess(6), 6);
  ASSERT_THAT(config.rules, SizeIs(1));
  EXPECT_EQ(config.rules[0].priority, Priority::kNormal);
}

TEST(LoadConfig, ReadsEveryKeyOfTheHospitalExample) {
  const LoadedConfig loaded = LoadConfig(kExamples + "hospital.yaml");
  ASSERT_TRUE(loaded.config) << Lines(loaded.problems);
  const Config& config = *loaded.config;
  ASSERT_TRUE(config.node.tls);
  EXPECT_EQ(config.node.tls->certificate, kExamples + "tls/server.pem");
  EXPECT_EQ(config.node.tls->line, LineWith(kExamples + "hospital.yaml", "tls/server.pem"));
  ASSERT_THAT(config.node.peers, SizeIs(3));
  EXPECT_TRUE(config.node.peers[0].address->Contains("10.1.2.77"));
  ASSERT_TRUE(config.node.peers[1].completion);
  EXPECT_EQ(config.node.peers[1].completion->quiet, std::chrono::minutes(3));
  EXPECT_EQ(config.node.peers[1].completion->after_release, std::chrono::seconds(1));
  EXPECT_FALSE(config.node.peers[2].address);
  ASSERT_TRUE(config.node.peers[0].storage_commitment);
  EXPECT_EQ(config.node.peers[0].storage_commitment->port, 104);
  EXPECT_EQ(config.node.peers[0].storage_commitment->host, "10.1.2.7");
  EXPECT_EQ(config.node.peers[0].storage_commitment->ae_title, "CT01SC");
  EXPECT_EQ(config.node.peers[0].storage_commitment->association, CommitmentAssociation::kAuto);
  EXPECT_FALSE(config.node.peers[1].storage_commitment);
  EXPECT_EQ(config.node.FindPeer("CT01", "10.1.2.77"), config.node.peers.data());
  EXPECT_EQ(config.node.FindPeer("CT01", "10.1.3.77"), nullptr);
  EXPECT_THAT(config.node.sop_classes.accept, SizeIs(3));
  EXPECT_THAT(config.node.sop_classes.refuse, ElementsAre("1.2.840.10008.5.1.4.1.1.104.*"));
  EXPECT_EQ(config.storage.reserve_bytes, std::int64_t{5} << 30);
  EXPECT_EQ(config.storage.durability, Durability::kInstance);
  EXPECT_EQ(config.completion.archive, "pacs");
  EXPECT_EQ(config.node.peers[1].completion->archive, "pacs");
  EXPECT_EQ(config.destinations.at("pacs").port, 4242);
  EXPECT_TRUE(config.destinations.at("pacs").storage_commitment);
  EXPECT_EQ(config.destinations.at("pacs").connections, 2);
  EXPECT_EQ(config.destinations.at("pacs").deadline, std::chrono::minutes(30));
  const Destination& archive = config.destinations.at("archive");
  EXPECT_EQ(archive.kind, DestinationKind::kStow);
  EXPECT_EQ(archive.tls.trusted, kExamples + "tls/ca.pem");
  EXPECT_EQ(archive.tls.key, kExamples + "tls/client.key");
  ASSERT_TRUE(archive.credentials);
  EXPECT_EQ(archive.credentials->user, "axial");
  EXPECT_EQ(archive.credentials->password_file, kExamples + "secrets/archive");
  EXPECT_EQ(archive.confirmation, Confirmation::kQuery);
  EXPECT_EQ(archive.deadline, std::chrono::hours(1));
  EXPECT_EQ(config.destinations.at("research").path, "/srv/results");
  EXPECT_EQ(config.destinations.at("research").results, ResultProfile());
  const ResultProfile& results = config.destinations.at("archive").results;
  EXPECT_EQ(results.segmentation, ResultProfile::Segmentation::kLabelmap);
  EXPECT_FALSE(results.keep_empty_frames);
  EXPECT_TRUE(results.rle);
  EXPECT_EQ(results.report, ResultProfile::Report::kEnhanced);
  EXPECT_FALSE(results.report_failures);
  EXPECT_THAT(results.also, SizeIs(5));
  EXPECT_EQ(results.captured_slices, ResultProfile::Slices::kKey);
  EXPECT_EQ(results.first_series_number, 9001);
  EXPECT_EQ(results.banner, "AI result, not for diagnosis");
  ASSERT_THAT(config.rules, SizeIs(3));
  const RuleSpec& rule = config.rules[0];
  ASSERT_THAT(rule.when, SizeIs(6));
  EXPECT_THAT(rule.when[1].operands, ElementsAre("CHEST", "LUNG", "THORAX"));
  EXPECT_EQ(rule.when[3].kind, ConditionKind::kMatches);
  EXPECT_EQ(rule.when[3].line, LineWith(kExamples + "hospital.yaml", "(?i)lung|chest"));
  EXPECT_EQ(rule.unless[0].kind, ConditionKind::kContains);
  EXPECT_EQ(rule.unless[1].kind, ConditionKind::kPresent);
  EXPECT_THAT(rule.send_to, ElementsAre("pacs", "archive"));
  EXPECT_THAT(config.rules[1].send_to, ElementsAre("pacs"));
  EXPECT_EQ(config.rules[2].priority, Priority::kBackground);
}

TEST(LoadConfig, SaysWhenTheFileIsNotThere) {
  const LoadedConfig loaded = LoadConfig("no/such/file.yaml");
  EXPECT_FALSE(loaded.config);
  EXPECT_EQ(Lines(loaded.problems),
            "no/such/file.yaml: there is no such file; check the path and who may read it\n");
  EXPECT_EQ(Lines(LoadConfig("/").problems), "/: this is a folder; name the YAML file in it\n");
}

TEST(ParseConfig, SaysNothingThatOnlyFollowsFromAnotherMistake) {
  EXPECT_EQ(Lines(ParseConfig("node:\n  peers: [{address: 10.0.0.300}, {address: 10.0.0.0/33}]\n",
                              "/etc/axial.yaml")
                      .problems)
                .find("listed twice"),
            std::string::npos);
  EXPECT_EQ(
      Lines(ParseConfig("rules:\n  - {name: a, run: m, send_to: d, when: [b]}\n", "axial.yaml")
                .problems)
          .find("has no condition"),
      std::string::npos);
}

TEST(ParseConfig, ResolvesRelativePathsAgainstTheFilesFolder) {
  EXPECT_EQ(MustParse("models: {directory: models}").models_directory, "/etc/axial/models");
  EXPECT_EQ(MustParse("storage: {directory: ../spool}").storage.directory, "/etc/spool");
  EXPECT_EQ(MustParse("storage: {directory: /srv}").storage.directory, "/srv");
}

TEST(ParseConfig, ExpandsAliases) {
  const Config config = MustParse(
      "completion: &c {quiet: 2 s}\nnode:\n  peers:\n    - {ae_title: A, completion: *c}\n");
  EXPECT_EQ(config.node.peers.at(0).completion->quiet, std::chrono::seconds(2));
}

TEST(ParseConfig, FindsEveryProblemAtOnceWithItsLine) {
  EXPECT_EQ(
      ProblemsOf("node:\n"
                 "  aetitle: AXIAL\n"
                 "  port: 70000\n"
                 "\n"
                 "storage:\n"
                 "  keep: 7 days\n"
                 "  reserve: lots\n"
                 "workers: {processes: two}\n"),
      "axial.yaml:2: unknown key 'node.aetitle'; did you mean 'ae_title'?\n"
      "axial.yaml:3: 'node.port' cannot be '70000'; write a whole number from 0 to 65535\n"
      "axial.yaml:6: 'storage.keep' cannot be '7 days'; write a number and one of ms, s, min, "
      "h, d, from 0 s to 36500 d\n"
      "axial.yaml:7: 'storage.reserve' cannot be 'lots'; write a number and one of B, KiB, "
      "MiB, GiB, TiB, from 0 B to 1024 TiB\n"
      "axial.yaml:8: 'workers.processes' cannot be 'two'; write a whole number from 1 to "
      "64\n");
}

struct Wrong {
  std::string text;
  std::string problem;
};
void PrintTo(const Wrong& wrong, std::ostream* out) { *out << wrong.text; }

class WrongConfig : public ::testing::TestWithParam<Wrong> {};

TEST_P(WrongConfig, IsAProblemWithLineAndRemedy) {
  const std::string problems = ProblemsOf(GetParam().text);
  EXPECT_THAT(problems, HasSubstr(GetParam().problem));
}

constexpr const char* kDestination = "destinations: {d: {kind: folder, path: x}}\n";

std::string WithRule(const std::string& rule) {
  return kDestination + std::string("rules:\n  - ") + rule + "\n";
}

INSTANTIATE_TEST_SUITE_P(
    Sections, WrongConfig,
    ::testing::Values(
        Wrong{"", "axial.yaml: the file is empty"},
        Wrong{"# only a comment\n", "the file is empty"},
        Wrong{"just text", "axial.yaml:1: 'the file' must hold `key: value` lines"},
        Wrong{"noed: {}", "did you mean 'node'?"}, Wrong{"quux: 1", "known keys are node, storage"},
        Wrong{"node: 3", "axial.yaml:1: 'node' must hold"},
        Wrong{"node: {ae_title: THIS_IS_TOO_LONG_FOR_IT}", "write an AE Title"},
        Wrong{"node: {bind: localhost}", "'node.bind' cannot be 'localhost'"},
        Wrong{"node:\n  tls: {certificate: a.pem}", "axial.yaml:2: 'node.tls.key' is missing"},
        Wrong{"node:\n  tls: {certificate: a, key: b}", "'node.tls.trusted' is missing"},
        Wrong{"node: {tls: {certificate: a, key: b, require_client_certificate: yes}}",
              "write one of true, false"},
        Wrong{"node:\n  sop_classes: {accept: [1.2.840.113619.4.*, CTImageStorage]}",
              "axial.yaml:2: 'node.sop_classes.accept' names no SOP Class: 'CTImageStorage'"},
        Wrong{"node: {sop_classes: {refuse: 1.2.*.3}}", "write a UID such as"},
        Wrong{"node: {sop_classes: {refuse: 1.2.3*}}", "names no SOP Class: '1.2.3*'"},
        Wrong{"node: {sop_classes: {accept: 1.2.3, refuse: 1.2.3}}", "both accepts and refuses"},
        Wrong{"node: {peers: CT01}", "'node.peers' is not a list"},
        Wrong{"node:\n  peers:\n    - {address: 10.0.0.1}",
              "axial.yaml:3: 'node.peers[0].ae_title' is missing"},
        Wrong{"node: {peers: [{ae_title: A, address: 10.1.2.3/24}]}", "bits set beyond its prefix"},
        Wrong{"node: {peers: [{ae_title: A, address: 10.1.2.0/33}]}",
              "prefix length outside 0 to 32"},
        Wrong{"node: {peers: [{ae_title: A, address: ct.local}]}", "is no IPv4 or IPv6 address"},
        Wrong{"node: {peers: [{ae_title: A}, {ae_title: A}]}", "peer A is listed twice"},
        Wrong{"node: {peers: [{ae_title: A, storage_commitment: {host: ct01}}]}",
              "'node.peers[0].storage_commitment.port' is missing"},
        Wrong{"node: {peers: [{ae_title: A, storage_commitment: {port: 104, association: nwe}}]}",
              "did you mean 'new'?"},
        Wrong{"node: {peers: [{ae_title: A, storage_commitment: {port: 104, ae_title: 'A\\B'}}]}",
              "write an AE Title"},
        Wrong{"node: {peers: [{ae_title: A, completion: {quiet: 5}}]}",
              "'node.peers[0].completion.quiet' cannot be '5'"},
        Wrong{"completion: {quiet: 20 min}", "'completion.at_most' is shorter than 'quiet'"},
        Wrong{"completion: {archive: pasc}\ndestinations: {pacs: {kind: dicom, host: a, port: 1}}",
              "there is no destination 'pasc'; did you mean 'pacs'?"},
        Wrong{"completion: {archive: d}\ndestinations: {d: {kind: folder, path: x}}",
              "'completion.archive' names 'd', which answers no C-FIND; name a destination of kind "
              "dicom"},
        Wrong{"destinations: {d: {kind: dicom, host: a, port: 1, tls: {verify: hots}}}",
              "did you mean 'host'?"},
        Wrong{"storage: {durability: instanze}", "did you mean 'instance'?"},
        Wrong{"storage: {same_uid: keep_lsat}", "did you mean 'keep_last'?"},
        Wrong{"workers: {device: gpu}", "'workers.device' is not a device"},
        Wrong{"workers: {memory: 8}", "write a number and one of B"},
        Wrong{"admin: {bind: 0.0.0.0/0}", "'admin.bind' is not an address"},
        Wrong{"admin: {port: [1]}", "'admin.port' is not a single value"},
        Wrong{"destinations: {d: {}}", "'destinations.d.kind' is missing"},
        Wrong{"destinations: {d: {kind: ftp}}", "write one of dicom, stow, folder, orthanc"},
        Wrong{"destinations: {d: {kind: folder, path: x, results: {segmentation: both}}}",
              "'destinations.d.results.segmentation' cannot be 'both'; write one of binary, "
              "labelmap"},
        Wrong{"destinations: {d: {kind: folder, path: x, results: {also: [pdf, fax]}}}",
              "'destinations.d.results.also' cannot hold 'fax'"},
        Wrong{"destinations: {d: {kind: folder, path: x, results: {first_series_number: 0}}}",
              "'destinations.d.results.first_series_number' cannot be '0'; write a whole number "
              "from 1 to "
              "2000000000"},
        Wrong{"destinations: {d: {kind: folder, path: x, results: {compression: rle}}}",
              "BINARY segmentations cannot have"},
        Wrong{"destinations: {d: {kind: dicom, host: h, port: 104}}",
              "'destinations.d.ae_title' is missing"},
        Wrong{"destinations: {d: {kind: dicom, ae_title: A, host: h, port: 0}}",
              "whole number from 1 to 65535"},
        Wrong{"destinations: {d: {kind: stow, url: ftp://x}}", "is no DICOMweb root"},
        Wrong{"destinations: {d: {kind: stow, url: 'http://x/'}}", "is no DICOMweb root"},
        Wrong{"destinations: {d: {kind: stow, url: 'http://x', tls: {trusted: a}}}",
              "'destinations.d.tls' has no effect; write https:// in url"},
        Wrong{"destinations: {d: {kind: stow, url: 'https://x', tls: {key: a}}}",
              "'destinations.d.tls' names only one of certificate and key"},
        Wrong{"destinations: {d: {kind: stow, url: 'https://x', credentials: {user: a}}}",
              "is neither a user nor a token"},
        Wrong{"destinations: {d: {kind: stow, url: 'https://x', credentials: {user: 'a:b', "
              "password_file: c}}}",
              "is neither a user nor a token"},
        Wrong{"destinations: {d: {kind: stow, url: 'https://x', credentials: {user: a, "
              "password_file: b, token_file: c}}}",
              "is neither a user nor a token"},
        Wrong{"destinations: {d: {kind: stow, url: 'https://x', confirmation: maybe}}",
              "write one of query, status"},
        Wrong{"destinations: {d: {kind: stow, url: 'https://x', connections: 0}}",
              "write a whole number from 1 to 16"},
        Wrong{"destinations: {d: {kind: folder, path: x, deadline: 0 s}}",
              "'destinations.d.deadline' cannot be '0 s'"},
        Wrong{"destinations: {d: {kind: folder, url: x}}", "known keys are kind, path"},
        Wrong{"destinations: {a/b: {kind: folder, path: x}}", "name is not a plain word"}));

INSTANTIATE_TEST_SUITE_P(
    Rules, WrongConfig,
    ::testing::Values(
        Wrong{"rules: {a: b}", "'rules' is not a list"},
        Wrong{WithRule("{}"), "axial.yaml:3: 'rules[0].name' is missing"},
        Wrong{WithRule("{name: a, run: m, send_to: d}"), "has no condition"},
        Wrong{WithRule("{name: a, run: m, send_to: d, when: }"), "has no condition"},
        Wrong{WithRule("{name: a, run: m, send_to: d, when: {}}"), "has no condition"},
        Wrong{WithRule("{name: a, run: m, send_to: d, when: {Modality: }}"), "has no value"},
        Wrong{WithRule("{name: a, run: m, send_to: d, when: {Modality: []}}"), "is an empty list"},
        Wrong{WithRule("{name: a, run: m, send_to: d, when: {Modality: [[CT]]}}"),
              "is not a single value"},
        Wrong{WithRule("{name: a, run: m, send_to: [], when: {Modality: CT}}"),
              "send_to' is empty"},
        Wrong{WithRule("{name: a, run: m, send_to: [d, d], when: {Modality: CT}}"),
              "'d' is named twice"},
        Wrong{WithRule("{name: a, run: m, send_to: dd, when: {Modality: CT}}"),
              "there is no destination 'dd'; did you mean 'd'?"},
        Wrong{WithRule("{name: a, run: ../m, send_to: d, when: {Modality: CT}}"),
              "is not a model's name"},
        Wrong{WithRule("{name: a, run: m, send_to: d, when: {Modality: CT}, priority: high}"),
              "write one of urgent, normal, background"},
        Wrong{WithRule("{name: a, run: m, send_to: d, when: {Modality: CT}}\n"
                       "  - {name: a, run: m, send_to: d, when: {Modality: MR}}"),
              "axial.yaml:4: rule 'a' exists already in line 3"}));

INSTANTIATE_TEST_SUITE_P(
    Yaml, WrongConfig,
    ::testing::Values(Wrong{"node:\n  port: 1\n  port: 2\n",
                            "axial.yaml:3: 'port' is given twice, first in line 2"},
                      Wrong{"node: {port: 1\n", "this is not YAML"},
                      Wrong{"node:\n\tport: 1\n", "axial.yaml:2: this is not YAML"},
                      Wrong{"admin: {port: 1}\n---\nadmin: {port: 2}\n", "a second YAML document"},
                      Wrong{"? [a, b]\n: c\n", "a key is not a plain word"},
                      Wrong{"node: &a {tls: *a}\n", "an alias refers to a part that contains it"},
                      Wrong{"node: *nobody\n", "this is not YAML"}));

TEST(ParseConfig, StopsAtItsLimits) {
  EXPECT_THAT(ProblemsOf(std::string((1u << 20) + 1, ' ')), HasSubstr("larger than 1048576 bytes"));
  EXPECT_THAT(ProblemsOf(std::string(1u << 19, '[')), HasSubstr("axial.yaml:1:"));
  EXPECT_THAT(ProblemsOf("node: " + std::string(20, '[') + std::string(20, ']')),
              HasSubstr("nested deeper than 16 levels"));
  std::string bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n";
  for (int i = 1; i < 10; ++i) {
    bomb += fmt::format("a{0}: &a{0} [", i);
    for (int copy = 0; copy < 10; ++copy) bomb += fmt::format("*a{}, ", i - 1);
    bomb += "]\n";
  }
  EXPECT_THAT(ProblemsOf(bomb), HasSubstr("has more than 100000 values"));
  std::string many_keys;
  for (int i = 0; i < 2000; ++i) many_keys += fmt::format("k{}: 1\n", i);
  EXPECT_THAT(ProblemsOf(many_keys), HasSubstr("axial.yaml:1001: one part of the file has more"));
  std::string many_rules = kDestination + std::string("rules:\n");
  for (int i = 0; i < 1001; ++i) many_rules += "  - {}\n";
  EXPECT_THAT(ProblemsOf(many_rules), HasSubstr("there are more than 1000 rules"));
}

TEST(ParseConfig, NeverKeepsMoreThanAHundredProblems) {
  std::string text = kDestination + std::string("rules:\n");
  for (int i = 0; i < 900; ++i) text += "  - {}\n";
  EXPECT_THAT(ParseConfig(text, "x").problems, SizeIs(100));
}

TEST(ParseConfig, SurvivesMutatedExamples) {
  for (const char* name : {"minimal.yaml", "hospital.yaml"}) {
    const std::string text = ReadFile(kExamples + name);
    for (unsigned seed = 0; seed < 1500; ++seed) {
      const LoadedConfig loaded = ParseConfig(Mutate(text, seed), "x.yaml");
      EXPECT_EQ(loaded.config.has_value(), loaded.problems.empty()) << name << " seed " << seed;
    }
  }
}

TEST(Workers, DividesTheCoresAmongProcesses) {
  Workers workers;
  EXPECT_EQ(workers.ThreadsPerProcess(8), 8);
  workers.processes = 3;
  EXPECT_EQ(workers.ThreadsPerProcess(8), 2);
  EXPECT_EQ(workers.ThreadsPerProcess(2), 1);
  workers.threads = 5;
  EXPECT_EQ(workers.ThreadsPerProcess(2), 5);
}

TEST(ParseConfig, RefusesOnePortForTwoListeners) {
  EXPECT_THAT(ProblemsOf("node: {port: 8080}\n"),
              HasSubstr("axial.yaml:1: 'node.port' and 'admin.port' are both 8080; give one"));
  EXPECT_THAT(ProblemsOf("node: {bind: 127.0.0.1}\nadmin: {bind: 127.0.0.1,\n port: 11112}\n"),
              HasSubstr("axial.yaml:3: 'node.port' and 'admin.port' are both 11112"));
  const auto binds = [](const char* node, const char* admin) {
    return ProblemsOf(fmt::format(
        "node: {{port: 5000, bind: \"{}\"}}\nadmin: {{port: 5000, bind: \"{}\"}}\n", node, admin));
  };
  EXPECT_NE(binds("::", "127.0.0.1"), "");
  EXPECT_NE(binds("10.1.1.1", "0.0.0.0"), "");
  EXPECT_EQ(binds("10.1.1.1", "127.0.0.1"), "");
  EXPECT_EQ(binds("0.0.0.0", "::1"), "");
  EXPECT_EQ(ProblemsOf("node: {port: 0}\nadmin: {port: 0}\n"), "");
}

}  // namespace
}  // namespace axial::config
