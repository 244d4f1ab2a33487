#include "stages/restart/restart.h"

#include <gtest/gtest.h>

#include "http/stage_fake.h"

namespace weir::restart {
namespace {

const Restart kStage;

/// Answers with a restart for as long as the path counts down: /3 becomes /2.
base::Result<http::Response> count_down(http::Request& request) {
  http::Response response;
  const char left = request.head->target.path[1];
  if (left == '0') {
    response.head = http::ResponseHead::make(200);
    response.head->fields.add("X-Version", text_of(request.head->version));
    return response;
  }
  response.restart = request.head->clone();
  response.restart->target.path =
      response.restart->copy(std::string("/") + static_cast<char>(left - 1));
  return response;
}

TEST(Restart, ATargetEntersAgainAtMostFourTimes) {
  for (int restarts = 0; restarts <= 6; ++restarts) {
    http::FakeStages fake;
    fake.next = count_down;
    const http::Outcome outcome =
        fake.run(kStage, "GET", "http://site/" + std::to_string(restarts));
    if (restarts <= 4) {
      EXPECT_EQ(outcome.status(), 200) << restarts;
      EXPECT_EQ(fake.calls, restarts + 1);
      EXPECT_EQ(fake.target, "/0");
    } else {
      ASSERT_TRUE(outcome.error) << restarts;
      EXPECT_EQ(outcome.error->type(), base::ErrorType::proxy_loop_detected);
      EXPECT_EQ(outcome.error->status(), 508);
      EXPECT_EQ(fake.calls, 5);
    }
    EXPECT_EQ(fake.records.size(), 1u) << "one exchange, whatever its targets";
  }
}

TEST(Restart, TheLogKeepsTheHeadThatTheClientSentAndNoPeerOfAnEarlierTarget) {
  http::FakeStages fake;
  http::Request request = fake.request(http::fake_head("GET", "http://site/2", {{"Host", "x"}}));
  const base::Ref<http::Exchange> exchange = request.exchange;
  exchange->peer = {base::IpAddress::v4(192, 0, 2, 1), 80};
  fake.next = [&](http::Request& next) -> base::Result<http::Response> {
    if (fake.calls > 1) EXPECT_EQ(exchange->peer.port, 0) << fake.calls;
    EXPECT_EQ(exchange->request->target.path, "/2");
    return count_down(next);
  };
  EXPECT_EQ(fake.run(kStage, request).status(), 200);
  EXPECT_EQ(fake.target, "/0");
  EXPECT_EQ(exchange->request->raw_target, "http://site/2");
}

TEST(Restart, AnErrorAfterOneIsAnError) {
  http::FakeStages fake;
  fake.next = [&](http::Request& request) -> base::Result<http::Response> {
    if (fake.calls == 2) return base::fail(base::ErrorType::http_request_denied, "denied");
    return count_down(request);
  };
  const http::Outcome outcome = fake.run(kStage, "GET", "http://site/3");
  ASSERT_TRUE(outcome.error);
  EXPECT_EQ(outcome.status(), 403);
}

TEST(Restart, AnotherOriginGetsNeitherTheLoginInTheUrlNorItsSpelling) {
  const struct {
    const char* host;
    uint16_t port;
    const char *fields, *written;
  } cases[] = {
      {"site", 80, "Host: x\nAuthorization: Basic bmFtZTpwdw==\n", "Site:80"},
      {"site", 81, "Host: x\n", "new"},
      {"other", 80, "Host: x\n", "new"},
  };
  for (const auto& c : cases) {
    http::FakeStages fake;
    std::string written;
    fake.next = [&](http::Request& request) -> base::Result<http::Response> {
      http::Response response;
      if (fake.calls == 1) {
        response.restart = request.head->clone();
        http::Target& target = response.restart->target;
        target.host = c.host;
        target.port = c.port;
        target.authority = "new";
        return response;
      }
      written = request.head->target.written_authority;
      response.head = http::ResponseHead::make(200);
      return response;
    };
    EXPECT_EQ(fake.run(kStage, "GET", "http://name:pw@Site:80/").status(), 200);
    EXPECT_EQ(fake.fields, c.fields) << c.host;
    EXPECT_EQ(written, c.written);
  }
}

}  // namespace
}  // namespace weir::restart
