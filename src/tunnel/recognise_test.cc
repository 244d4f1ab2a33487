#include "tunnel/recognise.h"

#include <gtest/gtest.h>

#include "async/stream_fake.h"
#include "http/stage_fake.h"

namespace weir::tunnel {
namespace {

using async::MemoryStream;
using base::ErrorType;

/// What the tunnel to the origin did.
struct Seen {
  bool ran = false, became_pin = false, pin_gone = false, gone = false;
  std::string client_bytes;
};
struct FakePin final : http::PinnedConnection {
  void watch(base::Callback<>) override {}
  explicit FakePin(Seen& seen) : seen(seen) {}
  ~FakePin() override { seen.pin_gone = true; }
  Seen& seen;
};
struct FakeTunnel final : http::Tunnel {
  FakeTunnel(Seen& seen, MemoryStream* to) : seen(seen), to(to) {}
  ~FakeTunnel() override { seen.gone = true; }
  async::ByteStream* origin() override { return to; }
  bool own() const override { return to == nullptr; }
  async::Task<base::Result<void>> run(async::ByteStream&, base::Slice client_bytes) override {
    seen.ran = true;
    seen.client_bytes = client_bytes.view();
    co_return {};
  }
  base::Ref<http::PinnedConnection> into_pin() override {
    seen.became_pin = true;
    return base::make_ref<FakePin>(seen);
  }
  Seen& seen;
  MemoryStream* to;
};

struct NoJournal final : http::Journal {
  void record(const http::Exchange&) override {}
};

/// The stage that serves the inside: answers with the session and the host of the request.
struct Inside final : http::Stage {
  async::Task<base::Result<http::Response>> handle(http::Request& request,
                                                   http::Next) const override {
    const http::Session& session = request.session();
    if (request.head->fault) {
      http::Response response;
      response.head = http::ResponseHead::make(request.head->fault->status());
      return http::answer(std::move(response));
    }
    const bool pinned = request.pins->has(
        http::authority_key(session.inner_host.empty() ? session.opened_host : session.inner_host,
                            session.opened_port));
    return http::answer(http::text_response(
        200, "text/plain",
        std::string(request.head->target.host) + " " + session.opened_host.text() + " " +
            session.inner_host.text() + " " + std::to_string(session.depth) +
            (session.own ? " own" : "") + (pinned ? " pinned" : "")));
  }
};

struct Opened {
  std::string target = "site:80";
  bool own = false;
  std::vector<uint16_t> no_opaque_ports = {};
  uint64_t sniff_bytes = 16 * 1024;
  Serve serve = Serve::needed;
  /// Null: one that allows everything.
  base::Ref<const http::Decision> decision = {};
};

/// A CONNECT that succeeded, with its tunnel running.
class Tunnelled {
 public:
  explicit Tunnelled(Opened setup = {}) {
    config.no_opaque_ports = std::move(setup.no_opaque_ports);
    config.sniff_bytes = setup.sniff_bytes;
    config.serve = setup.serve;
    config.silence_timeout_ms = 30;
    std::vector<std::unique_ptr<const http::Stage>> stages;
    stages.push_back(std::make_unique<Inside>());
    pipeline = base::make_ref<http::Pipeline>(std::move(stages));
    fake.next = [this, own = setup.own](http::Request&) -> base::Result<http::Response> {
      http::Response response;
      response.head = http::ResponseHead::make(200);
      response.tunnel = std::make_unique<FakeTunnel>(seen, own ? nullptr : &origin);
      return response;
    };
    http::Request request = fake.request(http::fake_head("CONNECT", setup.target, {{"Host", "x"}}));
    exchange = request.exchange;
    if (setup.decision) request.decision = exchange->decision = setup.decision;
    http::Outcome outcome = fake.run(stage, request);
    if (outcome.response) tunnel = std::move(outcome.response->tunnel);
  }
  ~Tunnelled() {
    task.cancel();
    tunnel = nullptr;
    exchange = nullptr;
  }

  /// Runs the tunnel as the session does.
  async::Task<base::Result<void>> whole() {
    CO_CHECK(co_await tunnel->look(client, bytes));
    if (auto carrier = tunnel->carrier()) tunnel = std::move(carrier);
    co_return co_await tunnel->run(client, std::move(bytes));
  }
  void run(std::string_view first = {}) {
    if (!first.empty()) bytes = base::Slice::copy_of(first);
    task = whole();
    task.start();
  }
  /// Turns until the tunnel has ended, for at most `ms`. Returns `ended`, the error's name, or
  /// `open`.
  std::string until(uint64_t ms) {
    const uint64_t end = base_now() + ms;
    while (!task.done() && base_now() < end) fake.loop.turn(2);
    if (!task.done()) return "open";
    if (!result) result.emplace(task.take());
    return *result ? "ended" : std::string(base::name_of(result->error().type()));
  }
  uint64_t base_now() const { return fake.loop.now_ms(); }
  void turn() {
    for (int i = 0; i < 20; ++i) fake.loop.turn(0);
  }

