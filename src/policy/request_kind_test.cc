#include "policy/request_kind.h"

#include <gtest/gtest.h>

#include "http/stage_fake.h"

namespace weir::policy {
namespace {

using enum ContentKind;
using http::FieldLines;

std::string words(ContentKinds kinds) {
  std::string out;
  for (unsigned i = 0; i < kContentKinds; ++i) {
    const auto kind = static_cast<ContentKind>(i);
    if (kinds.has(kind)) out.append(out.empty() ? "" : " ").append(name_of(kind));
  }
  return out;
}

std::string asked(const char* method, const std::string& path, const FieldLines& fields,
                  bool websocket = false) {
  const std::string target =
      std::string(method) == "CONNECT" ? "a.test:443" : "http://a.test" + path;
  FieldLines all{{"Host", "a.test"}};
  all.insert(all.end(), fields.begin(), fields.end());
  return words(kinds_of(*http::fake_head(method, target, all), websocket));
}

constexpr const char* kUntold = "script font media fetch ping other";
constexpr const char* kAnything =
    "document frame script style image font media fetch ping object other";

constexpr const char* kChromiumPage =
    "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,image/apng,"
    "*/*;q=0.8,application/signed-exchange;v=b3;q=0.7";
constexpr const char* kChromiumImage =
    "image/avif,image/webp,image/apng,image/svg+xml,image/*,*/*;q=0.8";
constexpr const char* kFirefoxPage =
    "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8";
constexpr const char* kFirefoxImage =
    "image/avif,image/webp,image/png,image/svg+xml,image/*;q=0.8,*/*;q=0.5";
constexpr const char* kFirefoxFont =
    "application/font-woff2;q=1.0,application/font-woff;q=0.9,*/*;q=0.8";
constexpr const char* kFirefoxVideo =
    "video/webm,video/ogg,video/*;q=0.9,application/ogg;q=0.7,audio/*;q=0.6,*/*;q=0.5";
constexpr const char* kFirefoxAudio =
    "audio/webm,audio/ogg,audio/wav,audio/*;q=0.9,application/ogg;q=0.7,video/*;q=0.6,*/*;q=0.5";

struct Case {
  const char* what;
  const char* method;
  const char* path;
  FieldLines fields;
  const char* kinds;
};

void expect_all(const std::vector<Case>& cases) {
  for (const Case& c : cases) EXPECT_EQ(asked(c.method, c.path, c.fields), c.kinds) << c.what;
}

/// To a plain http target no browser sends Sec-Fetch-*.
TEST(RequestKind, WhatChromiumSendsToPlainHttp) {
  const std::pair<std::string, std::string> any{"Accept", "*/*"}, from{"Referer", "http://p.test/"},
      secure{"Upgrade-Insecure-Requests", "1"}, origin{"Origin", "http://p.test"};
  expect_all({
      {"a page", "GET", "/", {{"Accept", kChromiumPage}, secure}, "document frame"},
      {"a form", "POST", "/", {{"Accept", kChromiumPage}, secure, origin}, "document frame"},
      {"a frame", "GET", "/f", {{"Accept", kChromiumPage}, secure, from}, "document frame"},
      {"an object", "GET", "/o", {{"Accept", kChromiumPage}, secure, from}, "document frame"},
      {"a style", "GET", "/s", {{"Accept", "text/css,*/*;q=0.1"}, from}, "style"},
      {"an image", "GET", "/i", {{"Accept", kChromiumImage}, from}, "image"},
      {"the favicon", "GET", "/favicon.ico", {{"Accept", kChromiumImage}, from}, "image"},
      {"a script", "GET", "/s.js?v=1", {any, from}, "script"},
      {"a script without ending", "GET", "/s", {any, from}, kUntold},
      {"a worker", "GET", "/w.js", {any, from}, "script"},
      {"an XMLHttpRequest", "GET", "/data", {any, from}, kUntold},
      {"a fetch of data", "GET", "/data.json", {any, origin, from}, "fetch"},
      {"a fetch that posts", "POST", "/data", {any, origin, from}, "fetch ping other"},
      {"a fetch that puts", "PUT", "/pic.png", {any, origin, from}, "fetch other"},
      {"a preflight", "OPTIONS", "/data", {any, origin}, "fetch other"},
      {"a font", "GET", "/f.woff2", {any, origin, from}, "font"},
      {"a font without ending", "GET", "/f", {any, origin, from}, kUntold},
      {"a manifest", "GET", "/site.webmanifest", {any, from}, kUntold},
      {"a film", "GET", "/v.mp4", {any, {"Range", "bytes=0-"}, from}, "media"},
      {"a film by name", "GET", "/v?id=1", {any, {"Range", "bytes=0-"}, from}, "media fetch other"},
      {"a beacon", "POST", "/b", {any, origin, {"Content-Type", "text/plain"}}, "fetch ping other"},
      {"a ping",
       "POST",
       "/p",
       {any, {"Ping-From", "http://p.test/"}, {"Content-Type", "text/ping"}},
       "ping"},
      {"ahead of a visit",
       "GET",
       "/next",
       {{"Accept", kChromiumPage}, secure, {"Sec-Purpose", "prefetch"}},
       "document frame"},
  });
}

TEST(RequestKind, WhatFirefoxSendsToPlainHttp) {
  const std::pair<std::string, std::string> any{"Accept", "*/*"}, from{"Referer", "http://p.test/"},
      page{"Accept", kFirefoxPage}, secure{"Upgrade-Insecure-Requests", "1"};
  expect_all({
      {"a page", "GET", "/", {page, secure, {"Priority", "u=0, i"}}, "document"},
      {"a frame", "GET", "/f", {page, secure, from, {"Priority", "u=4"}}, "frame"},
      {"a priority of its own", "GET", "/", {page, secure, {"Priority", "u=1"}}, "document frame"},
      {"an object", "GET", "/o", {any, from}, kUntold},
      {"a style", "GET", "/s", {{"Accept", "text/css,*/*;q=0.1"}, from}, "style"},
      {"an image", "GET", "/i", {{"Accept", kFirefoxImage}, from}, "image"},
      {"a script", "GET", "/s.js", {any, from}, "script"},
      {"a fetch", "GET", "/data", {any, from}, kUntold},
      {"a font", "GET", "/f", {{"Accept", kFirefoxFont}, from}, "font"},
      {"a film", "GET", "/v", {{"Accept", kFirefoxVideo}, {"Range", "bytes=0-"}}, "media"},
      {"sound", "GET", "/a", {{"Accept", kFirefoxAudio}, {"Range", "bytes=0-"}}, "media"},
      {"a ping", "POST", "/p", {any, {"Ping-From", "http://p.test/"}}, "ping"},
  });
}

TEST(RequestKind, SecFetchDestSaysIt) {
  const struct {
    const char *destination, *kinds;
  } cases[] = {
      {"document", "document"},
      {"iframe", "frame"},
      {"frame", "frame"},
      {"fencedframe", "frame"},
      {"object", "object"},
      {"embed", "object"},
      {"style", "style"},
      {"image", "image"},
      {"script", "script"},
      {"worker", "script"},
      {"sharedworker", "script"},
      {"serviceworker", "script"},
      {"audioworklet", "script"},
      {"paintworklet", "script"},
      {"empty", "fetch"},
      {"font", "font"},
      {"manifest", "other"},
      {"video", "media"},
      {"audio", "media"},
      {"track", "media"},
      {"json", "fetch"},
      {"report", "other"},
      {"xslt", "other"},
      {"webidentity", "other"},
      {"speculationrules", "other"},
      {"of-the-future", "other"},
      {"script;v=2", "script"},
  };
  for (const auto& c : cases) {
    // Whatever else the request has.
    EXPECT_EQ(asked("GET", "/x.png", {{"Accept", kFirefoxPage}, {"Sec-Fetch-Dest", c.destination}}),
              c.kinds)
        << c.destination;
  }
}

TEST(RequestKind, AnEmptyDestinationHasManyReasons) {
  const std::pair<std::string, std::string> empty{"Sec-Fetch-Dest", "empty"}, any{"Accept", "*/*"};
  expect_all({
      {"a fetch", "GET", "/a", {any, empty, {"Sec-Fetch-Mode", "cors"}}, "fetch"},
      {"a fetch that posts", "POST", "/a", {any, empty, {"Sec-Fetch-Mode", "cors"}}, "fetch"},
      {"a beacon", "POST", "/a", {any, empty, {"Sec-Fetch-Mode", "no-cors"}}, "fetch ping"},
      {"a ping", "POST", "/a", {any, empty, {"Ping-From", "https://p.test/"}}, "ping"},
      {"a ping by its content", "POST", "/a", {empty, {"Content-Type", "text/ping"}}, "ping"},
      {"not by GET", "GET", "/a", {empty, {"Content-Type", "text/ping"}}, "fetch"},
      {"ahead of need", "GET", "/a", {any, empty, {"Sec-Purpose", "prefetch"}}, kAnything},
      {"wss", "GET", "/a", {empty, {"Sec-Fetch-Mode", "websocket"}}, "websocket"},
  });
}

TEST(RequestKind, WebSocketsAndTunnels) {
  EXPECT_EQ(asked("GET", "/chat.js", {{"Accept", "text/css"}}, true), "websocket");
  EXPECT_EQ(asked("GET", "/", {{"Sec-Fetch-Dest", "image"}}, true), "websocket");
  EXPECT_EQ(asked("CONNECT", "", {{"Accept", "text/css"}}), words(ContentKinds::all()));
}

TEST(RequestKind, ProgramsThatAreNoBrowsers) {
  expect_all({
      {"nothing said", "GET", "/", {}, kAnything},
      {"a name that says it", "GET", "/pic.PNG", {}, "image"},
      {"a dot in a folder", "GET", "/v1.js/list", {}, kAnything},
      {"a name in the query", "GET", "/get?name=a.png", {}, kAnything},
      {"a query behind a name", "HEAD", "/a.css?b=/c.png", {{"Accept", "*/*"}}, "style"},
      {"no name before the dot", "GET", "/.js", {}, "script"},
      {"a long ending", "GET", "/a.javascript", {}, kAnything},
      {"nothing behind the dot", "GET", "/a.", {}, kAnything},
      {"a playlist", "GET", "/live.m3u8", {}, "media fetch"},
      {"curl", "GET", "/", {{"Accept", "*/*"}}, kUntold},
      {"an API", "GET", "/a", {{"Accept", "application/json, text/plain, */*"}}, "fetch"},
      {"an API's own type", "GET", "/a", {{"Accept", "application/vnd.x+json"}}, "fetch"},
      {"events", "GET", "/a", {{"Accept", "text/event-stream"}}, "fetch"},
      {"a page for a script",
       "GET",
       "/a",
       {{"Accept", "text/html, */*; q=0.01"}},
       "document frame fetch"},
      {"a download that goes on", "GET", "/iso", {{"Range", "bytes=4096-"}}, kAnything},
  });
}

TEST(RequestKind, OddAndHostileValues) {
  const std::string long_value(8192, 'a'), commas(8192, ','), slashes(8192, '/');
  expect_all({
      {"two Accept lines", "GET", "/", {{"Accept", "image/png"}, {"Accept", "text/css"}}, "image"},
      {"upper case", "GET", "/", {{"ACCEPT", "IMAGE/PNG"}}, "image"},
      {"mixed case", "GET", "/", {{"Accept", "Text/CSS;Q=1"}}, "style"},
      {"blanks and empty members", "GET", "/", {{"Accept", " , ,\t text/css ,*/*"}}, "style"},
      {"an empty Accept", "GET", "/", {{"Accept", ""}}, kUntold},
      {"junk", "GET", "/", {{"Accept", "%%;;==,text/css"}}, kUntold},
      {"half a type", "GET", "/", {{"Accept", "image"}}, kUntold},
      {"a type of nothing", "GET", "/", {{"Accept", "/"}}, "fetch"},
      {"8-bit bytes", "GET", "/", {{"Accept", "\xff/\xfe"}}, "fetch"},
      {"8 KiB of a letter", "GET", "/", {{"Accept", long_value}}, kUntold},
      {"8 KiB of commas", "GET", "/", {{"Accept", commas}}, kUntold},
      {"8 KiB of slashes", "GET", "/", {{"Accept", slashes}}, "fetch"},
      {"a destination in capitals", "GET", "/", {{"Sec-Fetch-Dest", "SCRIPT"}}, "other"},
      {"no destination", "GET", "/", {{"Sec-Fetch-Dest", ""}, {"Accept", "text/css"}}, "style"},
      {"a quoted one", "GET", "/", {{"Sec-Fetch-Dest", "\"script\""}}, kAnything},
      {"8 KiB of it", "GET", "/", {{"Sec-Fetch-Dest", long_value}}, "other"},
      {"8 KiB of range", "GET", "/", {{"Range", "bytes=0-" + long_value}}, "media fetch other"},
      {"many dots", "GET", "/....................js", {}, "script"},
  });
  const std::string path = "/" + std::string(8000, '.') + "png";
  EXPECT_EQ(asked("GET", path, {}), "image");
  EXPECT_EQ(asked("BREW", "/a.js", {}), "fetch other");
}

TEST(RequestKind, TheResponsesTypeNarrows) {
  constexpr ContentKinds untold = {script, font, media, fetch, ping, other};
  constexpr ContentKinds page = {document, frame};
  const struct {
    ContentKinds before;
    const char *type, *after;
  } cases[] = {
      {untold, "application/javascript", "script"},
      {untold, "Text/JavaScript; charset=utf-8", "script"},
      {untold, "text/html", "fetch"},
      {untold, "application/json", "fetch"},
      {untold, "application/ld+json", "fetch"},
      {untold, "application/manifest+json", "other"},
      {untold, "font/woff2", "font"},
      {untold, "video/mp4", "media"},
      {untold, "application/octet-stream", kUntold},
      {untold, "text/plain", kUntold},
      {untold, "", kUntold},
      {untold, ";", kUntold},
      {untold, "image", kUntold},
      // It was no browser that asked.
      {untold, "image/png", "image"},
      {untold, "text/css", "style"},
      {page, "text/html", "document frame"},
      {page, "image/png", "document frame"},
      {{document, frame, fetch}, "text/html;charset=utf-8", "document frame fetch"},
      {{document, frame, fetch}, "application/json", "fetch"},
      {{media, fetch, other}, "audio/mpeg", "media"},
      {{media, fetch, other}, "image/png", "media fetch other"},
      {{fetch, ping, other}, "image/gif", "fetch ping other"},
      {{media, fetch}, "application/vnd.apple.mpegurl", "media"},
      // What the client has said holds, whatever the origin sends.
      {script, "image/png", "script"},
      {image, "text/html", "image"},
      {fetch, "application/javascript", "fetch"},
      {ContentKinds::all(), "text/css", "style"},
  };
  for (const auto& c : cases)
    EXPECT_EQ(words(narrowed(c.before, c.type)), c.after) << words(c.before) << ": " << c.type;
}

TEST(ContentKinds, NamesAreReadAsTheyAreWritten) {
  for (unsigned i = 0; i < kContentKinds; ++i) {
    const auto kind = static_cast<ContentKind>(i);
    EXPECT_EQ(content_kind_of(name_of(kind)), kind);
    EXPECT_EQ(ContentKinds(kind).only(), kind);
  }
  EXPECT_EQ(content_kind_of("Document"), std::nullopt);
  EXPECT_EQ(ContentKinds().only(), std::nullopt);
  EXPECT_EQ(ContentKinds({document, frame}).only(), std::nullopt);
}

}  // namespace
}  // namespace weir::policy
