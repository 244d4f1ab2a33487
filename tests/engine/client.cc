#include "engine/client.h"

#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>

#include "base/text.h"

namespace weir::engine {

void Client::request(std::string bytes, std::string method) {
  methods.push_back(std::move(method));
  send(std::move(bytes));
}

void Client::finish() {
  if (outgoing.empty() && descriptor_ >= 0)
    shutdown(descriptor_, SHUT_WR);
  else
    finishing_ = true;
}

void Client::close() {
  if (descriptor_ >= 0) ::close(descriptor_);
  descriptor_ = -1;
}

void Client::reset() {
  if (descriptor_ < 0) return;
  const linger now{1, 0};
  setsockopt(descriptor_, SOL_SOCKET, SO_LINGER, &now, sizeof now);
  close();
}

bool Client::pump() {
  if (descriptor_ < 0) return false;
  bool any = false;
  while (!outgoing.empty()) {
    const ssize_t n =
        ::send(descriptor_, outgoing.data(), std::min<size_t>(outgoing.size(), 256 * 1024),
               MSG_DONTWAIT | MSG_NOSIGNAL);
    if (n < 0 && errno != EAGAIN) outgoing.clear();
    if (n <= 0) break;
    outgoing.erase(0, static_cast<size_t>(n));
    any = true;
    if (outgoing.empty() && std::exchange(finishing_, false)) shutdown(descriptor_, SHUT_WR);
  }
  static char buffer[256 * 1024];
  size_t left = std::min(read_per_pump, read_limit - std::min(read_limit, received.size()));
  while (left > 0 && !ended && !was_reset) {
    const ssize_t n = recv(descriptor_, buffer, std::min(sizeof buffer, left), MSG_DONTWAIT);
    if (n < 0 && errno == EAGAIN) break;
    any = true;
    if (n < 0) {
      was_reset = true;
    } else if (n == 0) {
      ended = true;
    } else {
      received.append(buffer, static_cast<size_t>(n));
      left -= static_cast<size_t>(n);
    }
  }
  return any;
}

namespace {

bool take_head(std::string_view& rest, Answer& answer) {
  const size_t end = rest.find("\r\n\r\n");
  if (end == std::string_view::npos) return false;
  std::string_view head = rest.substr(0, end + 2);
  rest.remove_prefix(end + 4);
  answer.status = std::atoi(std::string(head.substr(head.find(' ') + 1, 3)).c_str());
  answer.fields.clear();
  head.remove_prefix(head.find("\r\n") + 2);
  while (!head.empty()) {
    const std::string_view line = head.substr(0, head.find("\r\n"));
    head.remove_prefix(line.size() + 2);
    const size_t colon = line.find(':');
    answer.fields[base::to_lower(line.substr(0, colon))] =
        std::string(base::trim(line.substr(colon + 1)));
  }
  return true;
}

bool take_chunked(std::string_view& rest, Answer& answer) {
  for (;;) {
    const size_t line = rest.find("\r\n");
    if (line == std::string_view::npos) return false;
    const size_t size = std::strtoull(std::string(rest.substr(0, line)).c_str(), nullptr, 16);
    rest.remove_prefix(line + 2);
    if (size == 0) break;
    answer.content += rest.substr(0, size);
    if (rest.size() < size + 2) return false;
    rest.remove_prefix(size + 2);
  }
  for (;;) {
    const size_t line = rest.find("\r\n");
    if (line == std::string_view::npos) return false;
    const std::string_view field = rest.substr(0, line);
    rest.remove_prefix(line + 2);
    if (field.empty()) return true;
    const size_t colon = field.find(':');
    answer.trailers[base::to_lower(field.substr(0, colon))] =
        std::string(base::trim(field.substr(colon + 1)));
  }
}

}  // namespace

std::vector<Answer> Client::answers() {
  std::vector<Answer> all;
  std::string_view rest = received;
  inside.clear();
  for (size_t i = 0; !rest.empty(); ++i) {
    const std::string method = i < methods.size() ? methods[i] : "none";
    Answer answer;
    bool whole = take_head(rest, answer);
    while (whole && answer.status < 200 && answer.status != 101) {
      answer.interims.push_back(answer.status);
      whole = take_head(rest, answer);
    }
    if (!whole) {
      answer.status = 0;
      all.push_back(std::move(answer));
      break;
    }
    const int status = answer.status;
    if (status == 101 || (method == "CONNECT" && status < 300)) {
      answer.complete = true;
      inside = std::string(rest);
      all.push_back(std::move(answer));
      break;
    }
    const auto length = answer.fields.find("content-length");
    if (method == "HEAD" || status == 204 || status == 304) {
      answer.complete = true;
    } else if (answer.fields.contains("transfer-encoding")) {
      answer.complete = take_chunked(rest, answer);
      if (!answer.complete) rest = {};
    } else if (length != answer.fields.end()) {
      const size_t size = std::strtoull(length->second.c_str(), nullptr, 10);
      answer.content = std::string(rest.substr(0, size));
      answer.complete = rest.size() >= size;
      rest.remove_prefix(answer.content.size());
    } else {
      answer.content = std::string(rest);
      answer.complete = ended;
      rest = {};
    }
    all.push_back(std::move(answer));
  }
  return all;
}

}  // namespace weir::engine
