#include "net/dns/resolver_answer.h"

#include <gtest/gtest.h>

#include <random>

#include "net/dns/resolver_fake_server.h"

namespace weir::net {
namespace {

using Outcome = Lookup::Outcome;
constexpr uint16_t kOk = 0x8180, kNx = 0x8183;

DnsMessage to(std::string_view name, uint16_t flags = kOk, uint16_t type = 1) {
  return DnsMessage(7, flags, name, type);
}

DnsMessage chain(int aliases, bool backwards = false) {
  DnsMessage message = to("a0.test");
  const auto alias = [&](int i) {
    message.alias("a" + std::to_string(i) + ".test", 100 - static_cast<uint32_t>(i),
                  "a" + std::to_string(i + 1) + ".test");
  };
  if (backwards) message.address("a" + std::to_string(aliases) + ".test", 200, "192.0.2.1");
  for (int i = 0; i < aliases; ++i) alias(backwards ? aliases - 1 - i : i);
  if (!backwards) message.address("a" + std::to_string(aliases) + ".test", 200, "192.0.2.1");
  return message;
}

std::string text(const DnsAnswer& answer) {
  static constexpr const char* kOutcomes[] = {"ok", "not_found", "no_data", "failed", "timed_out"};
  std::string out = kOutcomes[static_cast<int>(answer.lookup.outcome)];
  for (const auto& address : answer.lookup.addresses()) out += ' ' + address.text();
  if (answer.ttl_s) out += " ttl " + std::to_string(*answer.ttl_s);
  return out;
}

TEST(DnsAnswer, TheNamesOnTheWayAreKept) {
  std::string names;
  const auto read = read_dns_answer(chain(3).bytes, "a0.test", base::IpFamily::v4);
  ASSERT_TRUE(read.lookup.aliases);
  EXPECT_TRUE(read.lookup.aliases->all([&](std::string_view name) {
    names += std::string(name) + ' ';
    return true;
  }));
  EXPECT_EQ(names, "a1.test a2.test a3.test ");
  EXPECT_FALSE(read_dns_answer(chain(0).bytes, "a0.test", base::IpFamily::v4).lookup.aliases);
}

TEST(DnsAnswer, Messages) {
  const struct {
    const char* why;
    DnsMessage message;
    const char* name;
    const char* expected;
  } cases[] = {
      {"plain", to("a.test").address("a.test", 60, "192.0.2.1").address("a.test", 30, "192.0.2.2"),
       "a.test", "ok 192.0.2.1 192.0.2.2 ttl 30"},
      {"case", to("A.Test").address("a.TEST", 60, "192.0.2.1"), "a.test", "ok 192.0.2.1 ttl 60"},
      {"twice", to("a.test").address("a.test", 60, "192.0.2.1").address("a.test", 30, "192.0.2.1"),
       "a.test", "ok 192.0.2.1 ttl 30"},
      {"another's address", to("a.test").address("b.test", 60, "192.0.2.1"), "a.test", "no_data"},
      {"another family", to("a.test").address("a.test", 60, "2001:db8::1"), "a.test", "no_data"},
      {"negative TTL", to("a.test").address("a.test", 0x80000000, "192.0.2.1"), "a.test",
       "ok 192.0.2.1 ttl 0"},
      {"no such name", to("a.test", kNx).soa("test", 60, 30), "a.test", "not_found ttl 30"},
      {"no such name, SOA TTL smaller", to("a.test", kNx).soa("test", 20, 30), "a.test",
       "not_found ttl 20"},
      {"no such name, address all the same", to("a.test", kNx).address("a.test", 60, "192.0.2.1"),
       "a.test", "not_found"},
      {"alias and no such name", to("a.test", kNx).alias("a.test", 60, "b.test").soa("test", 60, 5),
       "a.test", "not_found ttl 5"},
      {"no data", to("a.test").soa("test", 60, 30), "a.test", "no_data ttl 30"},
      {"no SOA", to("a.test"), "a.test", "no_data"},
      {"aliases", chain(8), "a0.test", "ok 192.0.2.1 ttl 93"},
      {"aliases in odd order", chain(8, true), "a0.test", "ok 192.0.2.1 ttl 93"},
      {"too many aliases", chain(9), "a0.test", "failed"},
      {"aliases in a circle",
       to("a.test").alias("a.test", 60, "b.test").alias("b.test", 60, "a.test"), "a.test",
       "failed"},
      {"alias to itself", to("a.test").alias("a.test", 60, "a.test"), "a.test", "failed"},
      {"alias to the root", to("a.test").alias("a.test", 60, ""), "a.test", "no_data"},
      {"alias to nothing", to("a.test").alias("a.test", 60, "b.test"), "a.test", "no_data"},
      {"alias beside an address",
       to("a.test").alias("a.test", 60, "b.test").address("a.test", 9, "192.0.2.1"), "a.test",
       "ok 192.0.2.1 ttl 9"},
      {"another question", to("b.test").address("b.test", 60, "192.0.2.1"), "a.test", "failed"},
      {"another type", to("a.test", kOk, 28).address("a.test", 60, "192.0.2.1"), "a.test",
       "failed"},
      {"a question", to("a.test", 0x0100).address("a.test", 60, "192.0.2.1"), "a.test", "failed"},
      {"an update", to("a.test", 0xA880).address("a.test", 60, "192.0.2.1"), "a.test", "failed"},
      {"server failure", to("a.test", 0x8182).address("a.test", 60, "192.0.2.1"), "a.test",
       "failed"},
      {"short address", to("a.test").record("a.test", 1, 60, "abc"), "a.test", "no_data"},
      {"long address", to("a.test").record("a.test", 1, 60, "abcde"), "a.test", "no_data"},
      {"broken alias",
       to("a.test").record("a.test", 5, 60,
                           std::string("\x3f"
                                       "abc")),
       "a.test", "failed"},
      {"alias that points ahead", to("a.test").record("a.test", 5, 60, std::string("\xff\xff")),
       "a.test", "failed"},
      {"alias that points at itself", to("a.test").record("a.test", 5, 60, std::string("\xc0\x2a")),
       "a.test", "failed"},
      {"reserved label type",
       to("a.test").record("a.test", 5, 60,
                           std::string("\x40"
                                       "abc\0",
                                       5)),
       "a.test", "failed"},
      {"a dot inside a label",
       to("a.test")
           .record("a.test", 5, 60,
                   std::string("\x06"
                               "b.test\0",
                               8))
           .address("b.test", 60, "192.0.2.1"),
       "a.test", "no_data"},
  };
  for (const auto& c : cases)
    EXPECT_EQ(text(read_dns_answer(c.message.bytes, c.name, base::IpFamily::v4)), c.expected)
        << c.why;
}

TEST(DnsAnswer, CompressedNames) {
  // The owner as a pointer to the question, the alias as a label and a pointer.
  DnsMessage message = to("a.test");
  std::string bytes = message.bytes;
  bytes[7] = 2;
  const std::string fixed("\x00\x01\x00\x00\x00\x3c", 6);
  const size_t alias_at = bytes.size() + 12;
  bytes += "\xc0\x0c" + std::string("\x00\x05", 2) + fixed + std::string("\x00\x04", 2) +
           "\x01"
           "b\xc0\x0e";
  bytes += "\xc0" + std::string(1, static_cast<char>(alias_at)) + std::string("\x00\x01", 2) +
           fixed + std::string("\x00\x04\xc0\x00\x02\x01", 6);
  EXPECT_EQ(text(read_dns_answer(bytes, "a.test", base::IpFamily::v4)), "ok 192.0.2.1 ttl 60");
}

TEST(DnsAnswer, SixteenAddressesAtMostAndManyRecords) {
  DnsMessage message = to("a.test", kOk, 28);
  for (int i = 1; i < 120; ++i) message.address("a.test", 60, "2001:db8::" + std::to_string(i));
  const DnsAnswer answer = read_dns_answer(message.bytes, "a.test", base::IpFamily::v6);
  EXPECT_EQ(answer.lookup.count, Lookup::kMostAddresses);
  // The header claims the largest number of records, and has none.
  message.bytes[6] = message.bytes[7] = '\xff';
  EXPECT_EQ(read_dns_answer(message.bytes, "a.test", base::IpFamily::v6).lookup.outcome,
            Outcome::failed);
}

TEST(DnsAnswer, EveryPrefixAndNoise) {
  const std::string whole = chain(3).soa("test", 60, 60).bytes;
  for (size_t size = 0; size < whole.size(); ++size) {
    (void)read_dns_answer(std::string(whole, 0, size), "a0.test", base::IpFamily::v4);
  }
  std::mt19937 random(1);
  for (int i = 0; i < 100'000; ++i) {
    std::string bytes = whole;
    for (int n = 0; n < 1 + i % 6; ++n)
      bytes[random() % bytes.size()] = static_cast<char>(random() % 4 ? random() : 0xC0);
    if (i % 3 == 0) bytes.resize(random() % (bytes.size() + 1));
    const DnsAnswer answer = read_dns_answer(bytes, "a0.test", base::IpFamily::v4);
    ASSERT_EQ(answer.lookup.outcome == Outcome::ok, answer.lookup.count > 0);
    ASSERT_NE(answer.lookup.outcome, Outcome::timed_out);
  }
}

TEST(DnsAnswer, TheWorstMessageIsReadInLittleTime) {
  // 64 KiB of pointers to pointers, for every name of the chain.
  DnsMessage message = to("a0.test");
  for (int i = 0; i < 8; ++i)
    message.alias("a" + std::to_string(i) + ".test", 60, "a" + std::to_string(i + 1) + ".test");
  while (message.bytes.size() < 64'000) {
    message.bytes += std::string("\xc0\x0c\x00\x01\x00\x01\x00\x00\x00\x3c\x00\x04", 12) + "abcd";
  }
  message.bytes[6] = message.bytes[7] = '\xff';
  const uint64_t before = base::monotonic_us();
  for (int i = 0; i < 10; ++i) (void)read_dns_answer(message.bytes, "a0.test", base::IpFamily::v4);
  EXPECT_LT(base::monotonic_us() - before, 200'000u);
}

}  // namespace
}  // namespace weir::net
