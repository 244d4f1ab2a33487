#include "http/hop_by_hop.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace weir::http {
namespace {

using Lines = std::vector<std::pair<std::string, std::string>>;

base::Ref<RequestHead> head_of(const Lines& lines) {
  auto head = RequestHead::make();
  for (const auto& [name, value] : lines) head->fields.add(name, value);
  return head;
}

std::string names_of(const Fields& fields) {
  std::string names;
  for (const Field& field : fields.all())
    names += std::string(names.empty() ? "" : " ") + std::string(field.name());
  return names;
}

TEST(HopByHop, TheFixedListAndWhatConnectionNames) {
  const auto head = head_of({{"Host", "h"},
                             {"Connection", "close, X-One ,,\tx-two"},
                             {"X-One", "1"},
                             {"Keep-Alive", "timeout=5"},
                             {"X-TWO", "2"},
                             {"X-Three", "3"},
                             {"connection", "x-three, keep-alive"},
                             {"x-one", "again"},
                             {"Proxy-Connection", "keep-alive"},
                             {"TE", "gzip, trailers"},
                             {"Transfer-Encoding", "chunked"},
                             {"Trailer", "X-Sum"},
                             {"Upgrade", "h2c"},
                             {"HTTP2-Settings", "AAMAAABkAAQAAP__"},
                             {"X-Four", "4"}});
  const HopByHop seen = remove_hop_by_hop(head->fields);
  EXPECT_EQ(names_of(head->fields), "Host Trailer X-Four");
  EXPECT_TRUE(seen.close);
  EXPECT_TRUE(seen.keep_alive);
  EXPECT_TRUE(seen.te_trailers);
  EXPECT_FALSE(seen.upgrade_listed);
  EXPECT_FALSE(seen.websocket);
  EXPECT_FALSE(seen.excessive);
}

TEST(HopByHop, WhatConnectionCanNotTakeAway) {
  const std::vector<std::string> kept = {
      "Host",
      "Content-Length",
      "Content-Range",
      "Content-Type",
      "Content-Encoding",
      "Content-Language",
      "Content-Location",
      "Via",
      "Cache-Control",
      "Age",
      "Expires",
      "Pragma",
      "Vary",
      "ETag",
      "Last-Modified",
      "Date",
      "Authorization",
      "Cookie",
      "Set-Cookie",
      "WWW-Authenticate",
      "Proxy-Authenticate",
      "Proxy-Authorization",
      "Proxy-Authentication-Info",
      "Proxy-Status",
      "Expect",
      "Location",
      "Max-Forwards",
      "Forwarded",
      "X-Forwarded-For",
      "Trailer",
      "Range",
      "If-Match",
      "If-None-Match",
      "If-Modified-Since",
      "If-Unmodified-Since",
      "If-Range",
      "Accept-Encoding",
      "Accept-Ranges",
      "Origin",
      "Sec-WebSocket-Key",
      "Strict-Transport-Security",
      "Content-Security-Policy",
      "X-Content-Type-Options",
      "X-Frame-Options",
      "Access-Control-Allow-Origin",
  };
  Lines lines;
  std::string all;
  for (const std::string& name : kept) {
    lines.emplace_back(name, "v");
    all += (all.empty() ? "" : " ") + name;
    std::string small = name;
    for (char& c : small) c = static_cast<char>(tolower(c));
    lines.emplace_back("Connection", small);
  }
  const auto head = head_of(lines);
  EXPECT_FALSE(remove_hop_by_hop(head->fields).excessive);
  EXPECT_EQ(names_of(head->fields), all);
}

TEST(HopByHop, UserAgentAndTheLikeMayBeTakenAway) {
  const auto head =
      head_of({{"Connection", "User-Agent, Accept, Connection, close, Referer, Server"},
               {"Connection", "Proxy-Support, DNT, Link, Upgrade-Insecure-Requests"},
               {"Connection", "Content-Security-Policy-Report-Only, Allow"},
               {"User-Agent", "x"},
               {"Accept", "y"},
               {"Close", "z"},
               {"Referer", "r"},
               {"Server", "s"},
               {"Proxy-Support", "p"},
               {"DNT", "1"},
               {"Link", "l"},
               {"Upgrade-Insecure-Requests", "1"},
               {"Content-Security-Policy-Report-Only", "c"},
               {"Allow", "a"}});
  EXPECT_TRUE(remove_hop_by_hop(head->fields).close);
  EXPECT_EQ(names_of(head->fields), "Close");
}

TEST(HopByHop, WebSocketNeedsBothFields) {
  struct {
    Lines lines;
    bool listed, websocket;
  } const cases[] = {
      {{{"Connection", "keep-alive, Upgrade"}, {"Upgrade", "WebSocket"}}, true, true},
      {{{"Upgrade", "h2c, websocket"}, {"Connection", "upgrade"}}, true, true},
      {{{"Upgrade", "websocket"}}, false, false},
      {{{"Connection", "upgrade"}}, true, false},
      {{{"Connection", "upgrade"}, {"Upgrade", "websocket/13"}}, true, false},
      {{{"Connection", "upgrade"}, {"Upgrade", "xwebsocket"}}, true, false},
      {{{"Connection", "upgrades"}, {"Upgrade", "websocket"}}, false, false},
  };
  for (const auto& test : cases) {
    const auto head = head_of(test.lines);
    const HopByHop seen = remove_hop_by_hop(head->fields);
    EXPECT_EQ(seen.upgrade_listed, test.listed);
    EXPECT_EQ(seen.websocket, test.websocket);
    EXPECT_TRUE(head->fields.empty() || names_of(head->fields) == "");
  }
}

TEST(HopByHop, TheProxysLoginGoesWhereToldSo) {
  const Lines lines = {{"Proxy-Authorization", "a"},
                       {"Proxy-Authenticate", "b"},
                       {"Proxy-Authentication-Info", "c"}};
  auto head = head_of(lines);
  (void)remove_hop_by_hop(head->fields);
  EXPECT_EQ(head->fields.size(), 3u);
  (void)remove_hop_by_hop(head->fields, {.proxy_authorization = true});
  EXPECT_EQ(names_of(head->fields), "Proxy-Authenticate Proxy-Authentication-Info");
  (void)remove_hop_by_hop(head->fields,
                          {.proxy_authenticate = true, .proxy_authentication_info = true});
  EXPECT_TRUE(head->fields.empty());
}

TEST(HopByHop, TooManyNamesAreSaidToBeTooMany) {
  std::string list;
  for (int i = 0; i < 64; ++i) list += "x" + std::to_string(i) + ",";
  auto head = head_of({{"Connection", list}, {"X63", "v"}});
  EXPECT_FALSE(remove_hop_by_hop(head->fields).excessive);
  EXPECT_TRUE(head->fields.empty());
  head = head_of({{"Connection", list + "x64"}});
  EXPECT_TRUE(remove_hop_by_hop(head->fields).excessive);
  // The same name again costs nothing.
  head = head_of({{"Connection", list}, {"Connection", list}});
  EXPECT_FALSE(remove_hop_by_hop(head->fields).excessive);
}

}  // namespace
}  // namespace weir::http
