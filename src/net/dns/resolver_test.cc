#include "net/dns/resolver.h"

#include <gtest/gtest.h>

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <string>

#include "base/clock.h"
#include "net/dns/resolver_fake_server.h"

namespace weir::net {
namespace {

using async::EventLoop;
using async::Task;
using async::TaskScope;
using base::AddressSource;
using Outcome = Lookup::Outcome;
using Query = FakeNameServer::Query;
using Reply = FakeNameServer::Reply;
constexpr auto v4 = base::IpFamily::v4;
constexpr auto v6 = base::IpFamily::v6;

struct File {
  File()
      : path(std::filesystem::temp_directory_path() /
             ("weir_resolver_" + std::to_string(getpid()) + "_" + std::to_string(++made))) {}
  ~File() { std::filesystem::remove(path); }
  void write(std::string_view content) {
    // A new inode each time, since file times may be too coarse to show a change.
    const std::string next = path + ".next";
    std::ofstream(next) << content;
    std::filesystem::rename(next, path);
  }
  std::string path;
  static inline int made = 0;
};

Task<void> put(Task<Lookup> task, Lookup& to, int& done) {
  to = co_await task;
  ++done;
}

struct Fixture {
  explicit Fixture(FakeNameServer::Answer answer, ResolverConfig with = {})
      : server(std::move(answer)) {
    config = with;
    config.servers = {server.endpoint()};
    start();
  }
  void start() { resolver.emplace(config, hosts.path, conf.path); }
  void run_until(int& done, int wanted) {
    for (const uint64_t end = base::monotonic_ms() + 20'000;
         done < wanted && base::monotonic_ms() < end;)
      loop.turn(100);
    ASSERT_EQ(done, wanted);
  }
  Lookup lookup(std::string host, base::IpFamily family = v4) {
    Lookup result;
    int done = 0;
    TaskScope scope;
    scope.spawn(put(resolver->lookup(std::move(host), family), result, done));
    run_until(done, 1);
    return result;
  }
  void pass(uint64_t ms) {
    for (const uint64_t end = base::monotonic_ms() + ms; base::monotonic_ms() < end;) loop.turn(10);
  }

