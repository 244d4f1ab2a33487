// Destroys a task at each of its waits: nothing must be left, no other exchange may be harmed, and
// each exchange must have its record.
#include <gtest/gtest.h>
#include <unistd.h>

#include "engine/harness.h"
#include "engine/logins.h"

namespace weir::engine {
namespace {

struct Scenario {
  const char* name;
  std::function<void(Harness&, Client&)> begin;
  /// Whether the client has everything that it waits for.
  std::function<bool(Client&)> done;
  size_t exchanges;
  bool login = false;
  bool any_end = false;  // The record may have any end: another side ends the exchange.
};

bool has(Client& client, size_t count) {
  const auto answers = client.answers();
  return answers.size() >= count && answers.back().complete;
}

std::vector<Scenario> scenarios() {
  return {
      {"requests of each framing",
       [](Harness& h, Client& c) {
         for (const char* path :
              {"/length?size=20000&piece=2000", "/chunked?trailers=1&piece=40", "/hints", "/empty"})
           c.get(h.origin->authority(), path);
       },
       [](Client& c) { return has(c, 4); }, 4},
      {"an upload beside the response",
       [](Harness& h, Client& c) {
         c.request("POST http://" + h.origin->authority() +
                   "/early?size=300000&piece=20000 HTTP/1.1\r\nHost: x\r\nContent-Length: "
                   "2000000\r\n\r\n" +
                   content_of(2'000'000));
       },
       [](Client& c) { return has(c, 1) && c.ended; }, 1},
      {"an upload that is echoed, asked for by 100",
       [](Harness& h, Client& c) {
         c.request("POST http://" + h.origin->authority() +
                   "/continue HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nTransfer-Encoding: "
                   "chunked\r\n\r\n");
       },
       [](Client& c) {
         if (c.received.starts_with("HTTP/1.1 100") && c.step++ == 0)
           c.send("5\r\nabcde\r\n0\r\n\r\n");
         return has(c, 1);
       },
       1},
      {"a big upload by splice",
       [](Harness& h, Client& c) {
         c.request("POST http://" + h.origin->authority() +
                   "/echo HTTP/1.1\r\nHost: x\r\nContent-Length: 3000000\r\n\r\n" +
                   content_of(3'000'000));
       },
       [](Client& c) { return has(c, 1); }, 1},
      {"a big download by splice",
       [](Harness& h, Client& c) { c.get(h.origin->authority(), "/length?size=3000000"); },
       [](Client& c) { return c.received.size() > 3'000'000; }, 1},
      {"an opaque tunnel",
       [](Harness& h, Client& c) {
         c.connect(h.origin->authority());
         c.send("\x01" + content_of(2'000'000));
         c.finish();
       },
       [](Client& c) { return c.ended; }, 1},
      {"a session inside a tunnel",
       [](Harness& h, Client& c) {
         const std::string host = "Host: " + h.origin->authority() + "\r\n\r\n";
         c.connect(h.origin->authority());
         c.send("GET /length HTTP/1.1\r\n" + host + "GET /chunked?piece=30 HTTP/1.1\r\n" + host);
         c.finish();
       },
       [](Client& c) { return c.ended; }, 3},
      {"a session that goes back to the tunnel",
       [](Harness& h, Client& c) {
         c.connect(h.origin->authority());
         c.send("GET /length?size=5000&piece=500 HTTP/1.1\r\nHost: " + h.origin->authority() +
                "\r\n\r\n\x01" + content_of(300'000));
         c.finish();
       },
       [](Client& c) { return c.ended; }, 2},
      {"an answer inside a tunnel that is none",
       [](Harness& h, Client& c) {
         c.connect(h.origin->authority());
         c.send("POST /bad HTTP/1.1\r\nHost: " + h.origin->authority() +
                "\r\nContent-Length: 100000\r\n\r\n" + content_of(100'000));
         c.finish();
       },
       [](Client& c) { return c.ended || c.was_reset; }, 2, false, true},
      {"a retry on a stale connection",
       [](Harness& h, Client& c) {
         c.get(h.origin->authority(), "/stale");
         c.get(h.origin->authority(), "/stale");
       },
       [](Client& c) { return has(c, 2); }, 2},
      {"a login by connection",
       [](Harness& h, Client& c) {
         for (const char* login : {"one", "two"})
           c.request("GET http://" + h.origin->authority() +
                     "/ntlm HTTP/1.1\r\nHost: x\r\nAuthorization: NTLM " + login + "\r\n\r\n");
       },
       [](Client& c) { return has(c, 2); }, 2},
      {"a login to the proxy, and a session inside a tunnel by it",
       [](Harness& h, Client& c) {
         const std::string host = "Host: " + h.origin->authority() + "\r\n";
         c.request("GET http://" + h.origin->authority() + "/length HTTP/1.1\r\n" + host + kRight +
                   "\r\n");
         c.request("CONNECT " + h.origin->authority() + " HTTP/1.1\r\n" + host + kRight + "\r\n",
                   "CONNECT");
         c.send("GET /length HTTP/1.1\r\n" + host + "\r\n");
         c.finish();
       },
       [](Client& c) { return c.ended; }, 3, true},
      {"errors",
       [](Harness& h, Client& c) {
         c.get(h.origin->authority(), "/gone");
         c.get(h.origin->authority(), "/bad");
         c.get("127.0.0.1:25", "/");
         c.get(h.origin->authority(), "/break?size=50000&piece=5000");
       },
       [](Client& c) { return c.ended || c.was_reset; }, 4, false, true},
  };
}

enum class How : uint8_t { the_task, the_socket, an_interrupt };

void cancel_after_each_turn(const Scenario& scenario, How how, bool last_first) {
  const size_t sockets = open_sockets();
  const std::string name = std::string(scenario.name) +
                           (how == How::the_task     ? ", its task"
                            : how == How::the_socket ? ", its socket"
                                                     : ", an interrupt") +
                           (last_first ? ", last first" : "");
  for (int turns = 0;; ++turns) {
    ASSERT_LT(turns, 3000) << name;
    bool done = false;
    {
      std::optional<Logins> logins;
      Options options;
      if (scenario.login) options.login = logins.emplace(kQuick).login;
      Harness h(std::move(options));
      h.options.server.expect_wait_ms = 50;
      if (last_first) h.loop.set_picker([](size_t size) { return size - 1; });
      Client& bystander = h.client();
      Client& client = h.client();
      bystander.request("GET http://" + h.origin->authority() +
                        "/length?size=3000&piece=100 HTTP/1.1\r\nHost: x\r\n" + kRight + "\r\n");
      scenario.begin(h, client);
      for (int i = 0; i < turns && !(done = scenario.done(client)); ++i) h.turn(3);
      const char* reason = "client_closed";
      switch (how) {
        case How::the_task: client.scope.cancel_all(); break;
        case How::the_socket: client.reset(); break;
        case How::an_interrupt:
          reason = "drained";
          if (client.stream && client.stream->readiness().on_broken)
            client.stream->readiness().on_broken->fire("drained");
          break;
      }
      ASSERT_EQ(h.answers(bystander, 1)[0].content, content_of(3000)) << name << ", turn " << turns;
      client.close();
      h.settle();
      if (how != How::the_task) ASSERT_EQ(client.scope.size(), 0u) << name << ", turn " << turns;
      const auto records = h.records(client);
      ASSERT_LE(records.size(), scenario.exchanges) << name << ", turn " << turns;
      if (done) {
        ASSERT_EQ(records.size(), scenario.exchanges) << name;
      }
      size_t cancelled = 0;
      for (const Record& record : records) {
        cancelled += record.ended == reason;
        ASSERT_TRUE(record.ended == "complete" || record.ended == reason ||
                    record.ended == "client_closed" || record.ended == "relayed" ||
                    scenario.any_end)
            << name << ", turn " << turns << ": " << record.line << " " << record.ended;
      }
      ASSERT_LE(cancelled, 2u) << name;  // A request, and the tunnel around it.
      ASSERT_TRUE(h.until([&] { return h.origin->open() == h.pool->size(); }, 1000))
          << name << ", turn " << turns << ": " << h.origin->open() << " " << h.pool->size();
      ASSERT_LE(h.connections.count(), 1u) << name;
    }
    ASSERT_EQ(base::block_bytes_in_use(), 0u) << name << ", turn " << turns;
    ASSERT_EQ(open_sockets(), sockets) << name << ", turn " << turns;
    if (done) return;
  }
}

class Cancellation : public testing::TestWithParam<How> {};

TEST_P(Cancellation, AtEachTurnLeavesNothingAndHarmsNobody) {
  for (const Scenario& scenario : scenarios()) cancel_after_each_turn(scenario, GetParam(), false);
}
TEST_P(Cancellation, AtEachTurnInAnotherOrderToo) {
  for (const Scenario& scenario : scenarios()) cancel_after_each_turn(scenario, GetParam(), true);
}

INSTANTIATE_TEST_SUITE_P(By, Cancellation,
                         testing::Values(How::the_task, How::the_socket, How::an_interrupt),
                         [](const auto& param) {
                           return param.param == How::the_task     ? "Task"
                                  : param.param == How::the_socket ? "Socket"
                                                                   : "Interrupt";
                         });

}  // namespace
}  // namespace weir::engine
