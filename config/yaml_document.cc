#include "config/yaml_document.h"

#include <fmt/format.h>
#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <map>
#include <sstream>

namespace axial::config {
namespace {

/// Thrown through yaml-cpp, and caught in ParseYaml, when a limit is passed.
struct Refusal {
  int line;
  std::string what;
  std::string remedy;
};

int LineOf(const YAML::Mark& mark) { return mark.is_null() ? 0 : mark.line + 1; }

/// Builds YamlNodes from the parser's events, so that no limit is passed before it is noticed.
class TreeBuilder : public YAML::EventHandler {
 public:
  explicit TreeBuilder(ProblemList& problems) : problems_(problems) {}

  [[nodiscard]] YamlNode Take() { return std::move(root_); }

  void OnDocumentStart(const YAML::Mark&) override {}
  void OnDocumentEnd() override {}

  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    YamlNode node;
    node.line = LineOf(mark);
    Finish(std::move(node), anchor);
  }

  void OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    const auto found = anchors_.find(anchor);
    if (found == anchors_.end())
      throw Refusal{LineOf(mark), "an alias refers to a part that contains it",
                    "write the part out instead of using an alias"};
    count_ += Size(found->second);
    CheckLimits(LineOf(mark), Depth(found->second));
    Attach(found->second);
  }

  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& value) override {
    YamlNode node;
    node.kind = YamlNode::Kind::kScalar;
    node.text = value;
    node.quoted = tag == "!";  // yaml-cpp: "!" for quoted and block scalars, "?" for plain ones
    node.line = LineOf(mark);
    if (!node.quoted && (value == "~" || value == "null" || value == "Null" || value == "NULL"))
      node.kind = YamlNode::Kind::kNull;
    Finish(std::move(node), anchor);
  }

  void OnSequenceStart(const YAML::Mark& mark, const std::string&, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value) override {
    Open(YamlNode::Kind::kList, mark, anchor);
  }
  void OnSequenceEnd() override { Close(); }

  void OnMapStart(const YAML::Mark& mark, const std::string&, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value) override {
    Open(YamlNode::Kind::kMap, mark, anchor);
  }
  void OnMapEnd() override { Close(); }

 private:
  struct OpenNode {
    YamlNode node;
    YAML::anchor_t anchor;
    bool has_key = false;  ///< of a map: the key was read, its value comes next
    std::string key;
    int key_line = 0;
  };

  static std::size_t Size(const YamlNode& node) {
    std::size_t size = 1;
    for (const YamlNode& item : node.items) size += Size(item);
    for (const YamlNode::Entry& entry : node.entries) size += Size(entry.value);
    return size;
  }

  static std::size_t Depth(const YamlNode& node) {
    std::size_t depth = 0;
    for (const YamlNode& item : node.items) depth = std::max(depth, Depth(item) + 1);
    for (const YamlNode::Entry& entry : node.entries)
      depth = std::max(depth, Depth(entry.value) + 1);
    return depth;
  }

  void CheckLimits(int line, std::size_t added_depth) const {
    if (count_ > kMaxYamlNodes)
      throw Refusal{line, fmt::format("the file has more than {} values", kMaxYamlNodes),
                    "make it smaller; aliases count as often as they are used"};
    if (open_.size() + added_depth > kMaxYamlDepth)
      throw Refusal{line, fmt::format("the file is nested deeper than {} levels", kMaxYamlDepth),
                    "flatten it"};
  }

  void Open(YamlNode::Kind kind, const YAML::Mark& mark, YAML::anchor_t anchor) {
    OpenNode open{{}, anchor, false, "", 0};
    open.node.kind = kind;
    open.node.line = LineOf(mark);
    ++count_;
    open_.push_back(std::move(open));
    CheckLimits(LineOf(mark), 0);
  }

  void Close() {
    OpenNode open = std::move(open_.back());
    open_.pop_back();
    if (open.anchor != 0) anchors_[open.anchor] = open.node;
    Attach(std::move(open.node));
  }

  void Finish(YamlNode node, YAML::anchor_t anchor) {
    ++count_;
    CheckLimits(node.line, 0);
    if (anchor != 0) anchors_[anchor] = node;
    Attach(std::move(node));
  }

  void Attach(YamlNode node) {
    if (open_.empty()) {
      root_ = std::move(node);
      return;
    }
    OpenNode& parent = open_.back();
    if (parent.node.kind == YamlNode::Kind::kList) {
      parent.node.items.push_back(std::move(node));
    } else if (!parent.has_key) {
      if (node.kind != YamlNode::Kind::kScalar)
        throw Refusal{node.line, "a key is not a plain word", "write `key: value`"};
      parent.key = std::move(node.text);
      parent.key_line = node.line;
      parent.has_key = true;
    } else {
      AddEntry(parent, std::move(node));
    }
  }

  void AddEntry(OpenNode& parent, YamlNode value) {
    parent.has_key = false;
    if (parent.node.entries.size() >= kMaxYamlMapKeys)
      throw Refusal{parent.key_line,
                    fmt::format("one part of the file has more than {} keys", kMaxYamlMapKeys),
                    "remove what is not needed"};
    const YamlNode* earlier = FindEntry(parent.node, parent.key);
    if (earlier != nullptr) {
      problems_.Add(parent.key_line,
                    fmt::format("'{}' is given twice, first in line {}", parent.key, earlier->line),
                    "keep one of them");
      return;
    }
    if (value.line == 0) value.line = parent.key_line;
    parent.node.entries.push_back({std::move(parent.key), parent.key_line, std::move(value)});
  }

  ProblemList& problems_;
  YamlNode root_;
  std::vector<OpenNode> open_;
  std::map<YAML::anchor_t, YamlNode> anchors_;
  std::size_t count_ = 0;
};

}  // namespace

