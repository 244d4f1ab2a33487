// What workers share, used by several threads at once. ThreadSanitizer judges.

#include <gtest/gtest.h>

#include <atomic>
#include <ctime>
#include <thread>
#include <vector>

#include "intercept/authority_fake.h"
#include "intercept/leaf.h"
#include "intercept/learned.h"

namespace weir::intercept {
namespace {

constexpr int kThreads = 4, kRounds = 200;

template <class Job>
void on_all(Job job) {
  std::vector<std::thread> threads;
  for (int i = 0; i < kThreads; ++i) threads.emplace_back([=] { job(i); });
  for (std::thread& thread : threads) thread.join();
}

TEST(SharedByWorkers, Leaves) {
  const auto leaves = Leaves::make(fake_authority());
  std::atomic<int> good{0};
  on_all([&](int) {
    for (int round = 0; round < kRounds; ++round) {
      const std::string name = std::to_string(round % 20) + ".example";
      const auto leaf = leaves->leaf_for(name, false, {time(nullptr), 0, 0});
      if (leaf && verified(leaf->certificate.get(), *leaves->authority(), name) == X509_V_OK)
        ++good;
    }
  });
  EXPECT_EQ(good, kThreads * kRounds);
}

TEST(SharedByWorkers, WhatWasLearned) {
  Learned learned;
  on_all([&](int number) {
    const std::string client = std::to_string(number % 2);
    for (int round = 0; round < kRounds; ++round) {
      const std::string host = std::to_string(round % 7) + ".example";
      const Party party{client, host, static_cast<uint64_t>(round % 3)};
      const auto now = static_cast<uint64_t>(round);
      learned.rejected(party, Learned::Sureness::likely, 0, now);
      learned.reason(party, now);
      if (round % 5 == 0) learned.accepted(party, now);
      learned.host_is(host, "", http::Aside::no_protocol, client, now);
      learned.findings(now, 10);
    }
  });
  EXPECT_TRUE(learned.trusts("0", kRounds));
}

}  // namespace
}  // namespace weir::intercept
