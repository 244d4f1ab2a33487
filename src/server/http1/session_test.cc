#include "server/http1/session.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <list>

#include "async/stream_fake.h"
#include "base/clock.h"
#include "http/stage_fake.h"
#include "server/drip.h"

namespace weir::server {
namespace {

using async::MemoryStream;
using async::Task;
using base::ErrorType;
using http::Request;
using http::Response;

using Answering = std::function<Task<base::Result<Response>>(Request&)>;

/// Content of unknown length, in pieces that come one a turn; with trailers or an error at its end.
class Pieces final : public http::Body {
 public:
  explicit Pieces(std::vector<std::string> pieces, bool breaks = false)
      : pieces_(std::move(pieces)), breaks_(breaks) {}
  Task<base::Result<http::Chunk>> read() override {
    co_await async::Yield();
    if (next_ == pieces_.size()) {
      if (breaks_) co_return base::fail(ErrorType::http_response_incomplete, "broke");
      http::Chunk last{.last = true, .trailers = http::Trailers::make()};
      last.trailers->fields.add("X-Sum", "1");
      co_return last;
    }
    co_return http::Chunk{.bytes = base::Slice::copy_of(pieces_[next_++])};
  }

 private:
  std::vector<std::string> pieces_;
  size_t next_ = 0;
  bool breaks_;
};

Response text(int status, std::string content) {
  Response response;
  response.head = http::ResponseHead::make(status);
  if (status != 204) response.head->fields.add("Content-Length", std::to_string(content.size()));
  if (!content.empty()) response.body = std::make_unique<http::TextBody>(std::move(content));
  return response;
}
Response pieces(std::vector<std::string> parts, bool breaks = false) {
  Response response;
  response.head = http::ResponseHead::make(200);
  response.body = std::make_unique<Pieces>(std::move(parts), breaks);
  return response;
}

/// A worker's loop with connections that are served, and what their exchanges said.
class Server final : private http::Journal {
 public:
  Server() {
    config.linger_ms = 200;
    config.linger_silence_ms = 30;
    std::vector<std::unique_ptr<const http::Stage>> stages;
    stages.push_back(std::make_unique<Stage>(*this));
    pipeline = base::make_ref<http::Pipeline>(std::move(stages));
  }
  /// Lives as long as this does.
  MemoryStream& stream() { return streams_.emplace_back(); }
  /// Serves a stream, from which `first` was read before.
  void serve(MemoryStream& stream, std::string_view first = {}) {
    auto session = base::make_ref<http::Session>();
    session->client = {base::IpAddress::v4(127, 0, 0, 1), 1};
    session->local = {base::IpAddress::v4(127, 0, 0, 1), 9876};
    scope.spawn(serve_session(stream, base::make_ref<http::Asker>(std::move(session)), context,
                              first.empty() ? base::Slice() : base::Slice::copy_of(first),
                              nullptr));
    turn();
  }
  void turn(int times = 30) {
    while (times-- > 0) loop.turn(0);
  }
  bool until(const std::function<bool()>& holds, uint64_t limit_ms = 3000) {
    for (const uint64_t end = base::monotonic_ms() + limit_ms; !holds();) {
      if (base::monotonic_ms() > end) return false;
      loop.turn(5);
    }
    return true;
  }
  /// What one request on a connection of its own is answered, after which that ends.
  std::string ask(std::string_view request) {
    MemoryStream& stream = this->stream();
    stream.arrive(request, true);
    serve(stream);
    until([&] { return scope.size() == 0; });
    was_aborted = stream.aborted;
    return stream.sent;
  }

  async::EventLoop loop;
  const base::Ref<KeptConfig> kept = base::make_ref<KeptConfig>(ServerConfig());
  KeptConfig& config = *kept;
  ConfigRef current = kept;
  /// Answers 200 with the request's path, unless the test says otherwise.
  Answering answering = [](Request& request) {
    return http::answer(text(200, std::string(request.head->target.path)));
  };
  base::Ref<const http::Pipeline> pipeline;
  LiveConnections connections;
  SessionContext context{*this, pipeline, current, connections};
  /// `METHOD STATUS ended`.
  std::vector<std::string> records;
  std::vector<uint64_t> sent, received;
  bool was_aborted = false;

 private:
  std::list<MemoryStream> streams_;

