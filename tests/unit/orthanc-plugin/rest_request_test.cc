#include <gtest/gtest.h>

#include <random>
#include <string>
#include <vector>

#include "orthanc-plugin/explorer_script.h"
#include "orthanc-plugin/orthanc_face.h"
#include "orthanc-plugin/rest_api.h"

namespace axial::plugin {
namespace {

RestRequest Post(std::string_view body) { return {"POST", "/axial/studies/x/analyze", {}, body}; }

std::string ModelOf(const RestRequest& request) {
  const auto order = ReadAnalysisOrder(request);
  return order.ok() ? order->model : "refused: " + order.error().message();
}

TEST(AnalysisOrder, ComesAsJsonAsAFormOrInTheQuery) {
  EXPECT_EQ(ModelOf(Post(R"({"model": "chest ct", "more": [1]})")), "chest ct");
  EXPECT_EQ(ModelOf(Post("\r\n {\"model\": \"lungs\"}")), "lungs");
  EXPECT_EQ(ModelOf(Post("model=chest+ct%2Flungs&more=1")), "chest ct/lungs");
  RestRequest request = Post(R"({"model": "body"})");
  request.query["model"] = "query";
  EXPECT_EQ(ModelOf(request), "query");
}

TEST(AnalysisOrder, RefusesWhatNamesNoModel) {
  for (const char* body : {"", " \n", "{}", "[]", "{", R"({"model": null})", R"({"model": ["a"]})",
                           R"({"model": ""})", "model", "model=", "other=lungs", "model=%", "\xff"})
    EXPECT_TRUE(ModelOf(Post(body)).starts_with("refused")) << body;
  EXPECT_TRUE(ModelOf(Post("model=" + std::string(257, 'x'))).starts_with("refused"));
}

TEST(AnalysisOrder, SurvivesGarbage) {
  std::mt19937 random(7);  // NOLINT: the same each time
  for (int i = 0; i < 20000; ++i) {
    std::string body = i % 2 == 0 ? R"({"model": ")" : "model=";
    for (std::size_t j = random() % 64; j > 0; --j) body += static_cast<char>(random() % 256);
    const auto order = ReadAnalysisOrder(Post(body));
    EXPECT_TRUE(!order.ok() || !order->model.empty());
  }
}

TEST(EncodeTarget, EncodesThePathThatOrthancDecodesAndLeavesTheQuery) {
  EXPECT_EQ(EncodeTarget("/axial/api/destinations/my pacs?/echo", {}),
            "/axial/api/destinations/my%20pacs%3F/echo");
  EXPECT_EQ(EncodeTarget("/axial/api/jobs", {{"limit", "10"}, {"x", "a%20b&c#"}}),
            "/axial/api/jobs?limit=10&x=a%20b%26c%23");
  EXPECT_EQ(EncodeTarget("/\xc3\xa4", {}), "/%C3%A4");
}

TEST(ReadRequest, TakesWhatOrthancGives) {
  OrthancPluginHttpRequest request{};
  request.method = OrthancPluginHttpMethod_Put;
  const std::string body = "abc";
  request.body = body.data();
  request.bodySize = 3;
  request.getCount = 2;  // counted, but not given
  const RestRequest bare = ReadRequest("/axial", request);
  EXPECT_EQ(bare.method, "PUT");
  EXPECT_EQ(bare.body, "abc");
  EXPECT_TRUE(bare.query.empty());

  const std::vector<const char*> keys = {"limit", "q"};
  const std::vector<const char*> values = {"10", ""};
  request.getKeys = keys.data();
  request.getValues = values.data();
  EXPECT_EQ(ReadRequest("/axial", request).query,
            (std::map<std::string, std::string>{{"limit", "10"}, {"q", ""}}));
}

TEST(OrthancExplorerScript, IsWhole) {
  EXPECT_TRUE(std::string_view(kExplorerScript).starts_with("// SPDX-License-"));
  EXPECT_TRUE(std::string_view(kExplorerScript).ends_with("})();\n"));
}

}  // namespace
}  // namespace axial::plugin