  EventLoop loop;
  FakeNameServer server;
  File hosts, conf;
  ResolverConfig config;
  std::optional<Resolver> resolver;
};

std::string text(const Lookup& lookup) {
  static constexpr const char* kOutcomes[] = {"ok",     "not_found", "no_data",
                                              "failed", "timed_out", "busy"};
  std::string out = kOutcomes[static_cast<int>(lookup.outcome)];
  for (const auto& address : lookup.addresses()) out += ' ' + address.text();
  return out;
}

Reply simple(const Query& query) {
  return query.reply().address(query.name, 60, query.family() == v4 ? "192.0.2.1" : "2001:db8::1");
}

TEST(Resolver, AnswersAndCaches) {
  Fixture f(simple);
  EXPECT_EQ(f.resolver->cached("Example.Test", v4), nullptr);
  const Lookup lookup = f.lookup("Example.Test.");
  EXPECT_EQ(text(lookup), "ok 192.0.2.1");
  EXPECT_EQ(lookup.source, AddressSource::dns);
  EXPECT_EQ(text(f.lookup("example.test", v6)), "ok 2001:db8::1");
  ASSERT_EQ(f.server.queries.size(), 2u);
  EXPECT_EQ(f.server.queries[0].name, "example.test");
  EXPECT_EQ(text(f.lookup("EXAMPLE.test")), "ok 192.0.2.1");
  ASSERT_NE(f.resolver->cached("example.test.", v6), nullptr);
  EXPECT_EQ(text(*f.resolver->cached("example.test", v6)), "ok 2001:db8::1");
  EXPECT_EQ(f.server.queries.size(), 2u);
  EXPECT_EQ(f.resolver->questions_open(), 0u);
}

TEST(Resolver, NamesThatNobodyIsAskedFor) {
  Fixture f(simple);
  f.hosts.write(
      "10.0.0.1 one.test ONE two.test. # three.test\n::5 one.test\n10.0.0.2 one.test\n0.0.0.0 "
      "ads.test\n127.9.9.9 localhost\n");
  f.start();
  const struct {
    const char* host;
    base::IpFamily family;
    const char* expected;
    AddressSource source;
  } cases[] = {
      {"localhost", v4, "ok 127.0.0.1", AddressSource::localhost},
      {"LOCALHOST.", v6, "ok ::1", AddressSource::localhost},
      {"a.b.localhost", v4, "ok 127.0.0.1", AddressSource::localhost},
      {"one.test", v4, "ok 10.0.0.1 10.0.0.2", AddressSource::hosts_file},
      {"One.Test.", v6, "ok ::5", AddressSource::hosts_file},
      {"one", v4, "ok 10.0.0.1", AddressSource::hosts_file},
      {"two.test", v4, "ok 10.0.0.1", AddressSource::hosts_file},
      {"ads.test", v6, "no_data", AddressSource::hosts_file},
      {"x.invalid", v4, "not_found", AddressSource::dns},
      {"abc.onion", v4, "not_found", AddressSource::dns},
      {"127.1", v4, "not_found", AddressSource::dns},
      {"a.0x7f", v4, "not_found", AddressSource::dns},
      {"0x", v4, "not_found", AddressSource::dns},
      {"2130706433", v4, "not_found", AddressSource::dns},
      {"", v4, "not_found", AddressSource::dns},
      {".", v4, "not_found", AddressSource::dns},
      {"..", v4, "not_found", AddressSource::dns},
      {"a..b", v4, "not_found", AddressSource::dns},
      {".a", v4, "not_found", AddressSource::dns},
      {"a\\046b", v4, "not_found", AddressSource::dns},
      {"a b", v4, "not_found", AddressSource::dns},
      {"\xc3\xa4.test", v4, "not_found", AddressSource::dns},
  };
  for (const auto& c : cases) {
    const Lookup* found = f.resolver->cached(c.host, c.family);
    ASSERT_NE(found, nullptr) << c.host;
    EXPECT_EQ(text(*found), c.expected) << c.host;
    EXPECT_EQ(found->source, c.source) << c.host;
    EXPECT_EQ(text(f.lookup(c.host, c.family)), c.expected) << c.host;
  }
  EXPECT_EQ(f.resolver->cached(std::string(64, 'a') + ".test", v4)->outcome, Outcome::not_found);
  EXPECT_EQ(f.resolver->cached(std::string(4000, 'a'), v4)->outcome, Outcome::not_found);
  EXPECT_EQ(f.resolver->cached("notlocalhost", v4), nullptr);
  EXPECT_EQ(f.resolver->cached("three.test", v4), nullptr);
  EXPECT_TRUE(f.server.queries.empty());
}

TEST(Resolver, FailuresAndNegativeAnswers) {
  const struct {
    const char* host;
    std::function<Reply(const Query&)> answer;
    const char* expected;
    bool cached;
  } cases[] = {
      {"nx.test", [](const Query& q) -> Reply { return q.reply(3).soa("test", 60, 60); },
       "not_found", true},
      {"nx0.test", [](const Query& q) -> Reply { return q.reply(3).soa("test", 60, 0); },
       "not_found", false},
      {"nx-no-soa.test", [](const Query& q) -> Reply { return q.reply(3); }, "not_found", true},
      {"empty.test", [](const Query& q) -> Reply { return q.reply().soa("test", 60, 60); },
       "no_data", true},
      {"alias-only.test",
       [](const Query& q) -> Reply {
         return q.reply().alias(q.name, 60, "x.test").soa("test", 60, 60);
       },
       "no_data", true},
      {"servfail.test", [](const Query& q) -> Reply { return q.reply(2); }, "failed", true},
      {"refused.test", [](const Query& q) -> Reply { return q.reply(5); }, "failed", true},
      {"formerr.test", [](const Query& q) -> Reply { return q.reply(1); }, "failed", true},
      {"silence.test", [](const Query&) { return Reply(); }, "timed_out", true},
      {"zero.test",
       [](const Query& q) -> Reply { return q.reply().address(q.name, 0, "192.0.2.9"); },
       "ok 192.0.2.9", false},
      {"far.test",
       [](const Query& q) -> Reply { return q.reply().address(q.name, 0xFFFFFFFF, "192.0.2.9"); },
       "ok 192.0.2.9", false},
  };
  const std::function<Reply(const Query&)>* answer = nullptr;
  Fixture f([&](const Query& query) { return (*answer)(query); }, {.timeout_ms = 50, .tries = 2});
  for (const auto& c : cases) {
    answer = &c.answer;
    EXPECT_EQ(text(f.lookup(c.host)), c.expected) << c.host;
    EXPECT_EQ(f.resolver->cached(c.host, v4) != nullptr, c.cached) << c.host;
  }
}

TEST(Resolver, FailuresAreForgottenSoon) {
  Fixture f([](const Query& q) -> Reply { return q.reply(2); });
  EXPECT_EQ(text(f.lookup("x.test")), "failed");
  EXPECT_NE(f.resolver->cached("x.test", v4), nullptr);
  f.pass(Resolver::kFailureTtlMs + 20);
  EXPECT_EQ(f.resolver->cached("x.test", v4), nullptr);
}

TEST(Resolver, AServerThatIsNotThere) {
  Fixture f(simple, {.timeout_ms = 100, .tries = 2, .total_timeout_ms = 1000});
  f.config.servers = {*base::Endpoint::parse("127.0.0.1:1")};
  f.start();
  const Outcome outcome = f.lookup("x.test").outcome;
  EXPECT_TRUE(outcome == Outcome::failed || outcome == Outcome::timed_out);
}

TEST(Resolver, TheNextServerIsAsked) {
  Fixture f(simple, {.timeout_ms = 50});
  FakeNameServer silent([](const Query&) { return Reply(); });
  FakeNameServer failing([](const Query& q) -> Reply { return q.reply(2); });
  f.config.servers = {silent.endpoint(), failing.endpoint(), f.server.endpoint()};
  f.start();
  EXPECT_EQ(text(f.lookup("x.test")), "ok 192.0.2.1");
  EXPECT_EQ(silent.queries.size(), 1u);
  EXPECT_EQ(failing.queries.size(), 1u);
}

TEST(Resolver, TheWholeHasALimit) {
  Fixture f([](const Query&) { return Reply(); }, {.timeout_ms = 10'000, .total_timeout_ms = 100});
  const uint64_t before = base::monotonic_ms();
  EXPECT_EQ(text(f.lookup("x.test")), "timed_out");
  EXPECT_LT(base::monotonic_ms() - before, 1000u);
}

TEST(Resolver, ACutAnswerIsAskedForByTcp) {
  Fixture f([](const Query& q) -> Reply {
    if (!q.tcp) return q.reply(0, FakeNameServer::kTruncated);
    auto reply = q.reply();
    for (int i = 0; i < 40; ++i) reply.address(q.name, 60, "192.0.2." + std::to_string(i));
    return reply;
  });
  TaskScope scope;
  Lookup results[3];
  int done = 0;
  for (int i = 0; i < 3; ++i)
    scope.spawn(
        put(f.resolver->lookup("many" + std::to_string(i) + ".test", v4), results[i], done));
  f.run_until(done, 3);
  for (const Lookup& result : results)
    EXPECT_EQ(result.count, Lookup::kMostAddresses) << text(result);
  // Once more, over the used connection or a new one.
  EXPECT_EQ(f.lookup("again.test").count, Lookup::kMostAddresses);
}

TEST(Resolver, ACrowdAsksOnceAndTtlZeroIsForItAlone) {
  Fixture f(
      [](const Query& q) -> Reply { return {q.reply().address(q.name, 0, "192.0.2.1"), 40}; });
  Lookup results[5];
  int done = 0;
  TaskScope scope;
  for (Lookup& result : results)
    scope.spawn(put(f.resolver->lookup("crowd.test", v4), result, done));
  f.run_until(done, 5);
  for (const Lookup& result : results) EXPECT_EQ(text(result), "ok 192.0.2.1");
  EXPECT_EQ(f.server.queries.size(), 1u);
  EXPECT_EQ(f.resolver->cached("crowd.test", v4), nullptr);
  f.lookup("crowd.test");
  EXPECT_EQ(f.server.queries.size(), 2u);
}

TEST(Resolver, WaitersMayGoAtAnyTime) {
  Fixture f(
      [](const Query& q) -> Reply { return {q.reply().address(q.name, 60, "192.0.2.1"), 30}; });
  for (int go = 0; go < 6; ++go) {
    const std::string host = "go" + std::to_string(go) + ".test";
    Lookup a, b;
    int done = 0;
    TaskScope stays;
    std::optional<TaskScope> goes(std::in_place);
    goes->spawn(put(f.resolver->lookup(host, v4), a, done));
    if (go % 2 == 0) stays.spawn(put(f.resolver->lookup(host, v4), b, done));
    f.pass(static_cast<uint64_t>(go) * 8);
    goes.reset();
    f.pass(60);
    // The question went on without them.
    EXPECT_EQ(text(*f.resolver->cached(host, v4)), "ok 192.0.2.1");
  }
}

TEST(Resolver, MayGoWithQuestionsUnderWay) {
  for (const uint64_t after : {0, 10, 20, 40}) {
    Fixture f(
        [](const Query& q) -> Reply { return {q.reply().address(q.name, 60, "192.0.2.1"), 20}; });
    Lookup results[3];
    int done = 0;
    TaskScope scope;
    for (int i = 0; i < 3; ++i)
      scope.spawn(put(f.resolver->lookup("x" + std::to_string(i) + ".test", v4), results[i], done));
    f.pass(after);
    const bool early = done == 0;
    f.resolver.reset();
    f.run_until(done, 3);
    if (early) EXPECT_EQ(text(results[0]), "failed");
  }
}

TEST(Resolver, TheCacheIsBounded) {
  Fixture f(simple, {.cache_entries = 4});
  for (int i = 0; i < 10; ++i) {
    f.lookup("n" + std::to_string(i) + ".test");
    if (i > 0) EXPECT_NE(f.resolver->cached("n0.test", v4), nullptr) << "used all the time";
  }
  EXPECT_EQ(f.resolver->cache_size(), 4u);
  EXPECT_EQ(f.resolver->cached("n1.test", v4), nullptr);
  EXPECT_NE(f.resolver->cached("n9.test", v4), nullptr);
}

TEST(Resolver, QuestionsAreBounded) {
  Fixture f(
      [](const Query& q) -> Reply { return {q.reply().address(q.name, 60, "192.0.2.1"), 50}; },
      {.lookups = 2});
  Lookup results[3];
  int done = 0;
  TaskScope scope;
  for (int i = 0; i < 3; ++i)
    scope.spawn(put(f.resolver->lookup("x" + std::to_string(i) + ".test", v4), results[i], done));
  f.run_until(done, 3);
  EXPECT_EQ(text(results[0]), "ok 192.0.2.1");
  EXPECT_EQ(text(results[2]), "busy");
  EXPECT_EQ(f.resolver->cached("x2.test", v4), nullptr);
}

TEST(Resolver, ManyQuestionsUseSeveralChannels) {
  Fixture f(
      [](const Query& q) -> Reply { return {q.reply().address(q.name, 60, "192.0.2.1"), 20}; });
  std::vector<Lookup> results(200);
  int done = 0;
  TaskScope scope;
  for (size_t i = 0; i < results.size(); ++i)
    scope.spawn(put(f.resolver->lookup("x" + std::to_string(i) + ".test", v4), results[i], done));
  f.run_until(done, 200);
  for (const Lookup& result : results) EXPECT_EQ(text(result), "ok 192.0.2.1");
}

TEST(Resolver, SearchIsForNamesWithoutADot) {
  Fixture f([](const Query& q) -> Reply {
    if (q.name == "wiki.b.test" || q.name == "com")
      return q.reply().address(q.name, 60, "192.0.2.7");
    return q.reply(3).soa("test", 60, 60);
  });
  f.conf.write("search A.test. b.test\n");
  f.start();
  EXPECT_EQ(text(f.lookup("wiki")), "ok 192.0.2.7");
  EXPECT_EQ(text(f.lookup("com")), "ok 192.0.2.7");
  EXPECT_EQ(text(f.lookup("wiki.b")), "not_found");
  std::string asked;
  for (const Query& query : f.server.queries) asked += query.name + ' ';
  EXPECT_EQ(asked, "wiki.a.test wiki.b.test com.a.test com.b.test com wiki.b ");
  EXPECT_EQ(text(*f.resolver->cached("WIKI", v4)), "ok 192.0.2.7");
}

TEST(Resolver, FilesAreReadAgain) {
  Fixture f(
      [](const Query& q) -> Reply { return q.name.starts_with("slow") ? Reply() : simple(q); },
      {.timeout_ms = 10'000, .total_timeout_ms = 15'000});
  f.conf.write("search a.test\n");
  f.hosts.write("10.0.0.1 name.test\n");
  f.start();
  f.pass(10);
  EXPECT_EQ(text(f.lookup("name.test")), "ok 10.0.0.1");
  EXPECT_EQ(text(f.lookup("other.test")), "ok 192.0.2.1");
  Lookup waiting;
  int done = 0;
  TaskScope scope;
  scope.spawn(put(f.resolver->lookup("slow", v4), waiting, done));
  f.pass(20);
  EXPECT_EQ(f.server.queries.back().name, "slow.a.test");
  f.hosts.write("10.0.0.2 name.test\n");
  f.conf.write("search b.test\n");
  EXPECT_EQ(text(f.lookup("name.test")), "ok 10.0.0.1") << "looked at too often";
  f.pass(base::WatchedFile::kCheckMs + 20);
  EXPECT_EQ(text(f.lookup("name.test")), "ok 10.0.0.2");
  EXPECT_EQ(f.resolver->cached("other.test", v4), nullptr);
  // The open question was asked again.
  f.pass(20);
  EXPECT_EQ(f.server.queries.back().name, "slow.b.test");
  std::filesystem::remove(f.hosts.path);
  f.pass(base::WatchedFile::kCheckMs + 20);
  EXPECT_EQ(text(f.lookup("name.test")), "ok 192.0.2.1");
}

TEST(Resolver, NoiseDoesNotHurt) {
  uint32_t seed = 1;
  const auto random = [&] { return seed = seed * 1664525 + 1013904223, seed >> 16; };
  Fixture f(
      [&](const Query& q) -> Reply {
        auto message = q.reply()
                           .alias(q.name, 60, "x." + q.name)
                           .address("x." + q.name, 60, "192.0.2.1")
                           .soa("test", 9, 9);
        const size_t question = 12 + DnsMessage::encoded(q.name).size() + 4;
        for (int i = 0; i < 4; ++i)
          message.bytes[random() % 3 ? 2 + random() % 10
                                     : question + random() % (message.bytes.size() - question)] =
              static_cast<char>(random());
        if (random() % 4 == 0) message.bytes.resize(12 + random() % (message.bytes.size() - 12));
        return message;
      },
      {.timeout_ms = 10, .tries = 1, .lookups = 10'000});
  std::vector<Lookup> results(2000);
  int done = 0;
  TaskScope scope;
  for (size_t i = 0; i < results.size(); ++i) {
    scope.spawn(put(f.resolver->lookup("n" + std::to_string(i) + ".test", i % 2 ? v4 : v6),
                    results[i], done));
    if (i % 50 == 0) f.loop.turn(1);
  }
  f.run_until(done, 2000);
}

}  // namespace
}  // namespace weir::net
