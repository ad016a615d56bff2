#include <gtest/gtest.h>

#include "gateway/deliver/http_url.h"

namespace axial::deliver {
namespace {

TEST(HttpUrl, TakesItApart) {
  const auto url = HttpUrl::Parse("http://127.0.0.1:8042/dicom-web/");
  ASSERT_TRUE(url.ok());
  EXPECT_EQ(url->host, "127.0.0.1");
  EXPECT_EQ(url->port, 8042);
  EXPECT_EQ(url->path, "/dicom-web");
  EXPECT_EQ(HttpUrl::Parse("http://pacs")->port, 80);
  EXPECT_EQ(HttpUrl::Parse("http://pacs")->path, "");
  EXPECT_EQ(HttpUrl::Parse("http://[::1]:8042/x")->host, "::1");
  EXPECT_EQ(HttpUrl::Parse("http://[::1]:8042/x")->Authority(), "[::1]:8042");
  EXPECT_FALSE(url->secure);
  EXPECT_TRUE(HttpUrl::Parse("https://pacs/x")->secure);
  EXPECT_EQ(HttpUrl::Parse("https://pacs/x")->Authority(), "pacs:443");
}

TEST(HttpUrl, RefusesWhatItCannotUse) {
  EXPECT_EQ(HttpUrl::Parse("http://me:secret@pacs/").error().code(), ErrorCode::kUnsupported);
  for (const std::string text :
       {"", "pacs", "http://", "http:///x", "http://a:0/", "http://a:b/", "http://a:70000/",
        "http://a b/", "http://a/?q", "http://[::1/", "http://a/x\r\nHost: b"})
    EXPECT_EQ(HttpUrl::Parse(text).error().code(), ErrorCode::kInvalidInput) << text;
}

}  // namespace
}  // namespace axial::deliver
