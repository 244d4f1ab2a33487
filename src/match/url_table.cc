#include "match/url_table.h"

#include <algorithm>

#include "match/domain_set_builder.h"
#include "match/url_key.h"

namespace weir::match {
namespace {

constexpr uint32_t kStar = uint32_t{1} << 31;
static_assert(UrlTableBuilder::kMostBytes < kStar);

constexpr uint16_t port_of(bool https) {
  return https ? 443 : 80;
}

}  // namespace

bool UrlTableBuilder::add(const UrlPrefix& url, uint32_t source) {
  return (!url.http || add_for(false, url, source)) && (!url.https || add_for(true, url, source));
}

bool UrlTableBuilder::add_for(bool https, const UrlPrefix& url, uint32_t source) {
  const std::string key = url_key(https, url.port.value_or(port_of(https)), url.path);
  const size_t bytes = url.host.size() + key.size();
  if (key.size() > UINT16_MAX || texts_.size() + bytes > most_bytes_) return false;
  entries_.push_back({.text = static_cast<uint32_t>(texts_.size()),
                      .host_length = static_cast<uint16_t>(url.host.size()),
                      .key_length = static_cast<uint16_t>(key.size()),
                      .star = url.star,
                      .source = source});
  texts_ += url.host;
  texts_ += key;
  return true;
}

void UrlTableBuilder::sort_and_unite() {
  std::ranges::sort(entries_, [this](const Entry& a, const Entry& b) {
    if (const int order = host(a).compare(host(b)); order != 0) return order < 0;
    if (const int order = key(a).compare(key(b)); order != 0) return order < 0;
    return a.star != b.star ? a.star : a.source < b.source;
  });
  size_t kept = 0;
  for (const Entry& entry : entries_) {
    const bool has = kept > 0 && host(entries_[kept - 1]) == host(entry) &&
                     has_key(key(entries_[kept - 1]), entries_[kept - 1].star, key(entry));
    if (!has) entries_[kept++] = entry;
  }
  entries_.resize(kept);
}

base::Result<void> UrlTableBuilder::write_hosts(ImageWriter& to,
                                                std::vector<uint32_t>& first_of_host) const {
  DomainSetBuilder hosts(key_);
  for (uint32_t number = 0; number < entries_.size(); ++number) {
    if (number > 0 && host(entries_[number]) == host(entries_[number - 1])) continue;
    const auto added = hosts.add(host(entries_[number]), DomainKind::itself,
                                 static_cast<uint32_t>(first_of_host.size()));
    if (added != DomainSetBuilder::Added::yes)
      return base::fail(base::ErrorType::proxy_internal_error, "It has URLs of too many hosts.");
    first_of_host.push_back(number);
  }
  first_of_host.push_back(static_cast<uint32_t>(entries_.size()));
  return std::move(hosts).write({}, [&to](std::span<const std::byte> bytes) {
    to.append(bytes);
    return base::Result<void>();
  });
}

base::Result<void> UrlTableBuilder::write(ImageWriter& to) && {
  sort_and_unite();
  const size_t begin = to.size();
  std::vector<uint32_t> first_of_host;
  CHECK_OK(write_hosts(to, first_of_host));
  UrlTable::Header header;
  header.host_bytes = to.size() - begin;
  header.hosts = static_cast<uint32_t>(first_of_host.size() - 1);
  header.urls = static_cast<uint32_t>(entries_.size());
  for (const uint32_t first : first_of_host) to.append_value(first);
  to.end_section();
  for (const Entry& entry : entries_) {
    const auto offset = static_cast<uint32_t>(header.text_bytes);
    to.append_value(UrlTable::Entry{offset | (entry.star ? kStar : 0), entry.source});
    header.text_bytes += entry.key_length;
  }
  to.append_value(UrlTable::Entry{static_cast<uint32_t>(header.text_bytes), 0});
  to.end_section();
  for (const Entry& entry : entries_) to.append(std::as_bytes(std::span(key(entry))));
  to.end_section();
  to.append_value(header);
  return {};
}

base::Result<std::unique_ptr<const UrlTable>> UrlTable::over(std::span<const std::byte> bytes) {
  const auto refuse = [] {
    return base::fail(base::ErrorType::proxy_internal_error, "Its table of URLs is damaged.");
  };
  if (bytes.size() < sizeof(Header)) return refuse();
  const auto header = load<Header>(bytes, bytes.size() - sizeof(Header));
  bytes = bytes.first(bytes.size() - sizeof(Header));
  const size_t ranges = aligned((size_t{header.hosts} + 1) * sizeof(uint32_t));
  const size_t entries = aligned((size_t{header.urls} + 1) * sizeof(Entry));
  if (header.text_bytes >= kStar || header.host_bytes > bytes.size() ||
      bytes.size() != header.host_bytes + ranges + entries + aligned(header.text_bytes))
    return refuse();
  TRY(auto hosts, DomainSet::over(bytes.first(header.host_bytes)));
  if (hosts->size() != header.hosts) return refuse();
  std::unique_ptr<UrlTable> table(new UrlTable(std::move(hosts)));
  table->ranges_ = bytes.subspan(header.host_bytes, ranges);
  table->entries_ = bytes.subspan(header.host_bytes + ranges, entries);
  table->texts_ = bytes.subspan(header.host_bytes + ranges + entries).first(header.text_bytes);
  table->urls_ = header.urls;
  return table;
}

std::optional<UrlTable::Range> UrlTable::range_of(const HostHashes& host) const {
  const auto found = hosts_->find(host);
  // Only in a damaged image something is out of range.
  if (!found || found->source >= hosts_->size()) return std::nullopt;
  const auto first = load<uint32_t>(ranges_, found->source * sizeof(uint32_t));
  const auto end = load<uint32_t>(ranges_, (found->source + 1) * sizeof(uint32_t));
  if (first > end || end > urls_) return std::nullopt;
  return Range{first, end};
}

UrlTable::Url UrlTable::at(size_t number) const {
  const auto entry = load<Entry>(entries_, number * sizeof(Entry));
  const auto next = load<Entry>(entries_, (number + 1) * sizeof(Entry));
  const uint32_t begin = entry.begin_and_star & ~kStar, end = next.begin_and_star & ~kStar;
  if (begin >= end || end > texts_.size()) return {};
  const auto* const text = reinterpret_cast<const char*>(texts_.data());
  return {{text + begin, end - begin}, (entry.begin_and_star & kStar) != 0, entry.source};
}

size_t UrlTable::up_to(const Range& range, std::string_view key) const {
  size_t low = range.first, high = range.end;
  while (low < high) {
    const size_t middle = low + (high - low) / 2;
    if (at(middle).key <= key)
      low = middle + 1;
    else
      high = middle;
  }
  return low;
}

Finding UrlTable::find_key(const Range& range, std::string_view key, uint32_t& source) const {
  const size_t end = up_to(range, key);
  if (end == range.first) return Finding::no;
  const Url url = at(end - 1);
  if (url.key.empty() || !has_key(url.key, url.star, key)) return Finding::no;
  source = url.source;
  return Finding::yes;
}

Finding UrlTable::find_without_path(const Range& range, bool https, uint16_t port,
                                    uint32_t& source) const {
  // Whoever lists `/` lists the whole site; then the host has no other URL of that site.
  if (find_key(range, url_key(https, port, "/"), source) == Finding::yes) return Finding::yes;
  const std::string site = url_key_of_site(https, port);
  const size_t first = up_to(range, site);
  return first < range.end && at(first).key.starts_with(site) ? Finding::unknown : Finding::no;
}

Finding UrlTable::find(const KnownUrl& url, uint32_t& source) const {
  if (empty()) return Finding::no;
  const auto range = range_of(url.host);
  if (!range) return Finding::no;
  if (url.https && url.path)
    return find_key(*range, url_key(*url.https, url.port, *url.path), source);
  Finding found = Finding::no;
  for (const bool https : {false, true}) {
    if (url.https && *url.https != https) continue;
    const Finding one = find_without_path(*range, https, url.port, source);
    if (one == Finding::yes) return one;
    if (one == Finding::unknown) found = one;
  }
  return found;
}

}  // namespace weir::match
