#include "net/tls/session_table.h"

namespace weir::net {

void SessionTable::put(std::string_view origin, SslSessionPtr session) {
  const auto known = places_.find(origin);
  if (known != places_.end()) {
    entries_.splice(entries_.begin(), entries_, known->second);
  } else {
    if (entries_.size() == kMostOrigins) {
      places_.erase(entries_.back().origin);
      entries_.pop_back();
    }
    entries_.push_front({std::string(origin), {}});
    places_.emplace(entries_.front().origin, entries_.begin());
  }
  auto& sessions = entries_.front().sessions;
  if (sessions.size() == kMostEach) sessions.erase(sessions.begin());
  sessions.push_back(std::move(session));
}

void SessionTable::drop(std::string_view origin) {
  const auto known = places_.find(origin);
  if (known == places_.end()) return;
  const auto entry = known->second;
  places_.erase(known);
  entries_.erase(entry);
}

SslSessionPtr SessionTable::take(std::string_view origin) {
  const auto known = places_.find(origin);
  if (known == places_.end()) return nullptr;
  auto& sessions = known->second->sessions;
  SSL_SESSION* const last = sessions.back().get();
  if (SSL_SESSION_get_protocol_version(last) < TLS1_3_VERSION) {
    SSL_SESSION_up_ref(last);
    return SslSessionPtr(last);
  }
  SslSessionPtr newest = std::move(sessions.back());
  sessions.pop_back();
  if (sessions.empty()) {
    const auto entry = known->second;
    places_.erase(known);
    entries_.erase(entry);
  }
  return newest;
}

}  // namespace weir::net
