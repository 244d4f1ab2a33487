#include "journal/log_line.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <ctime>

#include "http/stage_fake.h"

namespace weir::journal {
namespace {

using http::FieldLines;

/// 25 November 2026, 00:08:03.007 UTC.
constexpr int64_t kWhen = 1'795'565'283'007;

class LogLine : public testing::Test {
 protected:
  LogLine() {
    setenv("TZ", "UTC", 1);
    tzset();
  }

  /// A request with that head; without a head if the method is empty.
  http::Request ask(std::string_view method, std::string_view target,
                    const FieldLines& fields = {}) {
    auto request = stages.request(method.empty() ? base::Ref<http::RequestHead>()
                                                 : http::fake_head(method, target, fields));
    request.exchange->started_wall_ms = kWhen;
    request.exchange->set_ended("complete");
    return request;
  }
  void answered(http::Request& request) {
    request.exchange->status = 200;
    request.exchange->sent = 1543;
    request.exchange->peer = {base::IpAddress::v4(93, 184, 216, 34), 80};
  }
  std::string line(LogFormat format, const http::Request& request) {
    const http::Exchange& exchange = *request.exchange;
    std::string out;
    append_line(
        out, format,
        {exchange, exchange.has_error() ? base::name_of(exchange.error_type()) : exchange.ended(),
         16},
        clock);
    EXPECT_TRUE(out.ends_with('\n'));
    if (!out.empty()) out.pop_back();
    EXPECT_EQ(out.find_first_of(std::string_view("\n\r\0\x1b\x7f", 5)), std::string::npos) << out;
    return out;
  }

