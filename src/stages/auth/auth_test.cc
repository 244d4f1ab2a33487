#include "stages/auth/auth.h"
#include "stages/auth/recheck.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fstream>
#include <latch>
#include <list>

#include "http/stage_fake.h"
#include "stages/auth/password.h"

namespace weir::auth {
namespace {

using http::FieldId;

// Cheap hashes of "secret".
constexpr const char* kBcrypt = "$2y$04$abcdefghijklmnopqrstuu2r9OfJnfCsdneAXAGHnS4UpFFP8WIrW";
constexpr const char* kSha256 = "$5$rounds=1000$salt$CCvcOM6b7TEJDPb37Aec/9UpOg4QhPNAxPpL9ZzjTB7";
constexpr const char* kSha512 =
    "$6$rounds=1000$salt$HNxBeBnDfSfUrTj6KiLnmd7tGCvHEmcExh8kl/"
    "S0cZ5WrCciNZgfhbpkeFQ4JfkHX.8vPq45lY0iINnCx1Lkm.";
constexpr const char* kYescrypt = "$y$j75$salt$7AaIs0B9f0jwZeNZA4Sj0ZD7EbU9CAsq4yRR0uTeR04";

TEST(PasswordFile, WhichLinesAreTaken) {
  const struct {
    std::string text;
    const char* error;  // Empty: the file is accepted.
  } cases[] = {
      {"", ""},
      {"# nobody\n\n", ""},
      {std::string("ada:") + kBcrypt, ""},
      {std::string("ada:") + kSha256 + "\r\nbob:" + kSha512 + "\n", ""},
      {std::string("ada:") + kYescrypt + ":a comment\n", ""},
      {std::string("\n# x\nada:") + kYescrypt + "\nbob:secret\n",
       "f:4: this is no hash but a password"},
      {"ada:rqXexS6ZhobKA\n", "f:1: this is no hash but a password in plain text, or a DES hash"},
      {"ada:$apr1$abcdefgh$nOgYQ5H0gVRv.Y6gJ7oZV.\n", "f:1: an MD5 hash"},
      {"ada:$1$abcdefgh$wVQzjQjkZ4JnXlgvMxCv31\n", "f:1: an MD5 hash"},
      {"ada:{SHA}5en6G6MezRroT3XKqkdPOmY/BfQ=\n", "f:1: a SHA-1 hash"},
      {"ada:$9$what\n", "f:1: this kind"},
      {"ada:$y$\n", "f:1: "},
      {"ada:$6$salt$short\n", "f:1: this hash is not whole"},
      {"ada:\n", "f:1: this is no hash"},
      {"ada\n", "f:1: a line is"},
      {std::string(":") + kBcrypt, "f:1: a user's name"},
      {std::string("a b:") + kBcrypt, "f:1: a user's name"},
      {std::string(256, 'a') + ":" + kBcrypt, "f:1: a user's name"},
      {std::string("ada:") + kBcrypt + "\nada:" + kSha256, "f:2: this user has a line already"},
  };
  for (const auto& c : cases) {
    const auto users = parse_users(c.text, "f");
    if (*c.error == 0) {
      EXPECT_TRUE(users) << c.text << users.error();
    } else {
      ASSERT_FALSE(users) << c.text;
      EXPECT_TRUE(users.error().starts_with(c.error)) << users.error();
      EXPECT_EQ(users.error().find("rqXex"), std::string::npos) << "a hash is shown";
    }
  }
}

TEST(PasswordFile, EachKindOfHashIsChecked) {
  for (const char* hash : {kBcrypt, kSha256, kSha512, kYescrypt}) {
    const auto users = parse_users(std::string("ada:") + hash, "f");
    ASSERT_TRUE(users) << users.error();
    EXPECT_TRUE(users->check("ada", "secret")) << hash;
    EXPECT_FALSE(users->check("ada", "Secret")) << hash;
    EXPECT_FALSE(users->check("ada", "")) << hash;
    EXPECT_FALSE(users->check("bob", "secret")) << hash << ": the check of nobody is right";
  }
  const auto none = parse_users("", "f");
  EXPECT_FALSE(none->check("", ""));
  const auto made = make_hash("a word");
  ASSERT_TRUE(made);
  EXPECT_EQ(why_refused(*made), "");
  EXPECT_TRUE(matches("a word", *made));
}

TEST(Users, AHashThatWouldHoldAThreadForLongIsRefused) {
  const std::string salt = "abcdefghijklmnopqrstuu", bcrypt_digest(31, 'a');
  const std::string short_digest(43, 'a'), long_digest(86, 'a');
  const auto bcrypt = [&](const char* cost) {
    return std::string("$2y$") + cost + '$' + salt + bcrypt_digest;
  };
  const auto yescrypt = [&](const char* cost) {
    return std::string("$y$") + cost + '$' + salt + '$' + short_digest;
  };
  const auto sha512 = [&](const char* rounds) {
    return std::string("$6$rounds=") + rounds + "$abcd$" + long_digest;
  };
  for (const std::string& fine :
       {bcrypt("04"), bcrypt("15"), yescrypt("j75"), yescrypt("j9T"), yescrypt("jDT"),
        sha512("5000"), sha512("5000000"), "$5$abcd$" + short_digest})
    EXPECT_EQ(why_refused(fine), "") << fine;
  for (const std::string& costly : {bcrypt("16"), bcrypt("31"), yescrypt("jET"), yescrypt("jFT"),
                                    sha512("5000001"), sha512("999999999")})
    EXPECT_NE(why_refused(costly).find("two seconds"), std::string::npos) << costly;
}

TEST(Basic, WhatIsRead) {
  const auto ada = parse_basic("bAsIc  YWRhOnNlYzpyZXQ=");
  ASSERT_TRUE(ada);
  EXPECT_EQ(ada->user, "ada");
  EXPECT_EQ(ada->password, "sec:ret");
  EXPECT_TRUE(parse_basic("Basic YWRhOnNlYzpyZXQ")) << "no padding";
  EXPECT_TRUE(parse_basic("Basic YWRhOg==")) << "an empty password is one";
  for (const char* value :
       {"", "Basic", "Basic ", "YWRhOng=", "Bearer YWRhOng=", "Basic YWRhOng=x", "Basic YWRh",
        "Basic OnNlY3JldA==", "Basic !!!!", "Basic YWRhOgA=", "Basic YWRhOnh=", "Basic YSBiOng="}) {
    EXPECT_FALSE(parse_basic(value)) << value;
  }
  EXPECT_FALSE(parse_basic("Basic " + std::string(100'000, 'A')));
}

TEST(Basic, WhatIsNotUtf8IsLatin1) {
  const struct {
    const char *value, *user, *password;
  } cases[] = {
      // UTF-8 stays unchanged, even if it could be Latin-1.
      {"Basic asO8cmdlbjpHcsO8w59lMQ==", "j\xc3\xbcrgen",
       "Gr\xc3\xbc\xc3\x9f"
       "e1"},
      {"Basic avxyZ2VuOkdy/N9lMQ==", "j\xc3\xbcrgen",
       "Gr\xc3\xbc\xc3\x9f"
       "e1"},
      {"Basic YWRhOv8=", "ada", "\xc3\xbf"},
      {"Basic YWRhOoA=", "ada", "\xc2\x80"},
      // Cut UTF-8 is read as Latin-1.
      {"Basic YWRhOsM=", "ada", "\xc3\x83"},
      // Name and password are in one encoding.
      {"Basic w7w66Q==", "\xc3\x83\xc2\xbc", "\xc3\xa9"},
  };
  for (const auto& c : cases) {
    const auto read = parse_basic(c.value);
    ASSERT_TRUE(read) << c.value;
    EXPECT_EQ(read->user, c.user) << c.value;
    EXPECT_EQ(read->password, c.password) << c.value;
  }
  // 0xff 130 times: as UTF-8 the name is too long.
  std::string digits = "Basic ";
  for (int i = 0; i < 45; ++i) digits += "////";
  EXPECT_FALSE(parse_basic(digits + "Onh4"));
}

TEST(Answers, SipHashIsTheOneThatIsPublished) {
  std::string bytes;
  for (char c = 0; c < 15; ++c) bytes += c;
  EXPECT_EQ(siphash(0x0706050403020100, 0x0f0e0d0c0b0a0908, bytes), 0xa129ca6149be45e5);
}

TEST(Answers, GoodOnesForAWhile) {
  Answers answers;
  const auto has = [&](std::string_view user, std::string_view password, uint64_t now_ms) {
    return answers.has(answers.print_of(user, password), now_ms);
  };
  EXPECT_FALSE(has("ada", "secret", 0));
  answers.add(answers.print_of("ada", "secret"), 1000);
  EXPECT_TRUE(has("ada", "secret", 1000 + Answers::kKeptMs - 1));
  EXPECT_FALSE(has("ada", "secre", 1000));
  EXPECT_FALSE(has("adas", "ecret", 1000));
  EXPECT_FALSE(has("ada", "secret", 1000 + Answers::kKeptMs));
  EXPECT_EQ(answers.size(), 0u);
  for (size_t i = 0; i < Answers::kMost + 100; ++i)
    answers.add(answers.print_of("ada", std::to_string(i)), 1000);
  EXPECT_EQ(answers.size(), Answers::kMost);
  answers.clear();
  EXPECT_EQ(answers.size(), 0u);
}

const auto kOwn = std::make_shared<const http::OwnNames>(
    "weir.internal", std::vector<base::Endpoint>{{base::IpAddress::v4(127, 0, 0, 1), 9876}});

/// A stage with a users' file, and everything that it needs.
struct Fixture {
  Fixture() {
    char name[] = "/tmp/weir-auth-XXXXXX";
    close(mkstemp(name));
    config.file = name;
    write(std::string("ada:") + kSha256 + "\n");
    login = *Login::open(config);
  }
  ~Fixture() { unlink(config.file.c_str()); }
  void write(const std::string& text) { std::ofstream(config.file) << text; }

  http::FakeStages fake;  // Has the loop.
  async::Mailbox mailbox;
  async::Pool pool{1, 10};
  async::PoolPort port{pool, mailbox};
  Attempts attempts;
  Config config;
  ListenerConfig listener;
  std::shared_ptr<Login> login;
};

/// `stage` and its requests, some of which wait.
struct Pipe {
  struct End final : http::Stage {
    async::Task<base::Result<http::Response>> handle(http::Request& request,
                                                     http::Next) const override {
      http::Response response =
          http::text_response(200, "text/plain", request.asker->identity.text());
      if (request.head->fields.has(FieldId::proxy_authorization)) response.head->status = 500;
      return http::answer(std::move(response));
    }
  };
  explicit Pipe(Fixture& fixture) : fixture(fixture) {
    demands.push_back(std::make_shared<const Demand>(fixture.listener, fixture.login));
    stages.push_back(
        std::make_unique<Auth>(demands, kOwn, Context{fixture.attempts, fixture.port}));
    stages.push_back(std::make_unique<End>());
  }
  async::Task<base::Result<http::Response>> begin(const char* method, const char* target,
                                                  const http::FieldLines& fields) {
    requests.push_back(fixture.fake.request(http::fake_head(method, target, fields)));
    return stages[0]->handle(requests.back(), http::Next(&stages[1]));
  }
  /// Status and identity.
  std::string run(const char* method, const char* target, const http::FieldLines& fields) {
    auto task = begin(method, target, fields);
    task.start();
    for (int i = 0; i < 500 && !task.done(); ++i) fixture.fake.loop.turn(20);
    auto response = task.take();
    if (!response) return std::to_string(response.error().status());
    std::string text = std::to_string(response->head->status);
    return response->head->status == 200
               ? text + " " + http::content_of(*response)
               : text + " " + std::string(response->head->fields.get(FieldId::proxy_authenticate));
  }
  Fixture& fixture;
  Demands demands;
  std::vector<std::unique_ptr<const http::Stage>> stages;
  std::list<http::Request> requests;
};

const std::pair<std::string, std::string> kHost{"Host", "site"};
const std::pair<std::string, std::string> kRight{"Proxy-Authorization",
                                                 "Basic YWRhOnNlY3JldA=="};  // ada:secret
const std::pair<std::string, std::string> kWrong{"Proxy-Authorization", "Basic YWRhOnNlY3JlVA=="};
constexpr const char* kChallenge = "407 Basic realm=\"Weir\", charset=\"UTF-8\"";

TEST(Auth, WhoIsAskedAndWhoComesIn) {
  Fixture fixture;
  Pipe pipe(fixture);
  EXPECT_EQ(pipe.run("GET", "http://site/", {kHost}), kChallenge);
  EXPECT_EQ(pipe.run("CONNECT", "site:443", {{"Host", "site:443"}}), kChallenge);
  EXPECT_EQ(pipe.run("GET", "http://site/", {kHost, kRight, kRight}), kChallenge);
  EXPECT_EQ(pipe.run("GET", "http://site/", {kHost, {"Proxy-Authorization", "Bearer x"}}),
            kChallenge);
  EXPECT_EQ(pipe.run("GET", "http://site/", {kHost, kRight}), "200 ada");
  EXPECT_EQ(pipe.run("CONNECT", "site:443", {{"Host", "site:443"}, kRight}), "200 ada");
  EXPECT_EQ(pipe.run("GET", "http://site/", {kHost, kWrong}), kChallenge);
}

TEST(Auth, InsideATunnelTheOuterIdentityHolds) {
  Fixture fixture;
  Pipe pipe(fixture);
  fixture.fake.session->depth = 1;
  fixture.fake.user = "bob";
  EXPECT_EQ(pipe.run("GET", "http://site/", {kHost}), "200 bob");
  EXPECT_EQ(pipe.run("GET", "http://site/", {kHost, kRight}), "200 bob");
}

TEST(Auth, WithoutALoginEverybodyIsWelcome) {
  Fixture fixture;
  fixture.login = nullptr;
  Pipe pipe(fixture);
  EXPECT_EQ(pipe.run("GET", "http://site/", {kHost, kWrong}), "200 ");
}

TEST(Auth, AListenerMayAskNobody) {
  Fixture fixture;
  for (const std::optional<bool> required : {std::optional(false), std::optional(true)}) {
    fixture.listener.required = required;
    Pipe pipe(fixture);
    // Nor is it looked whether a login that is sent is right.
    EXPECT_EQ(pipe.run("GET", "http://site/", {kHost}), required == true ? kChallenge : "200 ");
    EXPECT_EQ(pipe.run("GET", "http://site/", {kHost, kRight}),
              required == true ? "200 ada" : "200 ");
    EXPECT_EQ(pipe.run("GET", "http://site/", {kHost, kWrong}),
              required == true ? kChallenge : "200 ");
  }
}

match::SitePattern site(const char* text) {
  return *match::SitePattern::parse(text);
}

TEST(Auth, AnExemptHostNeedsNoLogin) {
  Fixture fixture;
  for (const char* host : {"updates.example", "=alone.example", "*.below.example", "192.0.2.7",
                           "2001:db8::7", "internal"})
    fixture.listener.exempt_hosts.push_back(site(host));
  Pipe pipe(fixture);
  const struct {
    const char *method, *target, *host;
    bool exempt;
  } cases[] = {
      {"GET", "http://updates.example/", "x", true},
      {"GET", "http://UPDATES.Example.:8080/x?y", "x", true},
      {"POST", "http://a.b.updates.example/", "x", true},
      {"CONNECT", "updates.example:443", "x", true},
      {"CONNECT", "a.updates.example.:8443", "x", true},
      {"GET", "http://alone.example/", "x", true},
      {"GET", "http://www.below.example/", "x", true},
      {"CONNECT", "192.0.2.7:443", "x", true},
      {"GET", "http://[2001:DB8:0::7]/", "x", true},
      // What the client says beside its target does not count.
      {"GET", "http://site/", "updates.example", false},
      {"CONNECT", "site:443", "updates.example:443", false},
      {"GET", "http://updates.example@site/", "updates.example", false},
      {"GET", "http://site/?http://updates.example/", "x", false},
      // Names that only look like it.
      {"GET", "http://updates.example.evil/", "x", false},
      {"GET", "http://badupdates.example/", "x", false},
      {"GET", "http://example/", "x", false},
      {"GET", "http://www.alone.example/", "x", false},
      {"GET", "http://below.example/", "x", false},
      {"GET", "http://192.0.2.70/", "x", false},
      {"GET", "http://7.192.0.2.7.example/", "x", false},
      {"GET", "http://[::ffff:192.0.2.7]/", "x", false},
      // No pattern has Weir's own names.
      {"GET", "http://weir.internal/x", "x", false},
      {"CONNECT", "weir.internal:80", "x", false},
      {"CONNECT", "weir.internal:443", "x", false},
  };
  for (const auto& c : cases) {
    EXPECT_EQ(pipe.run(c.method, c.target, {{"Host", c.host}}), c.exempt ? "200 " : kChallenge)
        << c.method << " " << c.target;
    EXPECT_EQ(pipe.run(c.method, c.target, {{"Host", c.host}, kRight}), "200 ada")
        << c.method << " " << c.target;
  }
}

TEST(Auth, OfWeirsOwnPagesOnlyTheFirstNeedsNone) {
  Fixture fixture;
  Pipe pipe(fixture);
  const struct {
    const char *method, *target;
    bool needs_none;
  } cases[] = {
      {"GET", "http://weir.internal/", true},
      {"HEAD", "http://weir.internal", true},
      {"GET", "http://weir.internal/?from=http://site/", true},
      {"GET", "http://127.0.0.1:9876/", true},
      {"GET", "/", true},
      {"HEAD", "/?x", true},
      {"POST", "http://weir.internal/", false},
      {"OPTIONS", "http://weir.internal/", false},
      {"OPTIONS", "http://weir.internal", false},
      {"TRACE", "http://weir.internal/", false},
      {"GET", "http://weir.internal/denials", false},
      {"GET", "http://weir.internal//", false},
      {"GET", "http://weir.internal/.", false},
      {"GET", "http://weir.internal/%2f", false},
      {"GET", "http://weir.internal:81/", false},
      {"GET", "http://site/", false},
      {"CONNECT", "weir.internal:80", false},
      {"GET", "/denials", false},
      {"GET", "/denials?/", false},
      {"POST", "/", false},
      {"TRACE", "/", false},
      {"OPTIONS", "*", false},
  };
  for (const auto& c : cases) {
    const bool direct = c.target[0] == '/' || c.target[0] == '*';
    const std::pair<std::string, std::string> host{"Host", direct ? "127.0.0.1:9876" : "x"};
    EXPECT_EQ(pipe.run(c.method, c.target, {host}), c.needs_none ? "200 "
                                                    : direct     ? "403"
                                                                 : kChallenge)
        << c.method << " " << c.target;
    // Where Weir is spoken to as a server, there is no login.
    for (const auto& login : {kRight, kWrong}) {
      if (direct)
        EXPECT_EQ(pipe.run(c.method, c.target, {host, login}), c.needs_none ? "200 " : "403");
    }
    if (!direct)
      EXPECT_EQ(pipe.run(c.method, c.target, {host, kRight}), "200 ada")
          << c.method << " " << c.target;
  }
  // Inside a tunnel to them that has no user, from before a reload.
  fixture.fake.session->depth = 1;
  fixture.fake.session->own = true;
  EXPECT_EQ(pipe.run("GET", "/", {{"Host", "weir.internal"}}), "200 ");
  EXPECT_EQ(pipe.run("GET", "/denials", {{"Host", "weir.internal"}}), "403");
  fixture.fake.user = "bob";
  EXPECT_EQ(pipe.run("GET", "/denials", {{"Host", "weir.internal"}}), "200 bob");
}

TEST(Auth, EveryHostMayBeExemptButWeirsOwn) {
  Fixture fixture;
  for (const char* host : {"*", "weir.internal", "127.0.0.1"})
    fixture.listener.exempt_hosts.push_back(site(host));
  Pipe pipe(fixture);
  EXPECT_EQ(pipe.run("GET", "http://site/", {kHost}), "200 ");
  EXPECT_EQ(pipe.run("GET", "http://127.0.0.1/x", {kHost}), "200 ");
  EXPECT_EQ(pipe.run("GET", "http://weir.internal/x", {kHost}), kChallenge);
  EXPECT_EQ(pipe.run("GET", "http://127.0.0.1:9876/x", {kHost}), kChallenge);
}

TEST(Auth, ALoginThatIsSentToAnExemptHostIsCheckedLikeAnyOther) {
  Fixture fixture;
  fixture.listener.exempt_hosts.push_back(site("site"));
  Pipe pipe(fixture);
  EXPECT_EQ(pipe.run("GET", "http://site/", {kHost, kRight}), "200 ada");
  EXPECT_EQ(pipe.run("GET", "http://site/", {kHost}), "200 ") << "nor is the one before remembered";
  const uint64_t began_ms = fixture.fake.loop.now_ms();
  EXPECT_EQ(pipe.run("GET", "http://site/", {kHost, kWrong}), kChallenge);
  EXPECT_GE(fixture.fake.loop.now_ms() - began_ms, Attempts::kDelayMs);
  // What is no login guesses none.
  for (const char* value : {"Bearer x", "Negotiate YII=", "Basic Og==", "Basic", ""})
    EXPECT_EQ(pipe.run("GET", "http://site/", {kHost, {"Proxy-Authorization", value}}), "200 ");
  EXPECT_EQ(pipe.run("GET", "http://site/", {kHost, kWrong, kWrong}), "200 ");
  // It takes the same places as guesses elsewhere do.
  const auto client = fixture.fake.session->client.address;
  std::vector<Attempts::Part> others;
  for (size_t i = 0; i < Attempts::kMostAtOnce + Attempts::kMostOfName; ++i) {
    others.push_back(fixture.attempts.join(client, "ada", {1, i}, fixture.fake.loop.now_ms()));
    (void)others.back().stand(fixture.fake.loop.now_ms());
  }
  EXPECT_EQ(pipe.run("GET", "http://site/", {kHost, kWrong}), "503");
  EXPECT_EQ(pipe.run("GET", "http://site/", {kHost}), "200 ");
}

TEST(Auth, AnExemptClientNeedsNoLogin) {
  Fixture fixture;
  fixture.listener.exempt_clients = {*base::Cidr::parse("192.0.2.0/24"),
                                     *base::Cidr::parse("2001:db8::/32")};
  Pipe pipe(fixture);
  const std::pair<std::string, std::string> claims[] = {
      {"X-Forwarded-For", "192.0.2.7"}, {"Forwarded", "for=192.0.2.7"}, {"Via", "1.1 192.0.2.7"}};
  for (const auto& [address, exempt] : {std::pair("192.0.2.7", true),
                                        {"2001:db8:1::7", true},
                                        {"192.0.3.7", false},
                                        {"::ffff:192.0.2.7", false}}) {
    fixture.fake.session->client.address = *base::IpAddress::parse(address);
    for (const auto& claim : claims) {
      EXPECT_EQ(pipe.run("GET", "http://site/", {kHost, claim}), exempt ? "200 " : kChallenge)
          << address;
    }
    EXPECT_EQ(pipe.run("CONNECT", "site:443", {kHost}), exempt ? "200 " : kChallenge) << address;
    EXPECT_EQ(pipe.run("GET", "http://weir.internal/x", {kHost}), exempt ? "200 " : kChallenge);
    EXPECT_EQ(pipe.run("GET", "http://site/", {kHost, kRight}), "200 ada") << address;
  }
}

TEST(Auth, ATunnelWithoutALoginLeadsToNothingThatNeedsOne) {
  Fixture fixture;
  for (const char* host : {"updates.example", "192.0.2.7"})
    fixture.listener.exempt_hosts.push_back(site(host));
  Pipe pipe(fixture);
  http::Session& session = *fixture.fake.session;
  session.depth = 1;
  session.opened_port = 80;
  const struct {
    const char *opened, *host, *target;
    bool exempt;
  } cases[] = {
      {"updates.example", "updates.example", "/", true},
      {"192.0.2.7", "192.0.2.7", "/", true},
      // The first Host inside names the place that the CONNECT named by its address.
      {"192.0.2.7", "updates.example", "/", true},
      {"192.0.2.7", "site", "/", false},
      // It was opened while the listener asked nobody.
      {"192.0.2.8", "updates.example", "/", false},
      {"192.0.2.8", "192.0.2.7", "/", false},
      {"site", "updates.example", "http://updates.example/", false},
      {"site", "site", "/", false},
  };
  for (const auto& c : cases) {
    session.opened_host = std::string_view(c.opened);
    session.opened_literal = base::IpAddress::parse(c.opened).has_value();
    for (const auto& login : {kRight, kWrong}) {
      fixture.fake.pins = {};
      EXPECT_EQ(pipe.run("GET", c.target, {{"Host", c.host}, login}), c.exempt ? "200 " : "403")
          << c.opened << " " << c.host;
      EXPECT_EQ(fixture.fake.pins.ending(), !c.exempt) << c.opened << " " << c.host;
    }
  }
  fixture.fake.user = "bob";
  EXPECT_EQ(pipe.run("GET", "/", {kHost}), "200 bob") << "opened with a login";
}

TEST(Recheck, WhereARestartLeadsNeedsALoginToo) {
  Fixture fixture;
  fixture.listener.exempt_hosts.push_back(site("updates.example"));
  const Demands demands{std::make_shared<const Demand>(fixture.listener, fixture.login)};
  const Recheck stage(demands, kOwn);
  EXPECT_EQ(fixture.fake.run(stage, "GET", "http://updates.example/").status(), 200);
  const http::Outcome refused = fixture.fake.run(stage, "GET", "http://site/");
  EXPECT_EQ(refused.status(), 407);
  EXPECT_EQ(refused.field(http::FieldId::proxy_authenticate),
            "Basic realm=\"Weir\", charset=\"UTF-8\"");
  // Weir's first page is for everybody, by whatever way they come.
  for (const char* target : {"/", "http://weir.internal/"}) {
    EXPECT_EQ(fixture.fake.run(stage, "GET", target, {{"Host", "127.0.0.1:9876"}}).status(), 200);
  }
  EXPECT_EQ(fixture.fake.run(stage, "GET", "/other", {{"Host", "127.0.0.1:9876"}}).status(), 403);
  EXPECT_EQ(fixture.fake.run(stage, "GET", "http://weir.internal/other").status(), 407);
  fixture.fake.user = "ada";
  EXPECT_EQ(fixture.fake.run(stage, "GET", "http://site/").status(), 200);
  // A request of Weir's own comes by no listener.
  fixture.fake.user = "";
  fixture.fake.session->local = {};
  fixture.fake.session->listener = UINT32_MAX;
  EXPECT_EQ(fixture.fake.run(stage, "GET", "http://site/").status(), 200);
}

TEST(Demand, OfAClosedListenerStaysWhatItWas) {
  const Fixture fixture;
  const std::shared_ptr<Login> one = fixture.login, other = *Login::open(fixture.config);
  const struct {
    std::optional<bool> required;
    std::shared_ptr<Login> before, now, after;
    const char* why;
  } cases[] = {
      {std::nullopt, one, other, other, "the file holds on every listener"},
      {std::nullopt, one, nullptr, nullptr, "nobody logs in any more, anywhere"},
      {std::nullopt, nullptr, other, other, "as on every listener"},
      {true, one, other, other, "it asks, by the file of now"},
      {true, one, nullptr, one, "it asked by itself, so it does not open"},
      {false, one, other, nullptr, "it asked nobody"},
  };
  for (const auto& c : cases) {
    const Demand before({.required = c.required}, c.before);
    const Demand after = Demand::of_closed(before, c.now);
    EXPECT_EQ(after.login(), c.after) << c.why;
    EXPECT_EQ(Demand::of_closed(after, other).login(), c.required == false ? nullptr : other)
        << c.why;
  }
}

TEST(Auth, AClientMayGoWhileItsPasswordIsChecked) {
  Fixture fixture;
  Pipe pipe(fixture);
  for (int i = 0; i < 30; ++i) {
    auto task = pipe.begin("GET", "http://site/", {kHost, kWrong});
    task.start();
    if (i % 3 == 1) fixture.fake.loop.turn(0);
    if (i % 3 == 2) fixture.fake.loop.turn(5);
    task.cancel();
  }
  fixture.fake.loop.turn(5);
  const auto client = fixture.fake.session->client.address;
  const uint64_t now_ms = fixture.fake.loop.now_ms();
  EXPECT_EQ(fixture.attempts.join(client, "ada", {1, 1}, now_ms).stand(now_ms),
            Attempts::Stand::waits)
      << "who hangs up gains nothing";
}

std::string basic(const std::string& user_and_password) {
  static constexpr char kDigits[] =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string out = "Basic ";
  uint32_t bits = 0;
  int count = 0;
  for (const char c : user_and_password) {
    bits = bits << 8 | static_cast<unsigned char>(c);
    for (count += 8; count >= 6; count -= 6) out += kDigits[bits >> (count - 6) & 63];
  }
  if (count > 0) out += kDigits[bits << (6 - count) & 63];
  return out;
}

TEST(Auth, ManyUsersBehindOneAddressComeIn) {
  Fixture fixture;
  constexpr int kUsers = 40;
  std::string lines;
  for (int i = 0; i < kUsers; ++i) lines += "u" + std::to_string(i) + ":" + kSha256 + "\n";
  fixture.write(lines);
  ASSERT_TRUE(fixture.login->read_again());
  Pipe pipe(fixture);
  std::vector<async::Task<base::Result<http::Response>>> tasks;
  // Three requests at once for each user, as browsers send them.
  for (int i = 0; i < 3 * kUsers; ++i) {
    tasks.push_back(pipe.begin(
        "GET", "http://site/",
        {kHost, {"Proxy-Authorization", basic("u" + std::to_string(i % kUsers) + ":secret")}}));
    tasks.back().start();
  }
  for (auto& task : tasks) {
    for (int i = 0; i < 500 && !task.done(); ++i) fixture.fake.loop.turn(20);
    ASSERT_TRUE(task.done());
    auto response = task.take();
    ASSERT_TRUE(response) << response.error().detail();
    EXPECT_EQ(response->head->status, 200);
  }
  EXPECT_EQ(fixture.attempts.waiting(), 0u);
  EXPECT_EQ(fixture.attempts.clients(), 0u);
}

TEST(Auth, WhoWasNotCheckedIsNotToldThatItIsWrong) {
  Fixture fixture;
  Pipe pipe(fixture);
  const auto client = fixture.fake.session->client.address;
  std::vector<Attempts::Part> others;
  for (size_t i = 0; i < Attempts::kMostAtOnce + Attempts::kMostOfName; ++i) {
    others.push_back(fixture.attempts.join(client, "ada", {1, i}, fixture.fake.loop.now_ms()));
    (void)others.back().stand(fixture.fake.loop.now_ms());
  }
  EXPECT_EQ(pipe.run("GET", "http://site/", {kHost, kRight}), "503");
  EXPECT_EQ(fixture.attempts.waiting(), Attempts::kMostOfName);
  // A password that becomes known meanwhile is accepted all the same.
  auto task = pipe.begin("GET", "http://site/", {kHost, kRight});
  task.start();
  fixture.login->remember(fixture.login->users(), fixture.login->print_of({"ada", "secret"}),
                          fixture.fake.loop.now_ms());
  for (int i = 0; i < 500 && !task.done(); ++i) fixture.fake.loop.turn(20);
  EXPECT_EQ(task.take()->head->status, 200);
  // Once a place is free again, so is a password that is not known.
  fixture.write(std::string("ada:") + kBcrypt + "\n");
  ASSERT_TRUE(fixture.login->read_again());
  others.clear();
  EXPECT_EQ(pipe.run("GET", "http://site/", {kHost, kRight}), "200 ada");
}

/// Occupies the pool's only thread, and all places in its queue.
class Full {
 public:
  explicit Full(async::PoolPort& port) {
    for (int i = 0; i < 12; ++i) {
      works_.push_back(std::make_shared<Held>());
      tasks_.push_back([](async::PoolPort& port, std::shared_ptr<Held> work) -> async::Task<void> {
        auto done = port.done(std::move(work));
        (void)co_await done;
      }(port, works_.back()));
      tasks_.back().start();
    }
  }
  ~Full() { let_go(); }
  void let_go() {
    for (auto& work : std::exchange(works_, {})) work->go.count_down();
  }
  void let_one_go() {
    works_.front()->go.count_down();
    works_.erase(works_.begin());
  }

 private:
  struct Held final : async::Work {
    void run() override { go.wait(); }
    std::latch go{1};
  };
  std::vector<std::shared_ptr<Held>> works_;
  std::vector<async::Task<void>> tasks_;
};

TEST(Auth, AFullPoolIsWaitedFor) {
  Fixture fixture;
  Pipe pipe(fixture);
  Full full(fixture.port);
  auto task = pipe.begin("GET", "http://site/", {kHost, kRight});
  task.start();
  for (int i = 0; i < 10; ++i) fixture.fake.loop.turn(20);
  EXPECT_FALSE(task.done());
  full.let_go();
  for (int i = 0; i < 500 && !task.done(); ++i) fixture.fake.loop.turn(20);
  ASSERT_TRUE(task.done());
  const auto response = task.take();
  ASSERT_TRUE(response) << response.error().detail();
  EXPECT_EQ(response->head->status, 200);
}

TEST(Auth, WhoIsKnownWaitsForNoHash) {
  Fixture fixture;
  Pipe pipe(fixture);
  EXPECT_EQ(pipe.run("GET", "http://site/", {kHost, kRight}), "200 ada");
  Full full(fixture.port);
  const uint64_t due_ms = fixture.fake.loop.now_ms() + Login::kLookMs + 50;
  while (fixture.fake.loop.now_ms() < due_ms) fixture.fake.loop.turn(20);
  // A check of the file is due, but the thread is busy: requests wait for it for a while.
  EXPECT_EQ(pipe.run("GET", "http://site/", {kHost, kRight}), "200 ada");
  EXPECT_EQ(pipe.run("GET", "http://site/", {kHost, kRight}), "200 ada");
}

TEST(Auth, TheFileIsLookedAtBeforeAllHashes) {
  Fixture fixture;
  Pipe pipe(fixture);
  EXPECT_EQ(pipe.run("GET", "http://site/", {kHost, kRight}), "200 ada");
  Full full(fixture.port);
  const uint64_t due_ms = fixture.fake.loop.now_ms() + Login::kLookMs + 50;
  while (fixture.fake.loop.now_ms() < due_ms) fixture.fake.loop.turn(20);
  fixture.write(std::string("bob:") + kBcrypt + "\n");
  auto task = pipe.begin("GET", "http://site/", {kHost, kRight});
  task.start();
  full.let_one_go();
  const Print ada = fixture.login->print_of({"ada", "secret"});
  // Waits without a turn, so that requests do not give up on a late thread meanwhile.
  for (int i = 0; i < 500 && fixture.login->knows(ada, due_ms); ++i) usleep(10'000);
  EXPECT_FALSE(fixture.login->knows(ada, fixture.fake.loop.now_ms()));
  EXPECT_FALSE(task.done());
  full.let_go();
  for (int i = 0; i < 500 && !task.done(); ++i) fixture.fake.loop.turn(20);
  ASSERT_TRUE(task.done());
  const auto response = task.take();
  ASSERT_TRUE(response);
  EXPECT_EQ(response->head->status, 407);
}

TEST(Login, AChangedFileIsReadAndABrokenOneIsNot) {
  Fixture fixture;
  Pipe pipe(fixture);
  const Print ada = fixture.login->print_of({"ada", "secret"});
  fixture.login->remember(fixture.login->users(), ada, 1000);
  EXPECT_TRUE(fixture.login->knows(ada, 1000));
  fixture.login->look();
  EXPECT_TRUE(fixture.login->knows(ada, 1000)) << "the same file";
  fixture.write("ada:plain\n");
  testing::internal::CaptureStderr();
  fixture.login->look();
  fixture.login->look();
  const std::string said = testing::internal::GetCapturedStderr();
  EXPECT_NE(said.find(fixture.config.file + ":1: this is no hash"), std::string::npos) << said;
  EXPECT_EQ(said.find(":1:"), said.rfind(":1:")) << "said once";
  EXPECT_TRUE(fixture.login->knows(ada, 1000));
  const auto before = fixture.login->users();
  fixture.write(std::string("bob:") + kBcrypt + "\n# longer\n");
  fixture.login->look();
  EXPECT_FALSE(fixture.login->knows(ada, 1000));
  fixture.login->remember(before, ada, 1000);
  EXPECT_FALSE(fixture.login->knows(ada, 1000)) << "found right in the old file";
  EXPECT_FALSE(Login::open({"/nonexistent/file", "x"}));
}

TEST(Login, NobodyIsForgottenForAFileThatIsWrittenAgainAsItWas) {
  Fixture fixture;
  const Print ada = fixture.login->print_of({"ada", "secret"});
  fixture.login->remember(fixture.login->users(), ada, 1000);
  EXPECT_TRUE(fixture.login->read_again());
  unlink(fixture.config.file.c_str());
  fixture.write(std::string("# the same\nada:") + kSha256 + "\n");
  fixture.login->look();
  EXPECT_TRUE(fixture.login->knows(ada, 1000));
  fixture.write(std::string("ada:") + kBcrypt + "\n");
  EXPECT_TRUE(fixture.login->read_again());
  EXPECT_FALSE(fixture.login->knows(ada, 1000)) << "she has another hash";
}

TEST(Login, AFileThatIsNoneIsReadWhenItIsOneAgain) {
  Fixture fixture;
  const Print ada = fixture.login->print_of({"ada", "secret"});
  fixture.login->remember(fixture.login->users(), ada, 1000);
  unlink(fixture.config.file.c_str());
  ASSERT_EQ(mkfifo(fixture.config.file.c_str(), 0600), 0);
  testing::internal::CaptureStderr();
  fixture.login->look();
  fixture.login->look();
  const std::string said = testing::internal::GetCapturedStderr();
  EXPECT_NE(said.find("it is no ordinary file"), std::string::npos) << said;
  EXPECT_EQ(said.find("the old logins"), said.rfind("the old logins")) << "said once";
  EXPECT_FALSE(fixture.login->read_again()) << "who asks for it is told again";
  EXPECT_TRUE(fixture.login->knows(ada, 1000));
  unlink(fixture.config.file.c_str());
  fixture.write(std::string("bob:") + kBcrypt + "\n");
  fixture.login->look();
  EXPECT_FALSE(fixture.login->knows(ada, 1000));
}

}  // namespace
}  // namespace weir::auth
