#include "journal/denials.h"

#include <gtest/gtest.h>

#include "http/stage_fake.h"

namespace weir::journal {
namespace {

using base::ErrorType;
using base::IpAddress;

struct Noted {
  Denials denials;
  http::FakeStages fake;
  /// As if a client had asked for `target` and got `error`.
  void deny(const std::string& target, const base::Error& error, const char* client = "127.0.0.1",
            std::string user = {}) {
    struct Fails final : http::Stage {
      Fails(Denials& denials, const base::Error& error) : denials(denials), error(error) {}
      async::Task<base::Result<http::Response>> handle(http::Request& request,
                                                       http::Next) const override {
        request.exchange->set_error(error);
        request.exchange->verdict =
            base::make_ref<http::Verdict>("a rule", "ads.txt:7", base::KeptText(), 0);
        denials.note(*request.exchange);
        return http::fail_with(error);
      }
      Denials& denials;
      const base::Error error;
    };
    fake.session->client.address = *IpAddress::parse(client);
    fake.user = std::move(user);
    fake.run(Fails(denials, error), "GET", target);
  }
  std::deque<Denial> of(const char* client, std::string_view user = {}) const {
    return denials.of(*IpAddress::parse(client), user);
  }
};

const base::Error kDenied =
    base::Error(ErrorType::http_request_denied, "No.", "a rule").with_list("ads.txt:7");

TEST(Denials, EachClientSeesItsOwn) {
  Noted noted;
  noted.deny("http://a.test/x", kDenied, "192.0.2.1");
  noted.deny("http://b.test/", kDenied, "192.0.2.2");
  noted.deny("http://c.test/", kDenied, "192.0.2.1", "ann");
  noted.deny("http://d.test/", kDenied, "192.0.2.1");
  const auto first = noted.of("192.0.2.1");
  ASSERT_EQ(first.size(), 2u);
  EXPECT_EQ(first[0].target, "http://d.test/");
  EXPECT_EQ(first[1].target, "http://a.test/x");
  EXPECT_EQ(first[1].method, "GET");
  EXPECT_EQ(first[1].rule, "a rule");
  EXPECT_EQ(first[1].list, "ads.txt:7");
  EXPECT_EQ(noted.of("192.0.2.1", "ann").size(), 1u);
  EXPECT_EQ(noted.of("::ffff:192.0.2.2").size(), 1u) << "the same client";
  EXPECT_TRUE(noted.of("192.0.2.3").empty());
}

TEST(Denials, OnlyRefusalsCount) {
  Noted noted;
  noted.deny("http://a.test/", base::Error(ErrorType::connection_refused, "No."));
  noted.deny("http://a.test/",
             base::Error(ErrorType::destination_ip_prohibited, "No.", "metadata address"));
  ASSERT_EQ(noted.of("127.0.0.1").size(), 1u);
  EXPECT_EQ(noted.of("127.0.0.1")[0].rule, "metadata address");
}

TEST(Denials, NothingGrowsWithoutALimit) {
  Noted noted;
  for (size_t i = 0; i < Denials::kMostEach + 5; ++i)
    noted.deny("http://" + std::to_string(i) + ".test/" + std::string(1000, 'x'), kDenied,
               "192.0.2.1");
  const auto all = noted.of("192.0.2.1");
  ASSERT_EQ(all.size(), Denials::kMostEach);
  EXPECT_TRUE(all[0].target.starts_with("http://24.test/"));
  EXPECT_EQ(all[0].target.size(), Denials::kLongestTarget + 3);
  for (size_t i = 0; i < Denials::kMostClients; ++i) {
    const std::string client = "10.0." + std::to_string(i / 200) + "." + std::to_string(i % 200);
    noted.deny("http://a.test/", kDenied, client.c_str());
  }
  EXPECT_TRUE(noted.of("192.0.2.1").empty()) << "denied something longest ago";
  EXPECT_EQ(noted.of("10.0.0.0").size(), 1u);
}

}  // namespace
}  // namespace weir::journal
