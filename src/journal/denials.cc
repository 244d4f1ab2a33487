#include "journal/denials.h"

#include <algorithm>

#include "journal/log_line.h"

namespace weir::journal {
namespace {

bool is_refusal(const http::Exchange& exchange) {
  if (!exchange.has_error() || exchange.rule().empty()) return false;
  return exchange.error_type() == base::ErrorType::http_request_denied ||
         exchange.error_type() == base::ErrorType::destination_ip_prohibited;
}

std::string cut(std::string_view text) {
  constexpr size_t kMost = Denials::kLongestTarget;
  return text.size() > kMost ? std::string(text.substr(0, kMost)) + "..." : std::string(text);
}

}  // namespace

std::string Denials::key_of(const base::IpAddress& client, std::string_view identity) {
  // No user's name has a space.
  return (client.unmapped().text() + ' ').append(identity);
}

Denials::Client& Denials::client_of(std::string key) {
  if (const auto known = places_.find(key); known != places_.end()) {
    clients_.splice(clients_.begin(), clients_, known->second);
    return clients_.front();
  }
  if (clients_.size() == kMostClients) {
    places_.erase(clients_.back().key);
    clients_.pop_back();
  }
  clients_.push_front({.key = std::move(key), .denials = {}});
  places_[clients_.front().key] = clients_.begin();
  return clients_.front();
}

void Denials::note(const http::Exchange& exchange) {
  if (!is_refusal(exchange)) return;
  const RequestParts request = request_parts(exchange);
  Denial denial{.wall_ms = exchange.started_wall_ms,
                .method = cut(request.method),
                .target = cut(site_of(exchange).append(request.target)),
                .rule = std::string(exchange.rule()),
                .list = std::string(exchange.list())};
  std::string key = key_of(exchange.session().client.address, exchange.asker->identity);
  const std::lock_guard lock(mutex_);
  add(client_of(std::move(key)).denials, std::move(denial));
}

void Denials::add(std::deque<Denial>& denials, Denial denial) {
  // A page asks again and again for what it does not get.
  const auto same = std::ranges::find_if(denials, [&](const Denial& each) {
    return each.method == denial.method && each.target == denial.target && each.rule == denial.rule;
  });
  if (same != denials.end()) {
    denial.count += same->count;
    denials.erase(same);
  }
  denials.push_front(std::move(denial));
  if (denials.size() > kMostEach) denials.pop_back();
}

std::deque<Denial> Denials::of(const base::IpAddress& client, std::string_view identity) const {
  const std::lock_guard lock(mutex_);
  const auto known = places_.find(key_of(client, identity));
  return known == places_.end() ? std::deque<Denial>() : known->second->denials;
}

}  // namespace weir::journal
