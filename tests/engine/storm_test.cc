// Random schedules: the order of ready tasks, arrivals, cancellations, reloads, slow readers,
// uploads, logins by connection, tunnels, origins that break. In every case each exchange must have
// its record, each answer must be right or cut, and nothing may be left at the end. Runs as many
// seeds as fit into some seconds. WEIR_STORM_SEED=N runs only that seed; WEIR_STORM_SEEDS=N runs N
// seeds.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <random>
#include <set>

#include "base/clock.h"
#include "engine/harness.h"

namespace weir::engine {
namespace {

/// A request of a client, and the right answer to it.
struct Asked {
  std::string method = "GET";
  std::string path;
  std::string content;  // The answer's content.
  std::set<int> statuses{200};
  bool cut = false;  // Its answer can't be complete.
  std::string bytes;
};

class Storm {
 public:
  explicit Storm(unsigned seed) : seed_(seed), random_(seed), h_(options(seed)) {
    h_.loop.set_picker([this](size_t size) { return random_() % size; });
  }
  void run();

 private:
  struct Guest {
    Client* client;
    std::vector<Asked> asked;
    std::string tunnelled;  // Opaque bytes, which the origin sends back.
    enum class Kind : uint8_t { plain, opaque, session, goes_back } kind = Kind::plain;
    bool killed = false;
    std::string how = {};
    uint32_t listener = 0;
    bool stalls() const {
      return std::ranges::any_of(asked,
                                 [](const Asked& one) { return one.path.starts_with("/stall"); });
    }
  };

  static Options options(unsigned seed) {
    Options options;
    // Each seed has its own address, so that ports in TIME-WAIT don't run out.
    options.origin = base::IpAddress::v4(127, 1, static_cast<uint8_t>(seed / 250),
                                         static_cast<uint8_t>(seed % 250 + 1));
    options.server.linger_silence_ms = 8;
    options.server.linger_ms = 200;
    options.server.expect_wait_ms = 20;
    options.origin_side.idle_per_origin = 4;
    options.origin_side.idle_total = 6;
    return options;
  }
  size_t any(size_t below) { return random_() % below; }
  Asked random_request(bool inside);
  void arrive();
  void leave();
  void check(Guest& guest);
  void check_answers(const Guest& guest, const std::vector<Answer>& answers, bool cut_allowed);
  std::string where(const Guest& guest) const {
    std::string text = "seed " + std::to_string(seed_) + ", client " +
                       std::to_string(guest.client->id) +
                       (guest.killed ? ", killed " + guest.how : "") + ":";
    for (const Asked& one : guest.asked) text += " " + one.method + " " + one.path;
    return text;
  }

