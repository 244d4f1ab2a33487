#include "http/outgoing_head.h"

#include <gtest/gtest.h>

#include "http/stage_fake.h"

namespace weir::http {
namespace {

std::string lines_of(const OutgoingHead& head) {
  std::string text;
  head.for_each_line([&](std::string_view name, std::string_view value, bool) {
    text.append(name).append(": ").append(value).append("\n");
  });
  return text;
}

TEST(OutgoingHead, EditsStandAsideOfTheHead) {
  const auto head = fake_head("POST", "http://site/",
                              {{"HOST", "old"},
                               {"A", "1"},
                               {"Content-Length", "+5"},
                               {"Proxy-Authorization", "secret"},
                               {"host", "again"},
                               {"Accept", "*/*"}});
  const std::string before = lines_of(head->fields);
  OutgoingHead outgoing(*head);
  EXPECT_EQ(lines_of(outgoing), before);
  outgoing.replace(FieldId::host, "site");
  outgoing.replace(FieldId::content_length, "5");
  outgoing.leave_out(FieldId::proxy_authorization);
  outgoing.leave_out(FieldId::te);
  outgoing.add(FieldId::via, "1.1 weir");
  outgoing.add(FieldId::connection, "close");
  EXPECT_EQ(lines_of(outgoing),
            "HOST: site\nA: 1\nContent-Length: 5\nAccept: */*\nVia: 1.1 weir\nConnection: close\n");
  EXPECT_EQ(lines_of(head->fields), before);
}

TEST(OutgoingHead, WhatIsNotThereToBeReplacedIsAdded) {
  const auto head = fake_head("GET", "http://site/", {{"A", "1"}});
  OutgoingHead outgoing(*head);
  outgoing.replace(FieldId::content_length, "0");
  outgoing.replace(FieldId::host, "site");
  EXPECT_EQ(lines_of(outgoing), "Host: site\nA: 1\nContent-Length: 0\n");
}

TEST(RequestHead, ACloneIsAHeadOfItsOwn) {
  base::Ref<RequestHead> clone;
  std::string fields;
  {
    const auto head = fake_head("GET", "http://name:pw@Site:81/path?q",
                                {{"Host", "Site:81"}, {"Cookie", std::string(9000, 'c')}});
    clone = head->clone();
    clone->fields.add("X", "1");
    EXPECT_EQ(head->fields.find("X"), nullptr);
    fields = lines_of(head->fields);
  }
  EXPECT_EQ(lines_of(clone->fields), fields + "X: 1\n");
  EXPECT_EQ(clone->method, Method::get);
  EXPECT_EQ(clone->method_token, "GET");
  EXPECT_EQ(clone->raw_target, "http://Site:81/path?q");
  EXPECT_EQ(clone->target.host, "site");
  EXPECT_EQ(clone->target.port, 81);
  EXPECT_EQ(clone->target.path, "/path?q");
  EXPECT_EQ(clone->target.authority, "site:81");
  EXPECT_EQ(clone->target.written_authority, "Site:81");
  EXPECT_FALSE(clone->login.empty());
  EXPECT_FALSE(clone->login_origin.empty());
}

}  // namespace
}  // namespace weir::http
