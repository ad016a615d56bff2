#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <set>

#include "config/config.h"
#include "config/sections.h"
#include "tests/support/repository_paths.h"
#include "tests/unit/config/config_fixture.h"

namespace axial::config {
namespace {

nlohmann::json Schema() {
  return nlohmann::json::parse(ReadFile(axial::testing::SourceDir() + "/config/axial.schema.json"),
                               nullptr, false);
}

TEST(Schema, KnowsExactlyTheKeysThatTheParserKnows) {
  const nlohmann::json schema = Schema();
  ASSERT_TRUE(schema.is_object());
  std::set<std::string> sections;
  for (const Section& section : ConfigSections()) {
    const std::string name(section.name);
    sections.insert(name);
    ASSERT_TRUE(schema["definitions"].contains(name)) << name;
    const nlohmann::json& definition = schema["definitions"][name];
    EXPECT_EQ(definition["additionalProperties"], false) << name;
    std::set<std::string> keys;
    for (const auto& [key, value] : definition["properties"].items()) keys.insert(key);
    EXPECT_EQ(keys, std::set<std::string>(section.keys.begin(), section.keys.end())) << name;
  }
  for (const auto& [name, definition] : schema["definitions"].items())
    EXPECT_TRUE(!definition.contains("properties") || sections.contains(name)) << name;
}

TEST(Schema, TellsTheParsersDefaults) {
  const nlohmann::json schema = Schema();
  const nlohmann::json& definitions = schema["definitions"];
  std::string text;
  for (const char* section : {"node", "storage", "completion", "models", "workers", "admin"}) {
    text += std::string(section) + ":\n";
    for (const auto& [key, value] : definitions[section]["properties"].items())
      if (value.contains("default"))
        text += "  " + key + ": " +
                (value["default"].is_string() ? value["default"].get<std::string>()
                                              : value["default"].dump()) +
                "\n";
  }
  const LoadedConfig written_out = ParseConfig(text, "/x.yaml");
  ASSERT_TRUE(written_out.config) << Lines(written_out.problems);
  const Config& config = *written_out.config;
  const Config defaults;
  EXPECT_EQ(config.node.ae_title, defaults.node.ae_title);
  EXPECT_EQ(config.node.port, defaults.node.port);
  EXPECT_EQ(config.node.bind, defaults.node.bind);
  EXPECT_EQ(config.node.max_associations, defaults.node.max_associations);
  EXPECT_EQ(config.storage.directory, defaults.storage.directory);
  EXPECT_EQ(config.storage.reserve_bytes, defaults.storage.reserve_bytes);
  EXPECT_EQ(config.storage.keep, defaults.storage.keep);
  EXPECT_EQ(config.storage.max_instance_bytes, defaults.storage.max_instance_bytes);
  EXPECT_EQ(config.completion.quiet, defaults.completion.quiet);
  EXPECT_EQ(config.completion.after_release, defaults.completion.after_release);
  EXPECT_EQ(config.completion.at_most, defaults.completion.at_most);
  EXPECT_EQ(config.models_directory, defaults.models_directory);
  EXPECT_EQ(config.workers.processes, defaults.workers.processes);
  EXPECT_EQ(config.workers.threads, defaults.workers.threads);
  EXPECT_EQ(config.workers.memory_bytes, defaults.workers.memory_bytes);
  EXPECT_EQ(config.workers.deadline, defaults.workers.deadline);
  EXPECT_EQ(config.workers.device, defaults.workers.device);
  EXPECT_EQ(config.admin.bind, defaults.admin.bind);
  EXPECT_EQ(config.admin.port, defaults.admin.port);
}

}  // namespace
}  // namespace axial::config
