#include "net/dns/resolv_conf.h"

#include <gtest/gtest.h>

namespace weir::net {
namespace {

TEST(ResolvConf, Lines) {
  const struct {
    const char *content, *servers, *search;
  } cases[] = {
      {"", "127.0.0.1:53", ""},
      {"nameserver 10.0.0.53\n", "10.0.0.53:53", ""},
      {"# nameserver 1.1.1.1\n;nameserver 1.1.1.1\nnameserver\t10.0.0.53  # why\r\nnameserver ::1",
       "10.0.0.53:53 [::1]:53", ""},
      {"nameserver fe80::1%eth0\nnameserver 010.1.1.1\nnameserver example.org\nnameserver\n",
       "127.0.0.1:53", ""},
      {"nameserver 1.0.0.1\nnameserver 1.0.0.2\nnameserver 1.0.0.3\nnameserver 1.0.0.4\n",
       "1.0.0.1:53 1.0.0.2:53 1.0.0.3:53", ""},
      {"search A.test. b.test\n", "127.0.0.1:53", "a.test b.test"},
      {"domain a.test b.test\n", "127.0.0.1:53", "a.test"},
      {"search a.test\ndomain b.test\n", "127.0.0.1:53", "b.test"},
      {"domain b.test\nsearch a.test . bad..test ok.test\n", "127.0.0.1:53", "a.test ok.test"},
      {"search .\noptions ndots:5 timeout:1\nnameservers 1.1.1.1\n", "127.0.0.1:53", ""},
      {"search a b c d e f g h", "127.0.0.1:53", "a b c d e f"},
  };
  for (const auto& c : cases) {
    ResolvConf conf("/nonexistent");
    conf.parse(c.content);
    std::string servers, search;
    for (const auto& server : conf.servers())
      servers += (servers.empty() ? "" : " ") + server.text();
    for (const auto& domain : conf.search()) search += (search.empty() ? "" : " ") + domain;
    EXPECT_EQ(servers, c.servers) << c.content;
    EXPECT_EQ(search, c.search) << c.content;
  }
}

}  // namespace
}  // namespace weir::net
