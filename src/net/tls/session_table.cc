#include "net/tls/session_table.h"

namespace weir::net {
namespace {

size_t ticket_length(const SSL_SESSION* session) {
  const unsigned char* ticket = nullptr;
  size_t length = 0;
  SSL_SESSION_get0_ticket(session, &ticket, &length);
  return length;
}

}  // namespace

void SessionTable::put(std::string_view origin, SslSessionPtr session) {
  if (ticket_length(session.get()) > kLongestTicket) return;
  const auto known = places_.find(origin);
  if (known != places_.end()) {
    entries_.splice(entries_.begin(), entries_, known->second);
    if (entries_.front().sessions.size() == kMostEach) drop_oldest(entries_.begin());
  }
  if (size_ == kMost) drop_oldest(std::prev(entries_.end()));
  entry_of(origin).sessions.push_back(std::move(session));
  ++size_;
}

SessionTable::Entry& SessionTable::entry_of(std::string_view origin) {
  if (const auto known = places_.find(origin); known != places_.end()) return *known->second;
  // Whatever of this finds no memory, no entry without a session or without a place is left.
  Entries made;
  made.push_front({std::string(origin), {}});
  made.front().sessions.reserve(2);  // What most servers offer.
  places_.emplace(made.front().origin, made.begin());
  entries_.splice(entries_.begin(), made);
  return entries_.front();
}

void SessionTable::drop_oldest(Entries::iterator entry) {
  if (entry->sessions.size() == 1) return drop(entry);
  entry->sessions.erase(entry->sessions.begin());
  --size_;
}

void SessionTable::drop(Entries::iterator entry) {
  size_ -= entry->sessions.size();
  places_.erase(entry->origin);
  entries_.erase(entry);
}

void SessionTable::drop(std::string_view origin) {
  if (const auto known = places_.find(origin); known != places_.end()) drop(known->second);
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
  --size_;
  if (sessions.empty()) drop(known->second);
  return newest;
}

}  // namespace weir::net