  unsigned seed_;
  std::mt19937 random_;
  Harness h_;
  std::list<Guest> guests_;
  async::TaskScope killers_;
};

Asked Storm::random_request(bool inside) {
  Asked one;
  const size_t size = any(12) == 0 ? 40'000 + any(250'000) : any(3000);
  const std::string sized = "?size=" + std::to_string(size) +
                            (any(2) ? "&piece=" + std::to_string(1 + size / (1 + any(8))) : "");
  one.content = content_of(size);
  std::string fields, content;
  const auto upload = [&](size_t most) {
    one.method = "POST";
    content = content_of(any(most));
    if (any(2)) {
      fields += "Content-Length: " + std::to_string(content.size()) + "\r\n";
    } else {
      fields += "Transfer-Encoding: chunked\r\n";
      std::string chunked;
      for (size_t at = 0; at < content.size();) {
        const size_t n = std::min(content.size() - at, 1 + any(20'000));
        char line[20];
        std::snprintf(line, sizeof line, "%zx\r\n", n);
        chunked += line + content.substr(at, n) + "\r\n";
        at += n;
      }
      content = chunked + "0\r\n\r\n";
    }
  };
  switch (any(16)) {
    case 0: one.path = "/chunked" + sized + "&trailers=1"; break;
    case 1: one.path = "/close" + sized; break;
    case 2: one.path = "/hints" + sized; break;
    case 3:
      one.path = "/empty";
      one.statuses = {204};
      one.content.clear();
      break;
    case 4: one.path = "/once" + sized; break;
    case 5:
      if (inside) {  // The tunnel would relay from there on.
        one.path = "/length" + sized;
        break;
      }
      one.path = "/extra?size=" + std::to_string(size % 3000);
      one.content = content_of(size % 3000);
      break;
    case 6:
      one.path = (any(2) ? "/break" : "/reset") + sized;
      one.cut = true;
      break;
    case 7:
      one.path = inside || any(2) ? "/gone" : "/bad";
      one.statuses = {502};
      break;
    case 8: one.path = "/stale" + sized; break;
    case 9:
    case 10: {
      upload(any(6) ? 10'000 : 300'000);
      const size_t sent = fields.starts_with("C") ? content.size() : SIZE_MAX;
      one.path = any(3) ? "/echo" : "/slow-echo";
      one.content = sent == SIZE_MAX ? "*" : std::to_string(sent) + " right\n";
      break;
    }
    case 11:
      upload(any(4) ? 30'000 : 400'000);
      one.path = (any(2) ? "/early" : "/early-close") + sized;
      one.statuses = {413};
      break;
    case 12:
      one.path = "/ntlm";
      one.statuses = {200, 401};
      one.content = "*";
      fields += std::string("Authorization: NTLM ") + (any(2) ? "one" : "two") + "\r\n";
      break;
    case 13:
      one.path = "/stall" + sized;
      one.cut = true;
      break;
    default: one.path = "/length" + sized;
  }
  // If it uses a pinned or pooled connection that just broke, any request may get a 502.
  one.statuses.insert(502);
  const std::string at = h_.origin->authority();
  one.bytes = one.method + " " + (inside ? one.path : "http://" + at + one.path) +
              " HTTP/1.1\r\nHost: " + at + "\r\n" + fields + "\r\n" + content;
  return one;
}

void Storm::arrive() {
  Guest& guest = guests_.emplace_back();
  guest.listener = any(12) == 0;
  Client& client = h_.client(guest.listener, any(6) == 0);
  guest.client = &client;
  if (any(5) == 0) client.read_per_pump = 1000 + any(9000);
  if (any(8) == 0) client.read_limit = any(500);
  const std::string at = h_.origin->authority();
  const size_t kind = any(6);
  if (kind == 0) {
    guest.kind = Guest::Kind::opaque;
    client.connect(at);
    guest.tunnelled = static_cast<char>(1 + any(5)) + content_of(any(6) ? any(5000) : any(500'000));
    client.send(guest.tunnelled);
    if (any(2)) client.finish();
    return;
  }
  if (kind == 1 && any(3) == 0) {
    guest.kind = Guest::Kind::goes_back;
    client.connect(at);
    guest.tunnelled = static_cast<char>(1 + any(5)) + content_of(any(6) ? any(5000) : any(500'000));
    const std::string size = std::to_string(any(3) ? any(3000) : any(200'000));
    client.send("GET /length?size=" + size + "&piece=" + std::to_string(200 + any(9000)) +
                " HTTP/1.1\r\nHost: " + at + "\r\n\r\n" + guest.tunnelled);
    if (any(2)) client.finish();
    return;
  }
  if (kind == 1) {
    guest.kind = Guest::Kind::session;
    client.connect(at);
  }
  for (size_t i = 1 + any(3); i > 0; --i) {
    Asked one = random_request(kind == 1);
    if (kind == 1) {
      client.send(one.bytes);
    } else {
      client.request(one.bytes, one.method);
    }
    guest.asked.push_back(std::move(one));
  }
  if (any(4) == 0) client.finish();
}

void Storm::leave() {
  if (guests_.empty()) return;
  Guest& guest = *std::next(guests_.begin(), static_cast<std::ptrdiff_t>(any(guests_.size())));
  guest.killed = true;
  const size_t how = any(5);
  guest.how = "by " + std::to_string(how);
  switch (how) {
    case 0:
      // An end alone may be a half-close: only a reset shows that a client which waits for an
      // answer that never comes has left.
      if (guest.stalls())
        guest.client->reset();
      else
        guest.client->close();
      break;
    case 1: guest.client->reset(); break;
    case 2: guest.client->scope.cancel_all(); break;
    case 3:
      if (guest.client->stream && guest.client->stream->readiness().on_broken)
        guest.client->stream->readiness().on_broken->fire("drained");
      guest.client->finish();  // It may be between two requests.
      break;
    default:
      // At some point in a later turn, between any two ready tasks.
      killers_.spawn([](Client& client, size_t turns) -> async::Task<void> {
        for (; turns > 0; --turns) co_await async::Yield();
        client.scope.cancel_all();
      }(*guest.client, any(4)));
  }
}

void Storm::check_answers(const Guest& guest, const std::vector<Answer>& answers,
                          bool cut_allowed) {
  for (size_t i = 0; i < answers.size(); ++i) {
    const Answer& answer = answers[i];
    ASSERT_LT(i, guest.asked.size()) << where(guest);
    const Asked& asked = guest.asked[i];
    const bool cut = !answer.complete;
    if (cut) {
      // Only the last answer may be incomplete, and only if one side broke it off.
      ASSERT_EQ(i + 1, answers.size()) << where(guest);
      ASSERT_TRUE(cut_allowed || asked.cut) << where(guest) << ", answer " << i;
    }
    if (answer.status == 0) continue;
    if (guest.listener == 1) {
      ASSERT_EQ(answer.status, 403) << where(guest);
      continue;
    }
    ASSERT_TRUE(asked.statuses.contains(answer.status))
        << where(guest) << ", answer " << i << " has status " << answer.status;
    if (answer.status == 502 || asked.content == "*") continue;
    ASSERT_TRUE(asked.content.starts_with(answer.content)) << where(guest) << ", answer " << i;
    // If content has no length and no framing, the end of the connection is its end: then a cut
    // must be a reset.
    if (answer.complete)
      ASSERT_TRUE(asked.cut || asked.content == answer.content)
          << where(guest) << ", answer " << i << ": " << answer.content.size();
    if (answer.complete)
      ASSERT_FALSE(asked.cut && !asked.content.empty() && answer.content == asked.content &&
                   asked.content.size() > 1)
          << where(guest);
  }
}

void Storm::check(Guest& guest) {
  Client& client = *guest.client;
  const auto records = h_.records(client);
  std::vector<Answer> answers = client.answers();
  const bool in_order = client.ended || client.was_reset || guest.killed;
  ASSERT_TRUE(in_order) << where(guest) << ": it was left alone, sent " << client.all_sent()
                        << ", received " << client.received.size() << ", at "
                        << client.received.substr(0, 3000);
  size_t requests = guest.asked.size() + (guest.kind != Guest::Kind::plain) +
                    (guest.kind == Guest::Kind::goes_back);
  ASSERT_LE(records.size(), requests) << where(guest);
  size_t heads = 0;
  for (const Answer& answer : answers) heads += answer.status != 0;
  if (guest.kind != Guest::Kind::plain) {
    if (guest.listener == 1) {
      ASSERT_TRUE(answers.empty() || answers[0].status == 403 || answers[0].status == 0)
          << where(guest);
      return;
    }
    if (guest.kind == Guest::Kind::goes_back) {
      // The answer, and then all bytes that were sent after the request.
      if (!guest.killed) ASSERT_TRUE(client.inside.ends_with(guest.tunnelled)) << where(guest);
      return;
    }
    if (guest.kind == Guest::Kind::opaque) {
      ASSERT_TRUE(guest.tunnelled.starts_with(client.inside)) << where(guest);
      if (!guest.killed) ASSERT_EQ(client.inside.size(), guest.tunnelled.size()) << where(guest);
    } else if (!client.inside.empty()) {
      Client parsed(-1, 0);
      parsed.received = client.inside;
      for (const Asked& one : guest.asked) parsed.methods.push_back(one.method);
      parsed.ended = client.ended && !guest.killed;
      answers = parsed.answers();
      check_answers(guest, answers, guest.killed || client.was_reset);
      for (const Answer& answer : answers) heads += answer.status != 0;
    }
  } else {
    check_answers(guest, answers, guest.killed || client.was_reset);
  }
  // Every head that arrived has a record; some heads of a killed client may not have arrived.
  size_t recorded = 0;
  for (const Record& record : records) recorded += record.status != 0;
  ASSERT_GE(recorded, heads) << where(guest);
  if (!guest.killed && !client.was_reset) ASSERT_EQ(recorded, heads) << where(guest);
  for (const Record& record : records) {
    ASSERT_TRUE(guest.killed || client.was_reset || record.ended != "drained") << where(guest);
    ASSERT_FALSE(record.ended.empty());
    ASSERT_NE(record.ended, "proxy_internal_error") << where(guest);
  }
}

void Storm::run() {
  for (int step = 0; step < 40; ++step) {
    switch (any(10)) {
      case 0:
      case 1:
      case 2: arrive(); break;
      case 3:
        if (any(2) == 0) leave();
        break;
      case 4:
        if (any(3) == 0) h_.reload();
        break;
      default: h_.turn(0);
    }
  }
  for (Guest& guest : guests_) guest.client->read_limit = guest.client->read_per_pump = SIZE_MAX;
  // Clients that were not killed end their side, and get all their answers; stalled ones are closed
  // after a while.
  const auto left_to_end = [&] {
    for (const Guest& guest : guests_) {
      if (!guest.killed && !guest.client->ended && !guest.client->was_reset) return false;
    }
    return true;
  };
  for (Guest& guest : guests_) {
    if (!guest.killed) guest.client->finish();
  }
  // The kernel probes a closed TCP window at growing intervals, so it may take seconds to learn
  // that a small one is open.
  for (int turns = 0; !left_to_end() && turns < 40'000; ++turns) {
    if (h_.turn(1)) continue;
    for (Guest& guest : guests_) {
      if (!guest.killed && guest.stalls()) {
        guest.killed = true;
        guest.client->reset();
      }
    }
  }
  for (Guest& guest : guests_) {
    if (guest.killed)
      ASSERT_TRUE(h_.until([&] { return guest.client->scope.size() == 0; }, 1000)) << where(guest);
  }
  killers_.cancel_all();
  h_.settle();
  for (Guest& guest : guests_) {
    check(guest);
    if (testing::Test::HasFatalFailure()) return;
  }
  for (Guest& guest : guests_) guest.client->reset();
  h_.settle();
  for (Guest& guest : guests_)
    ASSERT_TRUE(h_.until([&] { return guest.client->scope.size() == 0; }, 1000)) << where(guest);
  ASSERT_EQ(h_.connections.count(), 0u) << "seed " << seed_;
  ASSERT_LE(h_.pool->size(), 4u) << "seed " << seed_;
  ASSERT_TRUE(h_.until([&] { return h_.origin->open() == h_.pool->size(); }, 1000))
      << "seed " << seed_ << ": " << h_.origin->open() << " are open, " << h_.pool->size()
      << " in the pool";
  ASSERT_TRUE(h_.loop.idle());
}

TEST(Storm, LeavesNothingBehind) {
  const char* one = std::getenv("WEIR_STORM_SEED");
  const char* many = std::getenv("WEIR_STORM_SEEDS");
  const unsigned first = one ? static_cast<unsigned>(std::atoi(one)) : 0;
  const unsigned end = one ? first + 1 : many ? static_cast<unsigned>(std::atoi(many)) : 3000;
  const uint64_t until_ms = one || many ? UINT64_MAX : base::monotonic_ms() + 12'000;
  unsigned seed = first;
  for (; seed < end && base::monotonic_ms() < until_ms; ++seed) {
    const size_t sockets = open_sockets();
    Storm(seed).run();
    if (HasFatalFailure()) return;
    ASSERT_EQ(open_sockets(), sockets) << "seed " << seed;
    ASSERT_EQ(base::block_bytes_in_use(), 0u) << "seed " << seed;
  }
  RecordProperty("seeds", static_cast<int>(seed - first));
}

}  // namespace
}  // namespace weir::engine
