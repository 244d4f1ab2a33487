#include "net/dns/resolv_conf.h"

#include "base/text.h"
#include "net/dns/hosts_file.h"

namespace weir::net {
namespace {

constexpr uint16_t kDnsPort = 53;

std::string_view next_word(std::string_view& rest) {
  constexpr std::string_view kSpaces = " \t\r\f\v";
  const size_t begin = std::min(rest.find_first_not_of(kSpaces), rest.size());
  rest.remove_prefix(begin);
  const size_t end = std::min(rest.find_first_of(kSpaces), rest.size());
  const std::string_view word = rest.substr(0, end);
  rest.remove_prefix(end);
  return word;
}

}  // namespace

bool ResolvConf::refresh(uint64_t now_ms) {
  const auto content = file_.changed(now_ms);
  if (!content) return false;
  parse(*content);
  return true;
}

void ResolvConf::parse(std::string_view content) {
  servers_.clear();
  search_.clear();
  while (!content.empty()) {
    const size_t end = std::min(content.find('\n'), content.size());
    std::string_view line = content.substr(0, end);
    content.remove_prefix(std::min(end + 1, content.size()));
    if (line.starts_with('#') || line.starts_with(';')) continue;
    const std::string_view word = next_word(line);
    if (word == "nameserver") {
      const auto address = base::IpAddress::parse(next_word(line));
      if (address && servers_.size() < kMostServers) servers_.push_back({*address, kDnsPort});
    } else if (word == "search" || word == "domain") {
      search_.clear();
      for (auto domain = next_word(line); !domain.empty() && search_.size() < kMostSearch;
           domain = next_word(line)) {
        if (domain.ends_with('.')) domain.remove_suffix(1);
        if (is_host_name(domain)) search_.push_back(base::to_lower(domain));
        if (word == "domain") break;
      }
    }
  }
  if (servers_.empty()) servers_.push_back({base::IpAddress::v4(127, 0, 0, 1), kDnsPort});
}

}  // namespace weir::net
