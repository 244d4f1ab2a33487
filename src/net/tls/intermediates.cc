#include "net/tls/intermediates.h"

namespace weir::net {

void Intermediates::keep(const STACK_OF(X509) * chain) {
  const int last = sk_X509_num(chain) - 1;
  for (int i = 1; i < last; ++i) keep(sk_X509_value(chain, i));
}

void Intermediates::keep(X509* certificate) {
  const unsigned long subject = X509_subject_name_hash(certificate);
  const std::lock_guard lock(mutex_);
  const auto [first, end] = places_.equal_range(subject);
  auto oldest = entries_.end();
  size_t count = 0;
  for (auto place = first; place != end; ++place, ++count) {
    if (X509_cmp(place->second->certificate.get(), certificate) == 0) {
      entries_.splice(entries_.begin(), entries_, place->second);
      return;
    }
    oldest = place->second;
  }
  if (count == kMostOfOneName)
    drop(oldest);
  else if (entries_.size() == kMost)
    drop(std::prev(entries_.end()));
  entries_.push_front({subject, share(certificate)});
  places_.emplace(subject, entries_.begin());
}

void Intermediates::drop(Entries::iterator entry) {
  const auto [first, end] = places_.equal_range(entry->subject);
  for (auto place = first; place != end; ++place) {
    if (place->second != entry) continue;
    places_.erase(place);
    break;
  }
  entries_.erase(entry);
}

std::vector<CertificatePtr> Intermediates::issuers_of(X509* certificate) {
  const unsigned long issuer = X509_issuer_name_hash(certificate);
  std::vector<CertificatePtr> found;
  const std::lock_guard lock(mutex_);
  const auto [first, end] = places_.equal_range(issuer);
  for (auto place = first; place != end; ++place) {
    X509* const candidate = place->second->certificate.get();
    if (X509_check_issued(candidate, certificate) != X509_V_OK) continue;
    found.push_back(share(candidate));
    entries_.splice(entries_.begin(), entries_, place->second);
  }
  return found;
}

size_t Intermediates::size() const {
  const std::lock_guard lock(mutex_);
  return entries_.size();
}

}  // namespace weir::net