  http::FakeStages stages;
  LogClock clock;
};

TEST_F(LogLine, EachFormat) {
  auto request =
      ask("GET", "http://example.com/", {{"Host", "example.com"}, {"User-Agent", "curl/7.88.1"}});
  answered(request);
  request.exchange->note().type = "document|frame";
  request.exchange->note().page = "example.com";
  EXPECT_EQ(
      line(LogFormat::common, request),
      "127.0.0.1 - - [25/Nov/2026:00:08:03 +0000] \"GET http://example.com/ HTTP/1.1\" 200 1543");
  EXPECT_EQ(line(LogFormat::combined, request),
            "127.0.0.1 - - [25/Nov/2026:00:08:03 +0000] \"GET http://example.com/ HTTP/1.1\" 200 "
            "1543 \"-\" \"curl/7.88.1\" complete "
            "received=0 ms=16 origin=93.184.216.34:80");
  EXPECT_EQ(line(LogFormat::json, request),
            "{\"time\":\"2026-11-25T00:08:03.007Z\",\"client\":\"127.0.0.1\",\"identity\":null,"
            "\"method\":\"GET\","
            "\"target\":\"http://example.com/\",\"site\":null,\"version\":\"HTTP/"
            "1.1\",\"status\":200,\"bytes_sent\":1543,\"bytes_received\":0,"
            "\"referer\":null,\"user_agent\":\"curl/"
            "7.88.1\",\"outcome\":\"complete\",\"error\":null,\"rule\":null,\"list\":null,"
            "\"would\":null,\"grant\":null,\"type\":\"document|frame\",\"page\":\"example.com\","
            "\"ms\":16,"
            "\"origin\":\"93.184.216.34:80\",\"reused\":false,\"mended\":null,\"sni\":null,"
            "\"tls\":null,\"tls_alert\":null,\"step_aside\":null}");
  EXPECT_EQ(line(LogFormat::squid, request),
            "1795565283.023     16 127.0.0.1 TCP_MISS/200 1543 GET http://example.com/ - "
            "HIER_DIRECT/93.184.216.34 -");
}

TEST_F(LogLine, ATunnelThatLasts) {
  auto request =
      ask("CONNECT", "example.com:443", {{"Host", "example.com:443"}, {"User-Agent", "x\"y"}});
  answered(request);
  request.exchange->peer = {*base::IpAddress::parse("2001:db8::1"), 443};
  request.exchange->reused_connection = true;
  request.exchange->mended = "icy";
  request.exchange->received = 7;
  request.exchange->sni = "ex\xff";
  request.exchange->tls = http::TlsInside::rejected;
  request.exchange->tls_alert = 48;
  request.exchange->aside = http::Aside::client_certificate;
  request.exchange->settle();
  EXPECT_EQ(line(LogFormat::combined, request),
            "127.0.0.1 - - [25/Nov/2026:00:08:03 +0000] \"CONNECT example.com:443 HTTP/1.1\" 200 "
            "1543 \"-\" \"x\\\"y\" complete "
            "received=7 ms=16 origin=[2001:db8::1]:443 reused=1 mended=icy sni=ex\\xff "
            "tls=rejected:48 step_aside=client_certificate");
  EXPECT_EQ(line(LogFormat::json, request),
            "{\"time\":\"2026-11-25T00:08:03.007Z\",\"client\":\"127.0.0.1\",\"identity\":null,"
            "\"method\":\"CONNECT\","
            "\"target\":\"example.com:443\",\"site\":null,\"version\":\"HTTP/"
            "1.1\",\"status\":200,\"bytes_sent\":1543,\"bytes_received\":7,"
            "\"referer\":null,\"user_agent\":\"x\\\"y\",\"outcome\":\"complete\",\"error\":null,"
            "\"rule\":null,\"list\":null,\"would\":null,\"grant\":null,\"type\":null,"
            "\"page\":null,\"ms\":16,"
            "\"origin\":\"[2001:db8::1]:443\",\"reused\":true,\"mended\":\"icy\",\"sni\":"
            "\"ex\xEF\xBF\xBD\",\"tls\":\"rejected\",\"tls_alert\":48,"
            "\"step_aside\":\"client_certificate\"}");
  EXPECT_EQ(line(LogFormat::squid, request),
            "1795565283.023     16 127.0.0.1 TCP_TUNNEL/200 1543 CONNECT example.com:443 - "
            "HIER_DIRECT/2001:db8::1 -");
}

TEST_F(LogLine, InsideATunnelTheSiteIsNamed) {
  auto request = ask("GET", "/a?b");
  answered(request);
  const auto inside = [&](const char* host, uint16_t port, http::Scheme scheme) {
    auto session = base::make_ref<http::Session>();
    session->client = request.session().client;
    session->opened_host = host;
    session->opened_port = port;
    session->scheme = scheme;
    request.exchange->asker = base::make_ref<http::Asker>(session, "");
    return line(LogFormat::combined, request);
  };
  using http::Scheme;
  EXPECT_TRUE(inside("a.test", 443, Scheme::https).contains(" site=https://a.test origin="));
  EXPECT_NE(line(LogFormat::json, request).find("\"target\":\"/a?b\",\"site\":\"https://a.test\","),
            std::string::npos);
  EXPECT_NE(line(LogFormat::squid, request).find(" GET https://a.test/a?b - "), std::string::npos);
  EXPECT_TRUE(inside("a.test", 8443, Scheme::https).contains(" site=https://a.test:8443 "));
  EXPECT_TRUE(inside("2001:db8::1", 80, Scheme::http).contains(" site=http://[2001:db8::1] "));
  EXPECT_FALSE(inside("", 0, Scheme::http).contains(" site="));
}

TEST_F(LogLine, AStepAsideWithoutTls) {
  auto request = ask("CONNECT", "example.com:443");
  answered(request);
  request.exchange->aside = http::Aside::rejected;
  EXPECT_TRUE(line(LogFormat::combined, request).ends_with(" step_aside=rejected"));
}

TEST_F(LogLine, WhoAsks) {
  auto request = ask("GET", "http://x/");
  request.exchange->asker = base::make_ref<http::Asker>(request.asker->session, "a\"d\xC3\xA4");
  EXPECT_TRUE(line(LogFormat::common, request).starts_with("127.0.0.1 - a\\\"d\\xc3\\xa4 ["))
      << line(LogFormat::common, request);
  EXPECT_NE(line(LogFormat::json, request).find(",\"identity\":\"a\\\"d\xC3\xA4\","),
            std::string::npos);
  EXPECT_NE(line(LogFormat::squid, request).find(" http://x/ a\"d%C3%A4 HIER_NONE/"),
            std::string::npos)
      << line(LogFormat::squid, request);
}

TEST_F(LogLine, BytesThatWereNoRequest) {
  auto request = ask("", "");
  request.exchange->status = 400;
  request.exchange->set_error(base::Error(base::ErrorType::http_request_error, "bad"));
  EXPECT_EQ(line(LogFormat::common, request),
            "127.0.0.1 - - [25/Nov/2026:00:08:03 +0000] \"-\" 400 0");
  EXPECT_NE(
      line(LogFormat::json, request)
          .find("\"method\":null,\"target\":null,\"site\":null,\"version\":null,\"status\":400"),
      std::string::npos);
  EXPECT_NE(
      line(LogFormat::json, request).find("\"outcome\":\"error\",\"error\":\"http_request_error\""),
      std::string::npos);
  EXPECT_EQ(
      line(LogFormat::squid, request),
      "1795565283.023     16 127.0.0.1 NONE/400 0 NONE error:invalid-request - HIER_NONE/- -");
}

TEST_F(LogLine, AHeadThatEndsBehindItsMethod) {
  auto request = ask("GET", "");
  for (const bool settled : {false, true}) {
    if (settled) request.exchange->settle();
    EXPECT_TRUE(
        line(LogFormat::squid, request).ends_with(" GET error:invalid-request - HIER_NONE/- -"))
        << line(LogFormat::squid, request);
  }
}

TEST_F(LogLine, TheVersionOfTheRequest) {
  struct {
    http::Version version;
    std::string text;
  } const cases[] = {{http::Version::http_1_0, "HTTP/1.0"},
                     {http::Version::http_1_1, "HTTP/1.1"},
                     {http::Version::http_2, "HTTP/2.0"}};
  for (const auto& test : cases) {
    auto request = ask("GET", "http://x/");
    request.head->version = test.version;
    for (const bool settled : {false, true}) {
      if (settled) request.exchange->settle();
      EXPECT_NE(line(LogFormat::common, request).find(" \"GET http://x/ " + test.text + "\" "),
                std::string::npos)
          << line(LogFormat::common, request);
      EXPECT_NE(line(LogFormat::json, request).find(",\"version\":\"" + test.text + "\","),
                std::string::npos)
          << line(LogFormat::json, request);
    }
  }
}

TEST_F(LogLine, WhatRefused) {
  auto request = ask("GET", "http://x/");
  request.exchange->status = 503;
  request.exchange->set_error(
      base::Error(base::ErrorType::connection_limit_reached, "full", "limits.memory"));
  request.exchange->set_error(
      base::Error(base::ErrorType::client_closed, "what follows from it", "other"));
  EXPECT_TRUE(line(LogFormat::combined, request)
                  .ends_with(" connection_limit_reached received=0 ms=16 rule=limits.memory"))
      << line(LogFormat::combined, request);
  EXPECT_NE(line(LogFormat::json, request)
                .find("\"error\":\"connection_limit_reached\",\"rule\":\"limits.memory\","),
            std::string::npos);
  auto blank = ask("GET", "http://x/");
  blank.exchange->set_error(
      base::Error(base::ErrorType::http_request_denied, "no", "own \"address\n"));
  EXPECT_TRUE(line(LogFormat::combined, blank).ends_with(" rule=own_\\\"address\\x0a"))
      << line(LogFormat::combined, blank);
}

TEST_F(LogLine, NoByteForgesALine) {
  std::string all;
  for (int i = 0; i < 256; ++i) all += static_cast<char>(i);
  for (const bool settled : {false, true}) {
    auto request = ask("GET", "http://x/" + all, {{"Referer", all}, {"User-Agent", all}});
    request.exchange->sni = all;
    request.exchange->asker = base::make_ref<http::Asker>(request.asker->session, "a\x80\xff\"\\");
    if (settled) request.exchange->settle();
    for (const LogFormat format :
         {LogFormat::common, LogFormat::combined, LogFormat::json, LogFormat::squid}) {
      const std::string text = line(format, request);
      for (const char c : text) EXPECT_GE(static_cast<unsigned char>(c), 0x20);
    }
    const std::string squid = line(LogFormat::squid, request);
    // Each field is one word, whatever the target contains. Blanks before the time make a column.
    EXPECT_EQ(std::ranges::count(squid.substr(squid.find("127.0.0.1")), ' '), 7) << squid;
  }
}

TEST_F(LogLine, JsonStrings) {
  const struct {
    std::string_view raw, json;
  } cases[] = {
      {"plain", "plain"},
      {"\"\\/", "\\\"\\\\/"},
      {std::string_view("\0\t\n\x1f\x7f", 5), "\\u0000\\u0009\\u000a\\u001f\\u007f"},
      {"caf\xC3\xA9 \xE2\x82\xAC \xF0\x9F\xA6\x8A", "caf\xC3\xA9 \xE2\x82\xAC \xF0\x9F\xA6\x8A"},
      // Control characters beyond ASCII, and line ends of Unicode.
      {"\xC2\x85\xC2\x9B\xC2\xA0", "\\u0085\\u009b\xC2\xA0"},
      {"\xE2\x80\xA8\xE2\x80\xA9", "\\u2028\\u2029"},
      // Cut, overlong, surrogate, beyond U+10FFFF, or a single continuation byte: one character for
      // each byte.
      {"caf\xE9", "caf\xEF\xBF\xBD"},
      {"\xE2\x82", "\xEF\xBF\xBD\xEF\xBF\xBD"},
      {"\xC0\xAF", "\xEF\xBF\xBD\xEF\xBF\xBD"},
      {"\xED\xA0\x80", "\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD"},
      {"\xF4\x90\x80\x80", "\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD"},
      {"\x80\"", "\xEF\xBF\xBD\\\""},
  };
  for (const auto& [raw, json] : cases) {
    auto request = ask("GET", "http://x/");
    request.exchange->sni = raw;
    EXPECT_TRUE(
        line(LogFormat::json, request).contains("\"sni\":\"" + std::string(json) + "\",\"tls\""))
        << line(LogFormat::json, request);
  }
}

TEST_F(LogLine, SquidsCodes) {
  using base::ErrorType;
  const struct {
    std::string_view method;
    int status;
    bool connected;
    std::optional<ErrorType> error;
    std::string_view code;
  } cases[] = {
      {"GET", 200, true, {}, "TCP_MISS/200"},
      {"GET", 200, false, {}, "NONE/200"},  // Weir's own pages.
      {"GET", 502, false, ErrorType::connection_refused, "TCP_MISS/502"},
      {"GET", 502, true, ErrorType::http_response_incomplete, "TCP_MISS/502"},
      {"GET", 403, false, ErrorType::destination_ip_prohibited, "TCP_DENIED/403"},
      {"CONNECT", 403, false, ErrorType::http_request_denied, "TCP_DENIED/403"},
      {"GET", 407, false, {}, "TCP_DENIED/407"},
      {"CONNECT", 200, true, {}, "TCP_TUNNEL/200"},
      {"CONNECT", 200, true, ErrorType::connection_terminated, "TCP_TUNNEL/200"},
      {"CONNECT", 502, false, ErrorType::connection_refused, "TCP_MISS/502"},
      {"GET", 400, false, ErrorType::http_request_error, "NONE/400"},
      {"GET", 0, false, {}, "NONE/000"},
      {"GET", 0, true, {}, "TCP_MISS/000"},
  };
  for (const auto& each : cases) {
    auto request = ask(each.method, each.method == "CONNECT" ? "x:443" : "http://x/");
    request.exchange->status = each.status;
    if (each.connected) request.exchange->peer = {base::IpAddress::v4(192, 0, 2, 1), 80};
    if (each.error) request.exchange->set_error(base::Error(*each.error, 502, "why"));
    const std::string text = line(LogFormat::squid, request);
    EXPECT_NE(text.find(" " + std::string(each.code) + " "), std::string::npos)
        << each.code << " in " << text;
  }
}

TEST_F(LogLine, SquidsTimeIsAColumn) {
  auto request = ask("GET", "http://x/");
  for (const auto& [ms, begin] :
       {std::pair<uint64_t, std::string_view>{0, "1795565283.007      0 127"},
        {123'456, "1795565406.463 123456 127"},
        {1'234'567, "1795566517.574 1234567 127"}}) {
    std::string out;
    append_squid(out, {*request.exchange, "complete", ms});
    EXPECT_TRUE(out.starts_with(begin)) << out;
  }
}

}  // namespace
}  // namespace weir::journal
