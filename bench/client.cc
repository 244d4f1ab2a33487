#include "client.h"

#include <strings.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>

#include "sockets.h"

namespace weir::bench {
namespace {

constexpr size_t kScratch = 256 * 1024;
constexpr size_t kMostHead = 64 * 1024;
char scratch[kScratch];
const std::string filler(kScratch, 'u');

std::string_view field_of(std::string_view head, std::string_view name) {
  for (size_t at = head.find("\r\n");
       at != std::string_view::npos && at + 2 + name.size() <= head.size();
       at = head.find("\r\n", at)) {
    at += 2;
    if (at + name.size() > head.size() ||
        strncasecmp(head.data() + at, name.data(), name.size()) != 0)
      continue;
    std::string_view value = head.substr(at + name.size());
    value = value.substr(0, value.find("\r\n"));
    while (value.starts_with(' ')) value.remove_prefix(1);
    return value;
  }
  return {};
}

bool same(std::string_view a, std::string_view b) {
  return a.size() == b.size() && strncasecmp(a.data(), b.data(), a.size()) == 0;
}

}  // namespace

bool Client::open(int epoll, uint16_t port) {
  end();
  const int descriptor = connect_to(port);
  if (descriptor < 0) return false;
  channel_.use(descriptor);
  connecting_ = true;
  spent_ = in_tunnel = false;
  operations_ = 0;
  watch(epoll, descriptor, this);
  return true;
}

void Client::end() {
  channel_.end();
  busy_ = false;
}

void Client::begin(const Operation& operation) {
  operation_ = operation;
  busy_ = true;
  head_sent_ = 0;
  filler_left_ = operation.filler;
  content_left_ = operation.want_bytes;
  head_done_ = !operation.want_response;
  until_end_ = received_ = false;
  head_.clear();
}

Client::Progress Client::drive(uint32_t events) {
  if ((events & (EPOLLERR | EPOLLHUP)) == EPOLLERR || (connecting_ && (events & EPOLLHUP) != 0))
    return Progress::failed;
  if ((events & EPOLLOUT) != 0) connecting_ = false;
  if (!busy_) {
    if ((events & EPOLLRDHUP) != 0) spent_ = true;
    if ((events & EPOLLIN) != 0) look_while_idle();
    return Progress::waits;
  }
  if (connecting_) return Progress::waits;
  if (send_some() == Progress::failed) return Progress::failed;
  if ((events & (EPOLLIN | EPOLLRDHUP)) == 0) return Progress::waits;
  const Progress progress = receive_some((events & EPOLLRDHUP) != 0);
  if (progress == Progress::done) {
    busy_ = false;
    ++operations_;
  }
  if ((events & EPOLLRDHUP) != 0) spent_ = true;
  return progress;
}

void Client::look_while_idle() {
  // In TLS, what comes may be a session ticket.
  char byte = 0;
  if (!channel_.is_secure() || channel_.receive(&byte, 1) >= 0 || errno != EAGAIN) spent_ = true;
}

Client::Progress Client::send_some() {
  while (head_sent_ < operation_.head.size() || filler_left_ > 0) {
    const bool in_head = head_sent_ < operation_.head.size();
    const char* from = in_head ? operation_.head.data() + head_sent_ : filler.data();
    const size_t left = in_head ? operation_.head.size() - head_sent_
                                : std::min<uint64_t>(filler_left_, filler.size());
    const ssize_t sent = channel_.send(from, left, in_head && filler_left_ > 0 ? MSG_MORE : 0);
    if (sent < 0) return errno == EAGAIN || errno == EINTR ? Progress::waits : Progress::failed;
    if (in_head) {
      head_sent_ += static_cast<size_t>(sent);
    } else {
      filler_left_ -= static_cast<uint64_t>(sent);
    }
  }
  return Progress::done;
}

Client::Progress Client::receive_some(bool to_the_end) {
  for (;;) {
    // The kernel drops large content without copying it.
    const bool drop = head_done_ && content_left_ >= kScratch;
    const ssize_t got = channel_.receive(scratch, kScratch, drop ? MSG_TRUNC : 0);
    if (got < 0) return errno == EAGAIN || errno == EINTR ? Progress::waits : Progress::failed;
    if (got == 0) {
      spent_ = true;
      return until_end_ ? Progress::done : Progress::failed;
    }
    received_ = true;
    const Progress progress = take({scratch, static_cast<size_t>(got)});
    if (progress != Progress::waits) return progress;
    // A short read of TLS is the rest of a record.
    if (static_cast<size_t>(got) < kScratch && !to_the_end && !channel_.is_secure())
      return Progress::waits;
  }
}

Client::Progress Client::take(std::string_view bytes) {
  if (!head_done_) {
    const bool whole = head_.empty();
    if (!whole) head_.append(bytes);
    const std::string_view seen = whole ? bytes : std::string_view(head_);
    const size_t end = seen.find("\r\n\r\n");
    if (end == std::string_view::npos) {
      if (whole) head_.assign(bytes);
      return head_.size() > kMostHead ? Progress::failed : Progress::waits;
    }
    const size_t rest = seen.size() - end - 4;
    if (whole) head_.assign(seen.substr(0, end + 2));
    head_.resize(end + 2);
    if (take_head() == Progress::failed) return Progress::failed;
    bytes = bytes.substr(bytes.size() - rest);
  }
  if (until_end_) return Progress::waits;
  if (bytes.size() > content_left_) return Progress::failed;
  content_left_ -= bytes.size();
  return content_left_ <= operation_.held_back ? Progress::done : Progress::waits;
}

Client::Progress Client::take_head() {
  head_done_ = true;
  const std::string_view head = head_;
  if (!head.starts_with("HTTP/1.") || head.size() < 12 || head.substr(9, 1) != "2")
    return Progress::failed;
  const bool to_connect = operation_.head.starts_with("CONNECT ");
  const std::string_view length = field_of(head, "Content-Length:");
  content_left_ = to_connect || length.empty() ? 0 : std::strtoull(length.data(), nullptr, 10);
  if (to_connect) return Progress::done;
  const std::string_view connection = field_of(head, "Connection:");
  spent_ = same(connection, "close") ||
           (head.starts_with("HTTP/1.0") && !same(connection, "keep-alive"));
  until_end_ = length.empty();
  return Progress::done;
}

}  // namespace weir::bench
