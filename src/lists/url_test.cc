#include "lists/url.h"

#include <gtest/gtest.h>

namespace weir::lists {
namespace {

TEST(ListUrl, WhatMayStandInAConfiguration) {
  for (const char* url :
       {"http://a.test", "https://a.test/x?y", "http://192.0.2.1:8080/", "http://[2001:db8::1]/x"})
    EXPECT_EQ(fault_in_url(url), std::nullopt) << url;
  for (const char* url : {"", "a.test/x", "ftp://a.test/", "http://", "http:///x", "http://:80/",
                          "http://ada@a.test/", "http://a.test/#x", "http://a.test/ x",
                          "http://a.test/\n", "HTTP://a.test/", "http://a.test/\xc3\xa9"})
    EXPECT_NE(fault_in_url(url), std::nullopt) << url;
}

TEST(ListUrl, AnAddressInPlaceOfAName) {
  EXPECT_EQ(literal_in("http://192.0.2.1:8080/x"), base::IpAddress::parse("192.0.2.1"));
  EXPECT_EQ(literal_in("http://[2001:db8::1]:80/"), base::IpAddress::parse("2001:db8::1"));
  EXPECT_EQ(literal_in("http://a.test/192.0.2.1"), std::nullopt);
}

TEST(ListUrl, ANameThatOnlyThisNetworkHas) {
  for (const char* host :
       {"nas", "localhost", "lists.corp", "NAS.LAN", "a.b.internal", "x.home.arpa"})
    EXPECT_EQ(inside_host_in("http://" + std::string(host) + ":8080/x"), host);
  for (const char* host :
       {"lists.example.com", "home.arpa", "192.0.2.1", "[2001:db8::1]", "lan.example.org", "nas."})
    EXPECT_EQ(inside_host_in("http://" + std::string(host) + "/x"), "") << host;
}

TEST(ListUrl, WhereALocationLeads) {
  const char* const url = "http://a.test/lists/ads.txt?v=1";
  const std::pair<const char*, const char*> good[] = {
      {"http://b.test/x", "http://b.test/x"},
      {"HTTPS://b.test/X", "https://b.test/X"},
      {"//b.test/x", "http://b.test/x"},
      {"/x#y", "http://a.test/x"},
      {"new.txt", "http://a.test/lists/new.txt"},
      {"new.txt?x=a:b", "http://a.test/lists/new.txt?x=a:b"},
      {"../x", "http://a.test/lists/../x"},
      {"?v=2", "http://a.test/lists/ads.txt?v=2"},
  };
  for (const auto& [location, to] : good) EXPECT_EQ(resolved(url, location), to) << location;
  EXPECT_EQ(resolved("http://a.test", "x"), "http://a.test/x");
  EXPECT_EQ(resolved("http://a.test?v", "?w"), "http://a.test/?w");
  EXPECT_EQ(resolved("https://a.test/x", "/y"), "https://a.test/y");
  for (const char* location :
       {"ftp://b.test/", "javascript:x", "http://ada@b.test/", "//", "http://"})
    EXPECT_FALSE(resolved(url, location)) << location;
  EXPECT_FALSE(resolved("https://a.test/x", "http://a.test/x"));
}

}  // namespace
}  // namespace weir::lists