const YamlNode* FindEntry(const YamlNode& map, const std::string& key) {
  for (const YamlNode::Entry& entry : map.entries)
    if (entry.key == key) return &entry.value;
  return nullptr;
}

YamlNode ParseYaml(const std::string& text, ProblemList& problems) {
  if (text.size() > kMaxYamlBytes) {
    problems.Add(0, fmt::format("the file is larger than {} bytes", kMaxYamlBytes),
                 "make it smaller");
    return {};
  }
  try {
    std::istringstream stream(text);
    YAML::Parser parser(stream);
    TreeBuilder builder(problems);
    if (!parser.HandleNextDocument(builder)) return {};
    YamlNode root = builder.Take();
    TreeBuilder second(problems);
    if (parser.HandleNextDocument(second))
      problems.Add(second.Take().line, "the file holds a second YAML document",
                   "keep one document per file");
    return root;
  } catch (const Refusal& refusal) {
    problems.Add(refusal.line, refusal.what, refusal.remedy);
  } catch (const YAML::Exception& error) {
    problems.Add(
        LineOf(error.mark), "this is not YAML: " + error.msg,
        "check indentation (spaces, never tabs), quotes and brackets here and in the line above");
  } catch (const std::exception& error) {
    problems.Add(0, fmt::format("this is not YAML: {}", error.what()), "check the file's syntax");
  }
  return {};
}

std::string ReadYamlFile(const std::string& path, ProblemList& problems) {
  std::error_code error;
  if (std::filesystem::is_directory(path, error)) {
    problems.Add(0, "this is a folder", "name the YAML file in it");
    return "";
  }
  if (!std::filesystem::is_regular_file(path, error)) {
    problems.Add(0, "there is no such file", "check the path and who may read it");
    return "";
  }
  std::ifstream file(path, std::ios::binary);
  std::string text(kMaxYamlBytes + 1, '\0');
  file.read(text.data(), static_cast<std::streamsize>(text.size()));
  if (file.bad() || (file.fail() && !file.eof())) {
    problems.Add(0, "the file cannot be read", "check who may read it");
    return "";
  }
  text.resize(static_cast<std::size_t>(file.gcount()));
  if (text.size() > kMaxYamlBytes) {
    problems.Add(0, fmt::format("the file is larger than {} bytes", kMaxYamlBytes),
                 "make it smaller");
    return "";
  }
  return text;
}

}  // namespace axial::config