  http::FakeStages fake;
  NoJournal journal;
  base::Ref<const http::Pipeline> pipeline;
  server::ConfigRef server_config = base::make_ref<server::KeptConfig>(server::ServerConfig());
  server::LiveConnections connections;
  server::SessionContext context{journal, pipeline, server_config, connections};
  TunnelConfig config;
  Recognise stage{context, config};
  MemoryStream client, origin;
  Seen seen;
  base::Ref<http::Exchange> exchange;
  std::unique_ptr<http::Tunnel> tunnel;
  base::Slice bytes;
  async::Task<base::Result<void>> task;
  std::optional<base::Result<void>> result;
};

TEST(Recognise, OpensNothingThatPolicyHasNotSeen) {
  Tunnelled t;
  t.fake.decided = false;
  const int calls = t.fake.calls;
  EXPECT_EQ(t.fake.run(t.stage, "CONNECT", "site:80").status(), 500);
  EXPECT_EQ(t.fake.calls, calls);
}

TEST(Recognise, WhereNothingIsServedInsideOurOwnPagesAreRefused) {
  Tunnelled t({.target = "weir.internal:80", .own = true, .serve = Serve::never});
  EXPECT_FALSE(t.tunnel);
  EXPECT_EQ(t.fake.run(t.stage, "CONNECT", "weir.internal:80").status(), 403);
}

TEST(Recognise, WhatCantBecomeARequestIsRelayedAtOnce) {
  struct Case {
    Opened setup;
    std::string bytes;
  };
  const Case cases[] = {{{}, "<stream>"},
                        {{}, "{\"jsonrpc\""},
                        {{}, std::string(64, 'a')},
                        {{}, "\xff\xfd"},
                        {{.target = "site:5222"}, "GET /"},
                        {{.serve = Serve::never}, "GET /"}};
  for (const Case& c : cases) {
    Tunnelled t(c.setup);
    t.run();
    t.client.arrive(c.bytes);
    t.turn();
    EXPECT_TRUE(t.task.done()) << c.bytes;
    EXPECT_EQ(t.seen.client_bytes, c.bytes);
  }
}

TEST(Recognise, WhatIsNoOpenTunnelPasses) {
  Tunnelled t;
  for (const char* method : {"GET", "connect", "POST"}) {
    t.fake.next = [](http::Request&) -> base::Result<http::Response> {
      return http::text_response(200, "text/plain", "as it was");
    };
    http::Outcome outcome = t.fake.run(t.stage, method, "http://site/");
    ASSERT_TRUE(outcome.response);
    EXPECT_EQ(http::content_of(*outcome.response), "as it was");
  }
  http::Outcome refused = t.fake.run(t.stage, "CONNECT", "site:443");
  EXPECT_FALSE(refused.response->tunnel);
  t.fake.next = [](http::Request&) -> base::Result<http::Response> {
    return base::fail(ErrorType::connection_refused, "refused");
  };
  EXPECT_EQ(t.fake.run(t.stage, "CONNECT", "site:443").status(), 502);
}

/// A ClientHello, with `padded` bytes of padding (RFC 7685), in records of `record` bytes.
std::string client_hello(size_t padded = 0, const std::string& name = "sni.example",
                         size_t record = 16'384) {
  const auto number = [](size_t value, int bytes) {
    std::string out;
    while (bytes-- > 0) out += static_cast<char>(value >> (8 * bytes));
    return out;
  };
  const auto vector = [&](const std::string& content, int bytes) {
    return number(content.size(), bytes) + content;
  };
  std::string extensions = number(0, 2) + vector(vector(number(0, 1) + vector(name, 2), 2), 2);
  if (padded > 0) extensions += number(21, 2) + vector(std::string(padded, 0), 2);
  const std::string body = number(0x0303, 2) + std::string(32, 'r') + vector("", 1) +
                           vector("\x13\x01", 2) + vector(std::string(1, 0), 1) +
                           vector(extensions, 2);
  const std::string message = number(1, 1) + vector(body, 3);
  std::string out;
  for (size_t at = 0; at < message.size(); at += record)
    out += "\x16\x03\x01" + vector(message.substr(at, record), 2);
  return out;
}
const std::string kTls = client_hello(), kLongTls = client_hello(9000);

/// A request, with a field of `more` bytes.
std::string get(const std::string& host, size_t more = 0) {
  const std::string field = more > 0 ? "Cookie: " + std::string(more, 'c') + "\r\n" : "";
  return "GET / HTTP/1.1\r\nHost: " + host + "\r\n" + field + "Connection: close\r\n\r\n";
}

/// Allows every address, and denies a server name.
struct DeniesName final : http::Decision {
  explicit DeniesName(std::string name, bool asks = false) : name(std::move(name)), asks(asks) {}
  bool asks_server_names() const override { return asks; }
  base::Result<void> check_address(base::AddressSource, const base::IpAddress&,
                                   uint16_t) const override {
    return {};
  }
  base::Result<void> check_server_name(std::string_view asked_name,
                                       http::Exchange&) const override {
    asked.emplace_back(asked_name);
    if (asked_name != name) return {};
    return base::fail(ErrorType::http_request_denied, "That name is denied.", "a rule");
  }
  const std::string name;
  const bool asks;
  mutable std::vector<std::string> asked;
};
base::Ref<DeniesName> rules_about_names() {
  return base::make_ref<DeniesName>("denied.example", true);
}

TEST(Recognise, PolicyIsAskedAboutTheServerNameBeforeAnythingIsRelayed) {
  for (const char* denied : {"sni.example", "other.example"}) {
    const auto decision = base::make_ref<DeniesName>(denied);
    Tunnelled t({.target = "site:443", .decision = decision});
    t.run();
    t.client.arrive(kTls);
    const bool allowed = decision->name != "sni.example";
    EXPECT_EQ(t.until(200), allowed ? "ended" : "http_request_denied");
    EXPECT_EQ(t.seen.ran, allowed);
    EXPECT_EQ(decision->asked, std::vector<std::string>{"sni.example"});
  }
  // A reload may decide anew between the CONNECT and the ClientHello.
  Tunnelled reloaded({.target = "site:443"});
  reloaded.run();
  reloaded.turn();
  reloaded.exchange->decision = base::make_ref<DeniesName>("sni.example");
  reloaded.client.arrive(kTls);
  EXPECT_EQ(reloaded.until(200), "http_request_denied");
  const auto decision = base::make_ref<DeniesName>("");
  Tunnelled opaque({.target = "site:443", .decision = decision});
  opaque.run("\x01\x02");
  EXPECT_EQ(opaque.until(200), "ended");
  EXPECT_TRUE(decision->asked.empty()) << "what is no TLS names no server";
}

using Names = std::vector<std::string>;

TEST(Recognise, WhereRulesAskNoHelloPassesUnread) {
  const std::string empty_record("\x16\x03\x01\x00\x00", 5);
  struct Case {
    const char* why;
    std::string bytes;
    bool ends = false;  // The client ends its side then.
    size_t sniff_bytes = 16 * 1024;
  };
  const Case cases[] = {
      {"larger than is looked at", client_hello(16'400)},
      {"not all of it within what is looked at", client_hello(16'250, "sni.example", 1000)},
      {"too many records", client_hello(0, "a.longer.name.example", 1)},
      {"an empty record in front", empty_record + kTls},
      {"an alert in front", std::string("\x15\x03\x01\x00\x02\x01\x5a", 7) + kTls},
      {"an empty record amidst", client_hello().substr(0, 4) + '\x01' + '\x01' + empty_record},
      {"no ClientHello", std::string("\x16\x03\x01\x00\x04\x02\x00\x00\x00", 9)},
      {"a record of an unknown version", "\x16\x02\x01" + kTls.substr(3)},
      {"a record that is too long", std::string("\x16\x03\x01") + "\x7f\xff" + kTls.substr(5)},
      {"the client ends after the first byte", "\x16", true},
      {"the client ends before the last byte", kTls.substr(0, kTls.size() - 1), true},
      {"a name with an empty label", client_hello(0, "x..denied.example")},
      {"a name that begins with a dot", client_hello(0, ".denied.example")},
      {"a name with two dots at its end", client_hello(0, "denied.example..")},
      {"a name with a NUL", client_hello(0, std::string("denied.example\0", 15))},
      {"an empty name", client_hello(0, "")},
  };
  for (const Case& c : cases) {
    for (const bool rules : {true, false}) {
      for (const bool with_the_connect : {true, false}) {
        const auto decision = base::make_ref<DeniesName>("denied.example", rules);
        Tunnelled t({.target = "site:443", .sniff_bytes = c.sniff_bytes, .decision = decision});
        t.run(with_the_connect ? c.bytes : "");
        if (!with_the_connect) t.client.arrive(c.bytes);
        if (c.ends) t.client.arrive("", true);
        ASSERT_EQ(t.until(500), rules ? "http_request_denied" : "ended") << c.why;
        EXPECT_EQ(t.seen.ran, !rules) << c.why;
        if (rules) {
          EXPECT_EQ(t.result->error().rule(), "server name") << c.why;
          EXPECT_EQ(decision->asked, Names{}) << c.why;
        }
      }
    }
  }
}

TEST(Recognise, WhereRulesAskASlowHelloIsRead) {
  for (const char* name : {"denied.example", "sni.example"}) {
    const std::string hello = client_hello(0, name);
    const bool allowed = std::string_view(name) == "sni.example";
    const auto decision = rules_about_names();
    Tunnelled t({.target = "site:443", .decision = decision});
    t.run();
    t.client.arrive(hello.substr(0, 1));
    EXPECT_EQ(t.until(1500), "open");
    EXPECT_FALSE(t.seen.ran);
    t.client.arrive(hello.substr(1));
    EXPECT_EQ(t.until(500), allowed ? "ended" : "http_request_denied");
    EXPECT_EQ(t.seen.ran, allowed);
    EXPECT_EQ(decision->asked, Names{name});
  }
}

TEST(Recognise, WhereRulesAskAHelloThatNeverEndsIsRefused) {
  Tunnelled t({.target = "site:443", .decision = rules_about_names()});
  t.run(kTls.substr(0, 20));
  const uint64_t began = t.base_now();
  EXPECT_EQ(t.until(15'000), "http_request_denied");
  EXPECT_FALSE(t.seen.ran);
  EXPECT_GE(t.base_now(), began + 9'900);
}

TEST(Recognise, WhereRulesAskAHelloMayBeLargerThanSniff) {
  const auto decision = rules_about_names();
  Tunnelled t({.target = "site:443", .sniff_bytes = 1024, .decision = decision});
  t.run(kLongTls);
  EXPECT_EQ(t.until(500), "ended");
  EXPECT_TRUE(t.seen.ran);
  EXPECT_EQ(decision->asked, Names{"sni.example"});
}

TEST(Recognise, WhereRulesAskTheOriginEndsNoHello) {
  struct Case {
    const char* client_said;
    const char* origin_said;
    const char* ended;
  };
  const Case cases[] = {{"\x16", "220 ready\r\n", "http_request_denied"},
                        {"\x16", "", "connection_terminated"},
                        {"", "220 ready\r\n", "ended"},
                        {"GET / HT", "220 ready\r\n", "ended"}};
  for (const Case& c : cases) {
    Tunnelled t({.decision = rules_about_names()});
    t.run(c.client_said);
    t.turn();
    t.origin.arrive(c.origin_said, !*c.origin_said);
    EXPECT_EQ(t.until(500), c.ended) << c.client_said;
    EXPECT_EQ(t.seen.ran, std::string_view(c.ended) == "ended") << c.client_said;
  }
}

TEST(Recognise, WhereRulesAskWhatIsNoTlsStaysAsItIs) {
  for (const char* bytes : {"\x01\x02", "\x80\x2e\x01", "\x15\x04\x01", "<stream>"}) {
    const auto decision = rules_about_names();
    Tunnelled t({.target = "site:443", .decision = decision});
    t.run(bytes);
    EXPECT_EQ(t.until(0), "ended");
    EXPECT_EQ(t.seen.client_bytes, bytes);
    EXPECT_EQ(decision->asked, Names{});
  }
  Tunnelled part({.target = "site:443", .decision = rules_about_names()});
  part.run("GET / HT");
  EXPECT_EQ(part.until(3000), "ended") << "after a second, as without rules";
}

TEST(Recognise, WhereRulesAskTheFirstHeadsHostIsAskedBeforeItIsRelayed) {
  const std::string denied = "denied.example";
  struct Case {
    const char* why;
    Opened setup;
    std::string bytes;
    Names asked;
    bool passes = false;
  };
  const Opened http{}, other{.target = "site:8080"}, address{.target = "192.0.2.1:8080"};
  const Case cases[] = {
      {"another host on port 80", http, get(denied), {denied}},
      {"another host on another port", other, get(denied), {denied}},
      {"opened by address", address, get("Denied.Example.:8080"), {denied}},
      {"where no HTTP is served", {.serve = Serve::never}, get(denied), {denied}},
      {"where all is", {.target = "site:8080", .serve = Serve::always}, get(denied), {denied}},
      {"in absolute-form",
       other,
       "GET http://denied.example/ HTTP/1.1\r\nHost: site:8080\r\n\r\n",
       {"site", denied}},
      {"Host beside an absolute-form",
       other,
       "GET http://site:8080/ HTTP/1.1\r\nHost: denied.example\r\n\r\n",
       {denied}},
      {"a CONNECT inside",
       other,
       "CONNECT denied.example:443 HTTP/1.1\r\nHost: denied.example:443\r\n\r\n",
       {denied}},
      {"a foreign upgrade",
       http,
       "GET / HTTP/1.1\r\nHost: denied.example\r\nUpgrade: h2c\r\n\r\n",
       {denied}},
      {"a host that is allowed", other, get("other"), {"other"}, true},
      {"the host itself", other, get("site:8080"), {"site"}, true},
      {"no Host", http, "GET / HTTP/1.0\r\n\r\n", {}, true},
      {"a fault", http, "GET / HTTP/1.1\r\nHost : denied.example\r\n\r\n", {}, true},
  };
  for (const Case& c : cases) {
    for (const bool rules : {true, false}) {
      const auto decision = base::make_ref<DeniesName>(denied, rules);
      Opened setup = c.setup;
      setup.decision = decision;
      Tunnelled t(std::move(setup));
      t.run();
      t.client.arrive(c.bytes);
      const bool passes = c.passes || !rules;
      EXPECT_EQ(t.until(500), passes ? "ended" : "http_request_denied") << c.why;
      EXPECT_EQ(t.seen.ran, passes) << c.why;
      EXPECT_EQ(decision->asked, rules ? c.asked : Names{}) << c.why;
      EXPECT_EQ(t.exchange->sni, "") << c.why;
      if (passes) EXPECT_EQ(t.seen.client_bytes + t.client.incoming, c.bytes) << c.why;
    }
  }
  // What is served inside is asked about as any request.
  const auto decision = rules_about_names();
  Tunnelled served({.decision = decision});
  served.run(get("site"));
  served.turn();
  EXPECT_TRUE(served.seen.became_pin);
  EXPECT_EQ(decision->asked, Names{});
}

TEST(Recognise, TheFirstBytesDecide) {
  enum class Then : uint8_t { relayed, served, denied };
  struct Case {
    const char* why;
    Opened setup;
    std::string bytes;
    Then then;
    /// Expected in the answer.
    const char* said = "";
  };
  const Opened strict{.no_opaque_ports = {80, 443}}, own{.target = "weir.internal:80", .own = true};
  const Case cases[] = {
      {"TLS", {}, kTls, Then::relayed},
      {"TLS, a long ClientHello", {}, kLongTls, Then::relayed},
      {"TLS where opaque is not allowed",
       {.target = "site:443", .no_opaque_ports = {443}},
       kTls,
       Then::relayed},
      {"opaque", {}, "\x01\x02", Then::relayed},
      {"opaque where it is not allowed", strict, "\x01\x02", Then::denied},
      {"opaque on a port next to those",
       {.target = "site:81", .no_opaque_ports = {80, 443}},
       "\x01\x02",
       Then::relayed},
      {"HTTP/1 of this host", {}, get("site"), Then::served, "site site  1 pinned"},
      {"HTTP/1 of this host, a long head",
       {},
       get("site", 9000),
       Then::served,
       "site site  1 pinned"},
      {"HTTP/1 of this host, another spelling",
       {},
       get("SITE.:80"),
       Then::served,
       "site site  1 pinned"},
      {"HTTP/1 of this host in absolute-form",
       {},
       "GET http://site/ HTTP/1.1\r\nHost: site\r\nConnection: close\r\n\r\n",
       Then::served,
       "site site  1 pinned"},
      {"HTTP/1 of another host in absolute-form",
       {},
       "GET http://other/ HTTP/1.1\r\nHost: site\r\n\r\n",
       Then::relayed},
      {"HTTP/1 of this host, an empty line first",
       {},
       "\r\n" + get("site"),
       Then::served,
       "site site  1 pinned"},
      {"HTTP/1.0 without Host", {}, "GET / HTTP/1.0\r\n\r\n", Then::relayed},
      {"a CONNECT inside", {}, "CONNECT site:80 HTTP/1.1\r\nHost: site:80\r\n\r\n", Then::relayed},
      {"HTTP/1 on another port than HTTP's",
       {.target = "site:8080"},
       get("site:8080"),
       Then::relayed},
      {"HTTP/1 on another port, always served",
       {.target = "site:8080", .serve = Serve::always},
       get("site:8080"),
       Then::served,
       "site site  1 pinned"},
      {"HTTP/1 on another port, needed",
       {.target = "site:8080", .no_opaque_ports = {8080}},
       get("site:8080"),
       Then::served,
       "site site  1 pinned"},
      {"HTTP/1 where none is served", {.serve = Serve::never}, get("site"), Then::relayed},
      {"HTTP/1 of another port",
       {.target = "site:8080", .serve = Serve::always},
       get("site"),
       Then::relayed},
      {"HTTP/1 of another host", {}, get("other"), Then::relayed},
      {"HTTP/1 of another host, strict", strict, get("other"), Then::served,
       "other site  1 pinned"},
      {"HTTP/1 where opened by address",
       {.target = "192.0.2.1:80"},
       get("other"),
       Then::served,
       "other 192.0.2.1 other 1 pinned"},
      {"HTTP/1 where opened by address, the address",
       {.target = "192.0.2.1:80"},
       get("192.0.2.1"),
       Then::served,
       "192.0.2.1 192.0.2.1  1 pinned"},
      {"HTTP/1 where opened by address, absolute-form for a name",
       {.target = "192.0.2.1:80"},
       "GET http://other/ HTTP/1.1\r\nHost: other\r\n\r\n",
       Then::relayed},
      {"HTTP/1 where opened by address, another port",
       {.target = "192.0.2.1:80"},
       get("other:81"),
       Then::relayed},
      {"a foreign upgrade",
       {},
       "GET / HTTP/1.1\r\nHost: site\r\nUpgrade: h2c\r\n\r\n",
       Then::relayed},
      {"a fault", {}, "GET / HTTP/1.1\r\nHost : site\r\n\r\n", Then::relayed},
      {"a fault, strict", strict, "GET / HTTP/1.1\r\nHost : site\r\n\r\n", Then::served,
       "HTTP/1.1 400 "},
      {"our own", own, get("weir.internal"), Then::served, " own"},
      {"our own, another host", own, get("site"), Then::served, "site weir.internal  1 own"},
      {"our own, a fault", own, "GET / HTTP/1.1\r\nHost : site\r\n\r\n", Then::served,
       "HTTP/1.1 400 "},
      {"our own, opaque", own, "\x01", Then::denied},
      {"more than is looked at",
       {.sniff_bytes = 100},
       "GET /" + std::string(200, 'x') + " HTTP/1.1\r\nHost: site\r\n\r\n",
       Then::relayed},
      {"more than is looked at, strict",
       {.no_opaque_ports = {80}, .sniff_bytes = 100},
       std::string(200, 'x'),
       Then::denied},
  };
  for (const Case& c : cases) {
    // The bytes come with the CONNECT, later in one piece, or later byte by byte (some at a time if
    // there are many).
    for (const int how : {0, 1, 2}) {
      Tunnelled t(c.setup);
      ASSERT_TRUE(t.tunnel) << c.why;
      if (how == 0) {
        t.run(c.bytes);
      } else {
        t.run();
        for (size_t at = 0; at < c.bytes.size();) {
          const size_t n = how == 1 ? c.bytes.size() : 1 + c.bytes.size() / 2000;
          t.client.arrive(std::string_view(c.bytes).substr(at, n));
          at += n;
          t.fake.loop.turn(0);
        }
      }
      t.turn();
      if (c.then == Then::served) t.client.arrive("", true);
      EXPECT_EQ(t.until(3000), c.then == Then::denied ? "http_request_denied" : "ended")
          << c.why << " " << how;
      EXPECT_EQ(t.seen.ran, c.then == Then::relayed) << c.why << " " << how;
      EXPECT_EQ(t.seen.became_pin, c.then == Then::served) << c.why << " " << how;
      if (c.then == Then::relayed) {
        EXPECT_TRUE(t.seen.client_bytes + t.client.incoming == c.bytes)
            << c.why << ": what was looked at is replayed";
        EXPECT_EQ(t.client.sent, "");
      } else if (c.then == Then::served) {
        EXPECT_NE(t.client.sent.find(c.said), std::string::npos) << c.why << ": " << t.client.sent;
        t.tunnel = nullptr;
        EXPECT_TRUE(t.seen.gone && t.seen.pin_gone) << c.why;
      }
      EXPECT_EQ(t.exchange->sni, c.bytes == kTls || c.bytes == kLongTls ? "sni.example" : "");
    }
  }
}

TEST(Recognise, AnOriginThatSpeaksFirstIsOpaque) {
  for (const bool client_too : {false, true}) {
    Tunnelled t;
    t.run();
    t.origin.arrive("220 ready\r\n");
    if (client_too) t.client.arrive(get("site"));
    EXPECT_EQ(t.until(1000), "ended");
    EXPECT_TRUE(t.seen.ran);
    EXPECT_FALSE(t.seen.became_pin);
    EXPECT_EQ(t.origin.incoming, "220 ready\r\n") << "left to the relay";
  }
}

TEST(Recognise, AnOriginThatSpeaksFirstIsRefusedWhereOpaqueIs) {
  Tunnelled strict({.no_opaque_ports = {80}});
  strict.run();
  strict.origin.arrive("220 ready\r\n");
  EXPECT_EQ(strict.until(1000), "http_request_denied");
}

TEST(Recognise, SilenceEndsIt) {
  Tunnelled silent;
  silent.run();
  EXPECT_EQ(silent.until(1000), "connection_read_timeout");
  EXPECT_FALSE(silent.seen.ran);
}

TEST(Recognise, APartOfAHeadIsOpaqueAfterAWhile) {
  Tunnelled part;
  part.run();
  part.client.arrive("GET / HT");
  EXPECT_EQ(part.until(300), "open");
  EXPECT_EQ(part.until(3000), "ended");
  EXPECT_EQ(part.seen.client_bytes, "GET / HT");
}

TEST(Recognise, AByteNowAndThenDoesNotHoldItOpen) {
  for (const bool with_the_connect : {true, false}) {
    Tunnelled t;
    t.run(with_the_connect ? "GET /" : "");
    if (!with_the_connect) t.client.arrive("GET /");
    std::string all = "GET /";
    const uint64_t began = t.base_now();
    while (t.until(50) == "open" && t.base_now() < began + 3000) {
      t.client.arrive("x");
      all += 'x';
    }
    EXPECT_EQ(t.until(0), "ended");
    EXPECT_GE(t.base_now(), began + 990);
    EXPECT_LT(t.base_now(), began + 1500);
    EXPECT_EQ(t.seen.client_bytes + t.client.incoming, all) << "what was looked at is replayed";
  }
}

TEST(Recognise, LittleIsHeldForLittle) {
  for (const bool with_the_connect : {true, false}) {
    Tunnelled t({.sniff_bytes = 64 * 1024});
    t.run(with_the_connect ? "GET /" : "");
    if (!with_the_connect) t.client.arrive("GET /");
    t.turn();
    EXPECT_LE(base::block_bytes_in_use(), base::Block::kTiny);
    for (size_t all = 5; all < 60'000; all += 3000) {
      EXPECT_EQ(t.until(0), "open");
      EXPECT_LE(base::block_bytes_in_use(), std::max(4 * all, base::Block::kTiny));
      t.client.arrive(std::string(3000, 'x'));
      t.turn();
    }
  }
}

/// Keeps the account of memory at `stand` as long as it lives.
struct Scarce {
  explicit Scarce(base::Memory stand) {
    const int64_t held = base::Account::held_in_all();
    base::Account::set_limit(kLimit);
    charged = kLimit * (stand == base::Memory::near ? 90 : 110) / 100 - held;
    base::Account::charge(base::Holding::pipes, charged);
    base::Account::compare();
  }
  ~Scarce() {
    base::Account::charge(base::Holding::pipes, -charged);
    base::Account::set_limit(0);
    base::Account::compare();
  }
  static constexpr int64_t kLimit = int64_t{1} << 33;
  int64_t charged;
};

TEST(Recognise, WhileMemoryIsScarceItJudgesByWhatFits) {
  struct Case {
    const char* why;
    base::Memory stand;
    std::vector<uint16_t> no_opaque_ports;
    std::string bytes;
    const char* ended;
    bool told_apart;  // The bytes fit, and are recognised.
    base::Ref<const http::Decision> decision = {};
  };
  const std::vector<uint16_t> strict{80};
  const Case cases[] = {
      {"TLS that fits", base::Memory::over, {}, client_hello(1700), "ended", true},
      {"TLS that fits, strict", base::Memory::over, strict, client_hello(1700), "ended", true},
      {"TLS that does not", base::Memory::over, {}, kLongTls, "ended", false},
      {"TLS that does not, strict", base::Memory::over, strict, kLongTls,
       "connection_limit_reached", false},
      {"TLS that does not, rules about names",
       base::Memory::over,
       {},
       kLongTls,
       "connection_limit_reached",
       false,
       rules_about_names()},
      {"TLS while it is near", base::Memory::near, strict, kLongTls, "ended", true},
      {"HTTP that does not fit", base::Memory::over, {}, get("site", 9000), "ended", false},
      {"HTTP that does not fit, strict", base::Memory::over, strict, get("site", 9000),
       "connection_limit_reached", false},
      {"much that is neither", base::Memory::near, strict, "GET /" + std::string(20'000, 'x'),
       "connection_limit_reached", false},
  };
  for (const Case& c : cases) {
    for (const int how : {0, 1, 2}) {  // With the CONNECT; later; some at a time.
      Tunnelled t(
          {.no_opaque_ports = c.no_opaque_ports, .sniff_bytes = 64 * 1024, .decision = c.decision});
      const Scarce scarce(c.stand);
      ASSERT_EQ(base::Account::stand(), c.stand);
      const bool at_once = how == 0 && c.bytes.size() <= base::Block::kSmall;
      t.run(at_once ? c.bytes : "");
      for (size_t at = at_once ? c.bytes.size() : 0; at < c.bytes.size();) {
        const size_t n = how == 2 ? 10 : c.bytes.size();
        t.client.arrive(std::string_view(c.bytes).substr(at, n));
        at += n;
        t.fake.loop.turn(0);
        EXPECT_LE(base::block_bytes_in_use(),
                  c.stand == base::Memory::over ? base::Block::kTiny : base::Block::kSmall)
            << c.why;
      }
      // Bytes that came with the CONNECT are in a block that is allocated already.
      const bool all_there = at_once && c.bytes.size() < base::Block::kSmall;
      const bool told_apart = c.told_apart || all_there;
      t.turn();
      if (told_apart && c.bytes.front() == 'G') t.client.arrive("", true);
      EXPECT_EQ(t.until(500), told_apart ? "ended" : c.ended)
          << c.why << " " << how << ", and at once";
      EXPECT_EQ(t.exchange->sni, told_apart && c.bytes.front() == '\x16' ? "sni.example" : "")
          << c.why << " " << how;
      EXPECT_EQ(t.seen.became_pin, told_apart && c.bytes.front() == 'G') << c.why << " " << how;
      if (t.seen.ran)
        EXPECT_TRUE(t.seen.client_bytes + t.client.incoming == c.bytes) << c.why << " " << how;
    }
  }
}

TEST(Recognise, AClientThatEndsIsTheRelaysAffair) {
  for (const char* bytes : {"", "GET / HT"}) {
    Tunnelled t;
    t.run();
    t.client.arrive(bytes, true);
    EXPECT_EQ(t.until(3000), "ended");
    EXPECT_TRUE(t.seen.ran);
    EXPECT_EQ(t.seen.client_bytes, bytes);
  }
}

TEST(Recognise, WhereOpaqueIsRefusedAnEndWithoutAWordIsNoRefusal) {
  enum class Ends : uint8_t { client, origin };
  struct Case {
    const char* why;
    bool own;
    Ends who;
    const char* client_said;
    const char* origin_said;
    const char* ended;
  };
  const Case cases[] = {
      {"a client that says nothing", false, Ends::client, "", "", "ended"},
      {"a client of our own that says nothing", true, Ends::client, "", "", "ended"},
      {"a client that said a part", false, Ends::client, "GET / HT", "", "http_request_denied"},
      {"an origin that says nothing", false, Ends::origin, "", "", "ended"},
      {"an origin that said something", false, Ends::origin, "", "220 ready\r\n",
       "http_request_denied"},
      {"an origin that leaves while the client says something", false, Ends::origin, "GET / HT", "",
       "connection_terminated"},
  };
  for (const Case& c : cases) {
    Tunnelled t(
        {.target = c.own ? "weir.internal:80" : "site:80", .own = c.own, .no_opaque_ports = {80}});
    t.run(c.client_said);
    t.turn();
    if (*c.origin_said) t.origin.arrive(c.origin_said);
    (c.who == Ends::client ? t.client : t.origin).arrive("", true);
    EXPECT_EQ(t.until(500), c.ended) << c.why;
    EXPECT_FALSE(t.seen.ran || t.seen.became_pin) << c.why << ": nothing passes";
    t.tunnel = nullptr;
    EXPECT_TRUE(t.seen.gone) << c.why;
  }
}

TEST(Recognise, AnOriginThatBreaksEndsIt) {
  for (const bool strict : {false, true}) {
    for (const char* said : {"", "GET / HT"}) {
      Tunnelled broken(
          {.no_opaque_ports = strict ? std::vector<uint16_t>{80} : std::vector<uint16_t>{}});
      broken.run(said);
      broken.turn();
      broken.origin.readiness().interrupt();
      EXPECT_EQ(broken.until(1000), "connection_terminated") << said;
      EXPECT_FALSE(broken.seen.ran);
      EXPECT_TRUE(broken.client.aborted);
    }
  }
}

TEST(Recognise, AClientThatBreaksEndsIt) {
  Tunnelled broken;
  broken.run();
  broken.client.readiness().interrupt();
  EXPECT_EQ(broken.until(1000), "client_closed");
  EXPECT_FALSE(broken.seen.ran);
}

TEST(Recognise, CancelledWhileItWatchesItLeavesNothing) {
  Tunnelled t;
  t.run();
  t.client.arrive("GET / HT");
  t.turn();
  EXPECT_GT(base::block_bytes_in_use(), 0u);
  t.task.cancel();
  t.tunnel = nullptr;
  t.bytes = base::Slice();  // The caller owns the bytes that were read.
  EXPECT_TRUE(t.seen.gone);
  EXPECT_EQ(base::block_bytes_in_use(), 0u);
  t.client.arrive("more");
  t.origin.arrive("more");
  t.turn();
}

}  // namespace
}  // namespace weir::tunnel
