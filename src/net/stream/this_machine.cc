#include "net/stream/this_machine.h"

#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace weir::net {

namespace {

struct Question {
  nlmsghdr header;
  rtmsg route;
  rtattr attribute;
  uint8_t address[16];
};
// Netlink requires each part to begin on a boundary of four bytes; this checks the compiler's
// layout.
static_assert(sizeof(Question) == NLMSG_SPACE(sizeof(rtmsg)) + RTA_SPACE(16));

}  // namespace

bool is_this_machine(const base::IpAddress& asked) {
  const base::IpAddress address = asked.unmapped();
  const int netlink = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
  if (netlink < 0) return errno == EMFILE || errno == ENFILE || errno == ENOMEM || errno == ENOBUFS;
  Question question{};
  question.header.nlmsg_type = RTM_GETROUTE;
  question.header.nlmsg_flags = NLM_F_REQUEST;
  question.header.nlmsg_len = static_cast<uint32_t>(sizeof question - 16 + address.size());
  question.route.rtm_family = address.is_v4() ? AF_INET : AF_INET6;
  question.route.rtm_dst_len = static_cast<uint8_t>(address.size() * 8);
  question.attribute.rta_type = RTA_DST;
  question.attribute.rta_len = static_cast<uint16_t>(RTA_LENGTH(address.size()));
  std::memcpy(question.address, address.bytes().data(), address.size());
  bool here = false;
  if (send(netlink, &question, question.header.nlmsg_len, 0) ==
      static_cast<ssize_t>(question.header.nlmsg_len)) {
    // The kernel answers before send() returns. If there is no route, the answer is an error
    // message.
    alignas(nlmsghdr) char answer[1024];
    const ssize_t n = recv(netlink, answer, sizeof answer, MSG_DONTWAIT);
    nlmsghdr header;
    rtmsg route;
    if (n >= static_cast<ssize_t>(NLMSG_LENGTH(sizeof route))) {
      std::memcpy(&header, answer, sizeof header);
      std::memcpy(&route, answer + NLMSG_HDRLEN, sizeof route);
      here = header.nlmsg_type == RTM_NEWROUTE && route.rtm_type == RTN_LOCAL;
    }
  }
  close(netlink);
  return here;
}

}  // namespace weir::net
