#include "server/request_work.h"

#include <gtest/gtest.h>

#include <list>
#include <string>
#include <vector>

#include "async/stream_fake.h"
#include "http/stage_fake.h"
#include "server/carry_tunnel.h"

namespace weir::server {
namespace {

/// Content whose pieces the test hands out.
class Fed final : public http::Body {
 public:
  Fed(std::string& piece, async::Signal& came) : piece_(piece), came_(came) {}
  async::Task<base::Result<http::Chunk>> read() override {
    for (auto seen = came_.version(); piece_.empty(); seen = came_.version())
      co_await came_.changed(seen);
    const std::string piece = std::exchange(piece_, {});
    co_return http::Chunk{.bytes = base::Slice::copy_of(piece), .last = piece == "end"};
  }

 private:
  std::string& piece_;
  async::Signal& came_;
};

struct Echo final : http::Tunnel {
  async::Task<base::Result<void>> run(async::ByteStream& client, base::Slice first) override {
    co_await client.write({std::move(first)}, 1000);
    co_return {};
  }
};

/// Writes each part of the response with the number of its request, onto the request's own stream.
class Numbered final : public Responder {
 public:
  Numbered(async::MemoryStream& stream, uint64_t& sent) : Responder(stream, sent) {}
  base::Result<void> interim(const http::ResponseHead& head) override {
    interims.push_back(head.status);
    return {};
  }
  async::WriteOperation begin(http::ResponseHead& head, Follows follows,
                              http::Chunk&& first) override {
    const std::string text = std::to_string(head.status) + (follows == Follows::tunnel ? "T" : "") +
                             (first.last ? "." : ":");
    return stream().write({base::Slice::copy_of(text), std::move(first.bytes)}, 1000, &sent());
  }
  async::WriteOperation send(http::Chunk&& chunk) override {
    return stream().write({std::move(chunk.bytes)}, 1000, &sent());
  }
  bool plain() const override { return false; }
  uint64_t silence_ms() const override { return 1000; }
  void abort() override { aborted = true; }

  std::vector<int> interims;
  bool aborted = false;
};

/// Several requests at a time, as on a connection that carries many.
class Streams final : private http::Journal {
 public:
  struct Stream {
    async::MemoryStream bytes;
    async::Interrupt interrupt;
    std::string piece;
    async::Signal came;
    base::Ref<ClientExchange> exchange;
    std::vector<int> interims;
    bool aborted = false;
  };

  Streams() {
    std::vector<std::unique_ptr<const http::Stage>> stages;
    stages.push_back(std::make_unique<Answers>(*this));
    pipeline = base::make_ref<http::Pipeline>(std::move(stages));
  }
  Stream& open(const char* method) {
    Stream& stream = streams.emplace_back();
    scope.spawn(serve(stream, method));
    turn();
    return stream;
  }
  void feed(Stream& stream, std::string piece) {
    stream.piece = std::move(piece);
    stream.came.notify();
    turn();
  }
  void turn() {
    for (int i = 0; i < 10; ++i) loop.turn(0);
  }

  async::EventLoop loop;
  ConfigRef config = base::make_ref<KeptConfig>(ServerConfig());
  LiveConnections connections;
  base::Ref<const http::Pipeline> pipeline;
  SessionContext context{*this, pipeline, config, connections};
  base::Ref<const http::Asker> asker = base::make_ref<http::Asker>(base::make_ref<http::Session>());
  std::list<Stream> streams;
  std::vector<std::string> records;
  async::TaskScope scope;

 private:
  async::Task<void> serve(Stream& stream, const char* method) {
    auto exchange = base::make_ref<ClientExchange>(context, asker, stream.interrupt, loop.now_ms());
    exchange->request = http::fake_head(method, "site:1", {{"Host", "x"}});
    stream.exchange = exchange;
    Numbered responder(stream.bytes, exchange->sent);
    http::Request request;
    request.head = exchange->request;
    request.asker = asker;
    request.exchange = exchange;
    RequestWork::Ended ended;
    {
      RequestWork work(exchange, responder, stream.interrupt);
      ended = co_await work.run(request);
    }
    stream.interims = responder.interims;
    stream.aborted = responder.aborted;
    if (ended && *ended && **ended)
      co_await carry_tunnel(**std::move(ended), exchange, stream.bytes,
                            base::Slice::copy_of("hello"), stream.interrupt);
    stream.exchange = nullptr;
  }
  /// The last stream's answer: a tunnel, or content as it is fed.
  struct Answers final : http::Stage {
    explicit Answers(Streams& all) : all(all) {}
    async::Task<base::Result<http::Response>> handle(http::Request& request,
                                                     http::Next) const override {
      Stream& stream = all.streams.back();
      http::Response response;
      response.head = http::ResponseHead::make(200);
      if (request.head->method == http::Method::connect) {
        response.tunnel = std::make_unique<Echo>();
      } else {
        (void)request.exchange->interim(*http::ResponseHead::make(103));
        response.body = std::make_unique<Fed>(stream.piece, stream.came);
      }
      return http::answer(std::move(response));
    }
    Streams& all;
  };
  void record(const http::Exchange& exchange) override {
    records.push_back(std::to_string(exchange.status) + " " + exchange.ended());
  }
};

TEST(RequestWork, ManyAtATimeEachToItsOwnEnd) {
  Streams all;
  Streams::Stream &one = all.open("GET"), &two = all.open("GET");
  all.feed(two, "b1");
  all.feed(one, "a1");
  Streams::Stream& tunnel = all.open("CONNECT");
  EXPECT_EQ(tunnel.bytes.sent, "200T.hello");
  all.feed(two, "b2");
  two.exchange->cancel("policy_changed");
  all.turn();
  all.feed(one, "end");
  EXPECT_EQ(one.bytes.sent, "200:a1end");
  EXPECT_EQ(two.bytes.sent, "200:b1b2");
  EXPECT_EQ(all.records,
            (std::vector<std::string>{"200 complete", "200 policy_changed", "200 complete"}));
  EXPECT_TRUE(two.aborted) << "its client must not take a part for the whole";
  EXPECT_FALSE(one.aborted || tunnel.aborted);
  EXPECT_EQ(one.interims, std::vector<int>{103});
  EXPECT_EQ(all.scope.size(), 0u);
}

TEST(RequestWork, AfterItNothingReachesTheResponder) {
  Streams all;
  Streams::Stream& stream = all.open("GET");
  const base::Ref<ClientExchange> exchange = stream.exchange;
  all.feed(stream, "end");
  EXPECT_TRUE(exchange->interim(*http::ResponseHead::make(103)));
  EXPECT_EQ(stream.interims, std::vector<int>{103}) << "the one that came before the answer";
}

}  // namespace
}  // namespace weir::server
