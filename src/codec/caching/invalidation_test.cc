#include "codec/caching/invalidation.h"

#include <gtest/gtest.h>

namespace weir::caching {
namespace {

using http::Method;

http::Target target(std::string_view path, std::string_view host = "a.test", uint16_t port = 80) {
  http::Target made;
  made.scheme = http::Scheme::http;
  made.host = host;
  made.port = port;
  made.path = path;
  return made;
}

std::string resolved(std::string_view reference, std::string_view base = "/b/c/d;p?q") {
  return path_in_same_origin(target(base), reference).value_or("none");
}

TEST(References, OfTheSameOrigin) {
  EXPECT_EQ(resolved("http://a.test/x?y"), "/x?y");
  EXPECT_EQ(resolved("HTTP://A.Test:80/x"), "/x");
  EXPECT_EQ(resolved("http://a.test./x"), "/x");
  EXPECT_EQ(resolved("http://a.test"), "/");
  EXPECT_EQ(resolved("http://a.test?y"), "/?y");
  EXPECT_EQ(resolved("//a.test/x"), "/x");
  EXPECT_EQ(resolved("http://a.test/x#y"), "/x");
}

TEST(References, OfAnotherOrigin) {
  for (const char* other : {"https://a.test/x", "http://b.test/x", "http://a.test:81/x",
                            "//b.test/x", "ftp://a.test/x", "mailto:a@a.test", "http:/x",
                            "http://u@a.test/x", "http://a.test:x/", "http:///x", "data:,x"})
    EXPECT_EQ(resolved(other), "none") << other;
}

/// RFC 3986, 5.4, as far as it is of one origin.
TEST(References, Relative) {
  const std::pair<const char*, const char*> cases[] = {{"g", "/b/c/g"},
                                                       {"./g", "/b/c/g"},
                                                       {"g/", "/b/c/g/"},
                                                       {"/g", "/g"},
                                                       {"?y", "/b/c/d;p?y"},
                                                       {"g?y", "/b/c/g?y"},
                                                       {"#s", "/b/c/d;p?q"},
                                                       {"g#s", "/b/c/g"},
                                                       {";x", "/b/c/;x"},
                                                       {"", "/b/c/d;p?q"},
                                                       {".", "/b/c/"},
                                                       {"./", "/b/c/"},
                                                       {"..", "/b/"},
                                                       {"../", "/b/"},
                                                       {"../g", "/b/g"},
                                                       {"../..", "/"},
                                                       {"../../g", "/g"},
                                                       {"../../../g", "/g"},
                                                       {"/./g", "/g"},
                                                       {"/../g", "/g"},
                                                       {"g.", "/b/c/g."},
                                                       {"..g", "/b/c/..g"},
                                                       {"./../g", "/b/g"},
                                                       {"./g/.", "/b/c/g/"},
                                                       {"g/./h", "/b/c/g/h"},
                                                       {"g/../h", "/b/c/h"},
                                                       {"g?y/../x", "/b/c/g?y/../x"},
                                                       {"g;x=1/../y", "/b/c/y"}};
  for (const auto& [reference, path] : cases) EXPECT_EQ(resolved(reference), path) << reference;
  EXPECT_EQ(resolved("x", "/"), "/x");
  EXPECT_EQ(resolved("x?a:b", "/d/"), "/d/x?a:b");
}

TEST(Invalidation, ByMethodAndStatus) {
  EXPECT_TRUE(changes_its_target(Method::post, "POST", 200));
  EXPECT_TRUE(changes_its_target(Method::put, "PUT", 201));
  EXPECT_TRUE(changes_its_target(Method::del, "DELETE", 303));
  EXPECT_TRUE(changes_its_target(Method::other, "M-SEARCH", 200)) << "not known to be safe";
  EXPECT_TRUE(changes_its_target(Method::other, "PATCH", 204));
  for (const int status : {100, 400, 404, 500})
    EXPECT_FALSE(changes_its_target(Method::post, "POST", status)) << status;
  EXPECT_FALSE(changes_its_target(Method::get, "GET", 200));
  EXPECT_FALSE(changes_its_target(Method::head, "HEAD", 200));
  EXPECT_FALSE(changes_its_target(Method::options, "OPTIONS", 200));
  EXPECT_FALSE(changes_its_target(Method::other, "PROPFIND", 207));
}

TEST(Invalidation, WhatGoes) {
  const auto paths = [](const char* location, const char* content_location) {
    const auto head = http::ResponseHead::make(201);
    if (location) head->fields.add("Location", location);
    if (content_location) head->fields.add("Content-Location", content_location);
    return invalidated_paths(target("/form"), head->fields);
  };
  using Paths = std::vector<std::string>;
  EXPECT_EQ(paths(nullptr, nullptr), Paths{"/form"});
  EXPECT_EQ(paths("/new", "new?1"), (Paths{"/form", "/new", "/new?1"}));
  EXPECT_EQ(paths("/form", "http://a.test/form"), Paths{"/form"});
  EXPECT_EQ(paths("http://b.test/x", "//b.test/y"), Paths{"/form"});
}

}  // namespace
}  // namespace weir::caching