 public:
  async::TaskScope scope;

 private:
  struct Stage final : http::Stage {
    explicit Stage(Server& server) : server(server) {}
    Task<base::Result<Response>> handle(Request& request, http::Next) const override {
      if (request.head->fault) {
        Response response = text(request.head->fault->status(), "fault");
        request.exchange->set_error(*request.head->fault);
        return http::answer(std::move(response));
      }
      return server.answering(request);
    }
    Server& server;
  };
  void record(const http::Exchange& exchange) override {
    std::string method =
        exchange.settled()
            ? std::string(exchange.request_line().substr(0, exchange.request_line().find(' ')))
        : exchange.request ? std::string(exchange.request->method_token)
                           : std::string("-");
    records.push_back(method + " " + std::to_string(exchange.status) + " " +
                      (exchange.has_error() ? std::string(base::name_of(exchange.error_type()))
                                            : exchange.ended()));
    sent.push_back(exchange.sent);
    received.push_back(exchange.received);
  }
};

std::string get(std::string_view path, std::string_view more = "") {
  return std::string("GET http://site")
      .append(path)
      .append(" HTTP/1.1\r\nHost: site\r\n")
      .append(more)
      .append("\r\n");
}

TEST(Session, FramingAndPersistenceByVersionAndMethod) {
  const struct {
    const char* request;
    int kind;  // Of the answer: 0 text, 1 pieces, 2 204, 3 304 with a length.
    const char* answer;
    bool more;  // Another request on the connection is answered.
  } cases[] = {
      {"GET /a HTTP/1.1\r\nHost: s\r\n\r\n", 0, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n/a",
       true},
      {"GET /a HTTP/1.1\r\nHost: s\r\nConnection: close\r\n\r\n", 0,
       "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\n/a", false},
      {"GET /a HTTP/1.0\r\nHost: s\r\n\r\n", 0,
       "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\n/a", false},
      // A proxy keeps no connection to an HTTP/1.0 client (RFC 9112, 9.3).
      {"GET /a HTTP/1.0\r\nHost: s\r\nConnection: keep-alive\r\n\r\n", 0,
       "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\n/a", false},
      {"HEAD /a HTTP/1.1\r\nHost: s\r\n\r\n", 0, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n",
       true},
      {"GET /a HTTP/1.1\r\nHost: s\r\n\r\n", 1,
       "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\none\r\n3\r\ntwo\r\n0\r\nX-Sum: "
       "1\r\n\r\n",
       true},
      {"GET /a HTTP/1.0\r\nHost: s\r\nConnection: keep-alive\r\n\r\n", 1,
       "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nonetwo", false},
      {"GET /a HTTP/1.1\r\nHost: s\r\n\r\n", 2, "HTTP/1.1 204 No Content\r\n\r\n", true},
      {"GET /a HTTP/1.1\r\nHost: s\r\n\r\n", 3,
       "HTTP/1.1 304 Not Modified\r\nContent-Length: 7\r\n\r\n", true},
  };
  for (const auto& c : cases) {
    Server server;
    int asked = 0;
    server.answering = [&](Request& request) {
      ++asked;
      if (c.kind == 1) return http::answer(pieces({"one", "two"}));
      if (c.kind == 2) return http::answer(text(204, ""));
      if (c.kind == 3) {
        Response response;
        response.head = http::ResponseHead::make(304);
        response.head->fields.add("Content-Length", "7");
        return http::answer(std::move(response));
      }
      return http::answer(text(200, std::string(request.head->target.path)));
    };
    const std::string sent = server.ask(std::string(c.request) + c.request);
    EXPECT_EQ(sent, c.more ? std::string(c.answer) + c.answer : c.answer) << c.request;
    EXPECT_EQ(asked, c.more ? 2 : 1);
    EXPECT_EQ(server.records.size(), c.more ? 2u : 1u);
    EXPECT_EQ(server.sent[0], std::string_view(c.answer).size())
        << "the record counts what went out";
    EXPECT_EQ(server.records[0].substr(server.records[0].rfind(' ')), " complete");
  }
}

TEST(Session, ContentThatBreaksOffIsNeverTakenForWhole) {
  Server server;
  server.answering = [](Request&) { return http::answer(pieces({"half"}, true)); };
  EXPECT_EQ(server.ask("GET / HTTP/1.1\r\nHost: s\r\n\r\n" + get("/next")),
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n");
  EXPECT_EQ(server.records, std::vector<std::string>{"GET 200 http_response_incomplete"});
  EXPECT_EQ(server.ask("GET / HTTP/1.0\r\n\r\n").substr(0, 15), "HTTP/1.1 200 OK");
  EXPECT_TRUE(server.was_aborted) << "without framing only a reset tells";
}

TEST(Session, EachRecordIsOfAByteThatCame) {
  Server server;
  server.config.head_timeout_ms = 50;
  server.config.idle_timeout_ms = 50;
  EXPECT_EQ(server.ask(""), "");
  MemoryStream &silent = server.stream(), &idle = server.stream(), &slow = server.stream();
  server.serve(silent);
  server.serve(idle, get("/a"));
  EXPECT_EQ(server.records.size(), 1u);
  server.until([&] { return server.scope.size() == 0; });
  EXPECT_EQ(silent.sent, "");
  EXPECT_EQ(server.records.size(), 1u) << "neither silence nor idleness is a request's";
  server.serve(slow);
  slow.arrive("GET http://si");
  EXPECT_TRUE(server.until([&] { return server.scope.size() == 0; }));
  EXPECT_TRUE(slow.sent.starts_with("HTTP/1.1 408 ")) << slow.sent;
  EXPECT_TRUE(
      server.ask("GET http://site/ HTTP/1.1\r\nHost : x\r\n\r\n").starts_with("HTTP/1.1 400 "));
  EXPECT_EQ(server.ask("GET http://si"), "") << "nobody is left to answer";
  ASSERT_EQ(server.records.size(), 4u);
  EXPECT_TRUE(server.records[1].ends_with(" 408 http_request_error")) << server.records[1];
  EXPECT_TRUE(server.records[2].ends_with(" 400 http_request_error")) << server.records[2];
  EXPECT_TRUE(server.records[3].ends_with(" 0 client_closed")) << server.records[3];
}

/// Reads the request's content to its end and says what it was.
Task<base::Result<Response>> read_content(Request& request) {
  std::string content;
  while (request.body) {
    auto chunk = co_await request.body->read();
    if (!chunk) co_return std::unexpected(std::move(chunk).error());
    content.append(chunk->bytes.view());
    if (chunk->trailers) content += "+" + http::lines_of(chunk->trailers->fields);
    if (chunk->last) break;
  }
  co_return text(200, content);
}

TEST(Session, AskingForContentSendsOne100UnlessItHasBegun) {
  const std::string head =
      "POST / HTTP/1.1\r\nHost: s\r\nExpect: 100-continue\r\nContent-Length: 4\r\n\r\n";
  const std::string hundred = "HTTP/1.1 100 Continue\r\n\r\n",
                    answer = "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nabcd";
  Server server;
  server.answering = read_content;
  MemoryStream &waits = server.stream(), &begins = server.stream();
  server.serve(waits, head);
  EXPECT_EQ(waits.sent, hundred);
  waits.arrive("ab");
  server.turn();
  waits.arrive("cd");
  server.turn();
  EXPECT_EQ(waits.sent, hundred + answer);
  waits.arrive(head + "abcd");
  server.turn();
  EXPECT_EQ(waits.sent, hundred + answer + answer);
  MemoryStream& seems = server.stream();
  seems.readiness().readable =
      true;  // As after a head that just filled its block: whether content has begun is not known.
  server.serve(seems, head);
  EXPECT_EQ(seems.sent, hundred);
  seems.arrive("abcd");
  server.turn();
  EXPECT_EQ(seems.sent, hundred + answer);
  server.serve(begins, head + "a");
  begins.arrive("bcd");
  server.turn();
  EXPECT_EQ(begins.sent, answer);
  EXPECT_EQ(server.received, (std::vector<uint64_t>{4, 4, 4, 4}));
  // Answered without being asked for: no 100, and what may come is no request.
  server.answering = [](Request&) { return http::answer(text(417, "")); };
  MemoryStream& refused = server.stream();
  server.serve(refused, head);
  EXPECT_TRUE(refused.sent.starts_with("HTTP/1.1 417 "));
  EXPECT_NE(refused.sent.find("\r\nConnection: close\r\n"), std::string::npos);
  refused.arrive(get("/not-a-request"));
  EXPECT_TRUE(server.until([&] { return refused.writes_shut_down; }));
  EXPECT_EQ(server.records.back(), "POST 417 complete");
}

TEST(Session, ContentOfEachFramingAndWhatIsWrongWithIt) {
  Server server;
  server.answering = read_content;
  EXPECT_TRUE(server
                  .ask("POST / HTTP/1.1\r\nHost: s\r\nTransfer-Encoding: "
                       "chunked\r\n\r\n3\r\nabc\r\n1;x=y\r\nd\r\n0\r\nT: 1\r\n\r\n")
                  .ends_with("\r\n\r\nabcd+T: 1\n"));
  EXPECT_TRUE(server.ask("POST / HTTP/1.1\r\nHost: s\r\nContent-Length: 0\r\n\r\n" + get("/"))
                  .ends_with("\r\n\r\n"));
  EXPECT_EQ(server.records.size(), 3u);
  server.records.clear();
  // The client ends inside its content: nobody is left to answer.
  EXPECT_EQ(server.ask("POST / HTTP/1.1\r\nHost: s\r\nContent-Length: 5\r\n\r\nab"), "");
  EXPECT_EQ(server.ask("POST / HTTP/1.1\r\nHost: s\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab"),
            "");
  EXPECT_EQ(server.records,
            (std::vector<std::string>{"POST 0 client_closed", "POST 0 client_closed"}));
  server.records.clear();
  server.ask("POST / HTTP/1.1\r\nHost: s\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n");
  EXPECT_EQ(server.records, std::vector<std::string>{"POST 0 http_request_error"});
  server.records.clear();
  server.config.content_timeout_ms = 40;
  MemoryStream& slow = server.stream();
  server.serve(slow, "POST / HTTP/1.1\r\nHost: s\r\nContent-Length: 5\r\n\r\nab");
  EXPECT_TRUE(server.until([&] { return server.scope.size() == 0; }));
  EXPECT_EQ(server.records, std::vector<std::string>{"POST 0 http_request_error"});
}

TEST(Session, ARequestKeepsTheConfigurationThatItBeganWith) {
  Server server;
  server.answering = read_content;
  const std::string begun = "POST / HTTP/1.1\r\nHost: s\r\nContent-Length: 5\r\n\r\na";
  MemoryStream& stream = server.stream();
  server.serve(stream, begun);
  ServerConfig shorter;
  shorter.content_timeout_ms = 40;
  server.current = base::make_ref<KeptConfig>(shorter);
  MemoryStream& other = server.stream();
  server.serve(other, begun);
  stream.arrive("b");  // From here on, another wait has begun.
  EXPECT_TRUE(server.until([&] { return server.scope.size() == 1; }));
  EXPECT_EQ(server.records, std::vector<std::string>{"POST 0 http_request_error"});
  stream.arrive("cde");
  server.turn();
  EXPECT_TRUE(stream.sent.ends_with("\r\n\r\nabcde"));
  // The next request on the same connection begins with the configuration of now.
  stream.arrive(begun);
  EXPECT_TRUE(server.until([&] { return server.scope.size() == 0; }));
  EXPECT_EQ(server.records.back(), "POST 0 http_request_error");
}

TEST(Session, AfterAnEarlyAnswerWhatComesIsReadAndDropped) {
  Server server;
  server.answering = [](Request&) { return http::answer(text(413, "no")); };
  server.config.linger_bytes = 300'000;
  const std::string head = "POST / HTTP/1.1\r\nHost: s\r\nContent-Length: 10000000\r\n\r\n";
  {
    MemoryStream& stream = server.stream();
    server.serve(stream, head);
    EXPECT_TRUE(stream.sent.ends_with("Connection: close\r\n\r\nno"));
    EXPECT_TRUE(stream.writes_shut_down) << "the answer is over, and its end says so";
    stream.arrive(std::string(100'000, 'x'));
    server.turn();
    EXPECT_EQ(server.scope.size(), 1u);
    EXPECT_EQ(stream.incoming, "");
    stream.arrive(std::string(1'000'000, 'x'));
    server.turn();
    EXPECT_EQ(server.scope.size(), 0u) << "not for ever";
    EXPECT_GT(stream.incoming.size(), 700'000u);
  }
  MemoryStream &silent = server.stream(), &ends = server.stream();
  server.serve(silent, head);
  EXPECT_TRUE(server.until([&] { return server.scope.size() == 0; }, 500)) << "silence ends it";
  server.serve(ends, head);
  ends.arrive("", true);
  server.turn();
  EXPECT_EQ(server.scope.size(), 0u);
  MemoryStream& drips = server.stream();
  server.serve(drips, head);
  const uint64_t began = base::monotonic_ms();
  EXPECT_TRUE(server.until([&] {
    drips.arrive("x");
    return server.scope.size() == 0;
  }));
  EXPECT_GE(base::monotonic_ms() - began, 150u);
}

TEST(Session, InterimResponsesNeverWait) {
  Server server;
  int count = 1;
  server.answering = [&](Request& request) -> Task<base::Result<Response>> {
    const auto head = http::ResponseHead::make(103);
    head->fields.add("Link", "x");
    base::Result<void> said;
    for (int i = 0; i < count && said; ++i) said = request.exchange->interim(*head);
    if (!said) return http::fail_with(std::move(said).error());
    return http::answer(text(200, "ok"));
  };
  const std::string interim = "HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n",
                    final = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
  EXPECT_EQ(server.ask(get("/")), interim + final);
  EXPECT_EQ(server.sent[0], interim.size() + final.size());
  EXPECT_EQ(server.ask("GET / HTTP/1.0\r\nHost: s\r\n\r\n").find("103"), std::string::npos)
      << "HTTP/1.0 has none";
  // How many there may be is the origin side's affair; what waits for a client that takes nothing
  // is bounded here.
  count = 100;
  EXPECT_NE(server.ask(get("/")).find("200"), std::string::npos);
  count = 10'000;
  MemoryStream& stuck = server.stream();
  stuck.window = 5;
  server.serve(stuck, get("/"));
  EXPECT_TRUE(server.until([&] { return server.records.back() == "GET 0 http_protocol_error"; }))
      << server.records.back();
  // What a slow client does not take goes out before the next head, and in order.
  count = 3;
  MemoryStream& slow = server.stream();
  slow.window = interim.size() + 5;
  server.serve(slow, get("/"));
  EXPECT_EQ(slow.sent, interim + interim.substr(0, 5));
  slow.window = SIZE_MAX;
  slow.readiness().became_writable();
  server.turn();
  EXPECT_EQ(slow.sent, interim + interim + interim + final);
}

TEST(Session, AClientThatDoesNotReadIsCutAfterAWhile) {
  Server server;
  server.config.write_timeout_ms = 60;
  MemoryStream& stream = server.stream();
  stream.window = 10;
  server.serve(stream, get("/"));
  EXPECT_EQ(server.scope.size(), 1u);
  EXPECT_TRUE(server.until([&] { return server.scope.size() == 0; }));
  EXPECT_EQ(server.records, std::vector<std::string>{"GET 200 connection_write_timeout"});
  EXPECT_EQ(server.sent[0], 10u);
  EXPECT_EQ(base::block_bytes_in_use(), 0u);
}

struct Alive {
  int& count;
  explicit Alive(int& count) : count(++count) {}
  Alive(Alive&& other) noexcept : count(++other.count) {}
  ~Alive() { --count; }
};

TEST(Session, AnInterruptEndsWhatRunsAndNamesTheReason) {
  Server server;
  async::Signal never;
  int alive = 0;
  server.answering = [&](Request& request) {
    return [](Request&, Alive, async::Signal& never) -> Task<base::Result<Response>> {
      co_await never.changed(never.version());
      co_return base::fail(ErrorType::proxy_internal_error, "it does not come here");
    }(request, Alive(alive), never);
  };
  MemoryStream &drained = server.stream(), &broken = server.stream(), &half = server.stream();
  server.serve(drained, get("/"));
  server.serve(broken, get("/"));
  server.serve(half, get("/"));
  EXPECT_EQ(alive, 3);
  ASSERT_NE(drained.readiness().on_broken, nullptr);
  drained.readiness().on_broken->fire("drained");
  broken.readiness().became_broken();
  half.arrive("", true);
  server.turn();
  EXPECT_EQ(alive, 1) << "an orderly end after a request is a half-close";
  EXPECT_EQ(server.records, (std::vector<std::string>{"GET 0 drained", "GET 0 client_closed"}));
  server.scope.cancel_all();
  EXPECT_EQ(alive, 0);
  EXPECT_EQ(server.records.back(), "GET 0 client_closed");
  EXPECT_EQ(server.connections.count(), 0u);
}

TEST(Session, AStreamThatOnlySeemsReadableIsIdle) {
  Server server;
  server.config.head_timeout_ms = 40;
  server.config.idle_timeout_ms = 250;
  MemoryStream& stream = server.stream();
  server.serve(stream, get("/"));
  for (int i = 0; i < 3; ++i) {
    stream.readiness()
        .became_readable();  // As after a splice, which does not know that it took the last byte.
    server.turn();
    EXPECT_EQ(base::block_bytes_in_use(), 0u) << "an idle connection holds no buffer";
  }
  EXPECT_FALSE(server.until([&] { return server.scope.size() == 0; }, 150))
      << "a head's time begins with its first byte";
  EXPECT_TRUE(server.until([&] { return server.scope.size() == 0; }));
  EXPECT_EQ(server.records.size(), 1u);
}

TEST(Session, AStageMayMakeItsAnswerTheLastOnTheConnection) {
  for (const std::string& request :
       {get("/"),
        std::string("POST http://site/ HTTP/1.1\r\nHost: s\r\nContent-Length: 4\r\n\r\nabcd"),
        std::string("GET / HTTP/1.1\r\nHost: weir.internal\r\n\r\n")}) {
    Server server;
    server.answering = [](Request& request) {
      request.pins->last_exchange();
      return http::answer(text(403, "not served"));
    };
    const std::string answer = server.ask(request + get("/"));
    EXPECT_TRUE(answer.starts_with("HTTP/1.1 403 ")) << answer;
    EXPECT_NE(answer.find("Connection: close"), std::string::npos);
    ASSERT_EQ(server.records.size(), 1u);
    EXPECT_TRUE(server.records[0].ends_with(" 403 complete")) << server.records[0];
    EXPECT_EQ(server.received[0], 0u) << "its content is not read";
  }
}

struct FakeTunnel final : http::Tunnel {
  explicit FakeTunnel(std::string& got, bool fails) : got(got), fails(fails) {}
  Task<base::Result<void>> run(async::ByteStream& client, base::Slice client_bytes) override {
    got = client_bytes.view();
    co_await async::Yield();
    co_await client.write({base::Slice::copy_of("tunnelled")}, 1000);
    if (fails) co_return base::fail(ErrorType::connection_terminated, "the origin broke");
    co_return {};
  }
  std::string& got;
  bool fails;
};

TEST(Session, ATunnelEndsItsConnectionAndItsRecord) {
  for (const bool fails : {false, true}) {
    Server server;
    std::string got;
    server.answering = [&](Request&) {
      Response response;
      response.head = http::ResponseHead::make(200);
      response.head->fields.add("Content-Length", "5");
      response.tunnel = std::make_unique<FakeTunnel>(got, fails);
      return http::answer(std::move(response));
    };
    EXPECT_EQ(
        server.ask("CONNECT site:443 HTTP/1.1\r\nHost: site:443\r\n\r\n" + get("/no-request")),
        "HTTP/1.1 200 OK\r\n\r\ntunnelled");
    EXPECT_EQ(got, get("/no-request"));
    EXPECT_EQ(server.records, std::vector<std::string>{fails ? "CONNECT 200 connection_terminated"
                                                             : "CONNECT 200 complete"});
  }
  // After a refused CONNECT nothing is parsed as a request.
  Server server;
  server.answering = [](Request&) { return http::answer(text(403, "no")); };
  server.ask("CONNECT site:443 HTTP/1.1\r\nHost: site:443\r\n\r\n" + get("/no-request"));
  EXPECT_EQ(server.records, std::vector<std::string>{"CONNECT 403 complete"});
}

TEST(LiveConnections, TheLongestIdleOneIsShedFirst) {
  Server server;
  async::Signal never;
  server.answering = [&](Request& request) -> Task<base::Result<Response>> {
    if (request.head->target.path == "/wait") {
      return [](Request&, async::Signal& never) -> Task<base::Result<Response>> {
        co_await never.changed(never.version());
        co_return text(200, "");
      }(request, never);
    }
    return http::answer(text(200, "ok"));
  };
  MemoryStream &first = server.stream(), &second = server.stream(), &busy = server.stream(),
               &fresh = server.stream();
  server.serve(first, get("/"));
  server.serve(second, get("/"));
  server.serve(busy, get("/wait"));
  server.serve(fresh);
  EXPECT_EQ(server.connections.count(), 4u);
  first.arrive(get("/"));  // Now the second has been idle for longer.
  server.turn();
  const auto closed = [](MemoryStream& stream) { return stream.readiness().on_broken == nullptr; };
  EXPECT_TRUE(server.connections.shed_one());
  server.turn();
  EXPECT_TRUE(closed(second));
  EXPECT_FALSE(closed(first));
  EXPECT_TRUE(server.connections.shed_one());
  server.turn();
  EXPECT_TRUE(closed(first));
  EXPECT_FALSE(server.connections.shed_one()) << "one that works, and one that has just come";
  EXPECT_TRUE(server.until([&] { return server.connections.shed_one(); }, 2000))
      << "but not one that says nothing";
  server.turn();
  EXPECT_TRUE(closed(fresh));
  EXPECT_FALSE(closed(busy));
  EXPECT_EQ(server.connections.count(), 1u);
  EXPECT_EQ(server.records.size(), 3u);
}

TEST(LiveConnections, ARequestThatHasComeIsServedBeforeItsConnectionIsClosed) {
  for (const bool drain : {false, true}) {
    for (const bool served_before : {false, true}) {
      Server server;
      server.answering = [](Request&) { return http::answer(text(200, "ok")); };
      MemoryStream& client = server.stream();
      server.serve(client, served_before ? get("/") : std::string());
      client.sent.clear();
      client.incoming = get("/late");  // The kernel has it, and its edge has not been seen.
      if (drain) {
        server.connections.drain();
      } else {
        EXPECT_TRUE(server.until([&] { return server.connections.shed_one(); }, 2000));
      }
      server.turn();
      EXPECT_TRUE(client.sent.starts_with("HTTP/1.1 200 OK\r\n")) << client.sent;
      EXPECT_TRUE(server.connections.draining() == drain && client.writes_shut_down == drain);
    }
  }
}

/// While it lives, memory stands so.
struct Scarce {
  explicit Scarce(int64_t of_limit_percent) {
    const int64_t held = base::Account::held_in_all();
    base::Account::set_limit(kLimit);
    charged = kLimit * of_limit_percent / 100 - held;
    base::Account::charge(base::Holding::pipes, charged);
    base::Account::compare();
  }
  ~Scarce() {
    base::Account::charge(base::Holding::pipes, -charged);
    base::Account::set_limit(0);
  }
  static constexpr int64_t kLimit = int64_t{1} << 33;
  int64_t charged;
};

TEST(Session, AtTheLimitOfMemoryNoHeadIsWaitedForAndWhatRunsGoesOn) {
  Server server;
  async::Signal go;
  server.answering = [&](Request& request) {
    return [](Request&, async::Signal& go) -> Task<base::Result<Response>> {
      co_await go.changed(go.version());
      co_return text(200, "done");
    }(request, go);
  };
  MemoryStream &runs = server.stream(), &kept = server.stream(), &partial = server.stream();
  server.serve(runs, get("/"));
  server.serve(partial, "GET / HT");
  {
    const Scarce near(95);
    server.serve(kept, get("/"));
    EXPECT_EQ(kept.sent, "") << "near the limit it runs";
  }
  {
    const Scarce full(100);
    for (const auto& [request, answer] : {std::pair("GET / HT", "HTTP/1.1 503 "),
                                          std::pair("no request\r\n\r\n", "HTTP/1.1 400 ")}) {
      MemoryStream& stream = server.stream();
      server.serve(stream, request);
      EXPECT_TRUE(stream.sent.starts_with(answer)) << request;
      EXPECT_NE(stream.sent.find("Connection: close"), std::string::npos);
    }
    go.notify();
    server.turn();
    EXPECT_TRUE(runs.sent.starts_with("HTTP/1.1 200 "));
    EXPECT_TRUE(kept.sent.starts_with("HTTP/1.1 200 "));
    EXPECT_EQ(server.connections.refused_for_memory(), 1u);
    kept.arrive("GET /again HT");
    server.turn();
    EXPECT_NE(kept.sent.find("HTTP/1.1 503 "), std::string::npos)
        << "also on a connection that was there";
    EXPECT_EQ(server.connections.refused_for_memory(), 2u);
  }
  server.answering = [](Request&) { return http::answer(text(200, "ok")); };
  EXPECT_TRUE(server.ask(get("/")).starts_with("HTTP/1.1 200 "));
}

TEST(Session, AllMemoryIsGivenBack) {
  base::keep_memory(false);
  const auto before = base::Account::held();
  {
    Server server;
    const auto with_server = base::Account::held();
    for (int i = 0; i < 20; ++i)
      EXPECT_TRUE(server.ask(get("/" + std::string(20'000, 'x'))).starts_with("HTTP/1.1 "));
    server.ask("GET / HT");
    MemoryStream& stream = server.stream();
    server.serve(stream, get("/"));
    EXPECT_GT(base::Account::held()[0], with_server[0]);
    server.scope.cancel_all();
    server.turn();
  }
  const auto after = base::Account::held();
  for (size_t i = 0; i < base::kHoldings; ++i)
    EXPECT_EQ(after[i], before[i]) << base::name_of(static_cast<base::Holding>(i));
  base::keep_memory(true);
}

/// Of several exchanges those whose clients make us wait, and move something, but hardly anything.
TEST(LiveConnections, TheSlowestDripIsCutFirst) {
  Server server;
  async::Signal never;
  server.answering = [&](Request& request) {
    return [](Request& request, async::Signal& never) -> Task<base::Result<Response>> {
      if (request.head->target.path == "/wait") co_await never.changed(never.version());
      while (request.body) {
        CO_TRY(const http::Chunk chunk, co_await request.body->read());
        if (chunk.last) break;
      }
      co_return text(200, std::string(100'000, 'x'));
    }(request, never);
  };
  MemoryStream &fast = server.stream(), &slow = server.stream(), &slower = server.stream(),
               &paused = server.stream(), &thinks = server.stream(), &upload = server.stream(),
               &live = server.stream();
  for (MemoryStream* each : {&fast, &slow, &slower, &paused}) {
    each->window = 1000;
    server.serve(*each, get("/"));
  }
  server.serve(thinks, get("/wait"));
  server.serve(upload, "POST / HTTP/1.1\r\nHost: site\r\nContent-Length: 1000\r\n\r\n");
  server.serve(live, "POST / HTTP/1.1\r\nHost: site\r\nTransfer-Encoding: chunked\r\n\r\n");
  std::vector<const MemoryStream*> cut;
  const std::vector<MemoryStream*> all{&fast, &slow, &slower, &paused, &thinks, &upload, &live};
  const uint64_t begin_ms = base::monotonic_ms();
  for (uint64_t now_ms = begin_ms; now_ms < begin_ms + 3 * Drip::kPeriodMs + 5000; now_ms += 1000) {
    const auto more = [](MemoryStream& stream, size_t bytes) {
      stream.window += bytes;
      stream.readiness().became_writable();
    };
    more(fast, 1000);
    more(slow, 200);
    more(slower, 100);
    upload.arrive("x");
    live.arrive("32\r\n" + std::string(50, 'x') + "\r\n");
    server.turn();
    server.connections.cut_one_drip(500, now_ms);
    server.turn();
    for (MemoryStream* each : all) {
      if (!each->readiness().on_broken && std::ranges::find(cut, each) == cut.end())
        cut.push_back(each);
    }
  }
  EXPECT_EQ(cut, (std::vector<const MemoryStream*>{&upload, &slower, &slow}));
  EXPECT_EQ(server.connections.drips_cut(), 3u);
  EXPECT_TRUE(slow.aborted && slower.aborted);
  EXPECT_FALSE(upload.aborted) << "an answer could still be sent";
  EXPECT_EQ(server.records,
            (std::vector<std::string>{"POST 0 http_request_error", "GET 200 lowest_rate",
                                      "GET 200 lowest_rate"}));
  server.scope.cancel_all();
}

}  // namespace
}  // namespace weir::server
