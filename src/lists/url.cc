#include "lists/url.h"

#include <algorithm>

#include "base/text.h"

namespace weir::lists {
namespace {

constexpr std::string_view kHttp = "http://", kHttps = "https://";
constexpr size_t kLongest = 2000;

std::string_view authority_of(std::string_view url) {
  const std::string_view rest = url.substr(url.find("//") + 2);
  return rest.substr(0, rest.find_first_of("/?#"));
}

bool starts_like(std::string_view text, std::string_view beginning) {
  return text.size() >= beginning.size() &&
         base::equal_ignoring_case(text.substr(0, beginning.size()), beginning);
}

}  // namespace

bool is_https(std::string_view url) {
  return url.starts_with(kHttps);
}

std::optional<std::string> fault_in_url(std::string_view url) {
  if (!url.starts_with(kHttp) && !url.starts_with(kHttps))
    return "it begins neither with http:// nor with https://";
  if (url.size() > kLongest) return "it is longer than 2000 bytes";
  const auto fits = [](char c) { return c > ' ' && c < 0x7f && c != '\\' && c != '"'; };
  if (!std::ranges::all_of(url, fits)) return "it has a character that no URL has";
  if (url.find('#') != std::string_view::npos) return "it has a fragment";
  const std::string_view authority = authority_of(url);
  if (authority.empty() || authority.front() == ':') return "it has no host";
  if (authority.find('@') != std::string_view::npos) return "it has a login";
  return std::nullopt;
}

std::optional<base::IpAddress> literal_in(std::string_view url) {
  std::string_view host = authority_of(url);
  if (host.starts_with('[')) {
    host = host.substr(1, host.find(']') - 1);
  } else {
    host = host.substr(0, host.find(':'));
  }
  return base::IpAddress::parse(host);
}

std::string_view inside_host_in(std::string_view url) {
  if (literal_in(url)) return {};
  std::string_view host = authority_of(url);
  host = host.substr(0, host.find(':'));
  const std::string_view last = host.substr(host.rfind('.') + 1);
  for (const std::string_view own :
       {"localhost", "test", "local", "internal", "lan", "home", "corp", "intranet", "private"}) {
    if (base::equal_ignoring_case(last, own)) return host;
  }
  constexpr std::string_view kHomeNet = ".home.arpa";
  const bool is_home =
      host.size() > kHomeNet.size() &&
      base::equal_ignoring_case(host.substr(host.size() - kHomeNet.size()), kHomeNet);
  return is_home || host.find('.') == std::string_view::npos ? host : std::string_view();
}

std::expected<std::string, std::string> resolved(std::string_view url, std::string_view location) {
  location = location.substr(0, location.find('#'));
  const std::string_view origin = url.substr(0, url.find("//") + 2 + authority_of(url).size());
  const std::string_view path = url.substr(origin.size(), url.find('?') - origin.size());
  std::string next;
  if (starts_like(location, kHttp) || starts_like(location, kHttps)) {
    const size_t scheme = location.find("://");
    next = base::to_lower(location.substr(0, scheme)).append(location.substr(scheme));
  } else if (location.starts_with("//")) {
    next = std::string(url.substr(0, url.find("//"))).append(location);
  } else if (location.starts_with('/')) {
    next = std::string(origin).append(location);
  } else if (location.starts_with('?')) {
    next = std::string(origin).append(path.empty() ? "/" : path).append(location);
  } else if (location.substr(0, location.find_first_of("/?")).find(':') != std::string_view::npos) {
    return std::unexpected(std::string(location.substr(0, kLongest)) + ", which is no URL of http");
  } else {
    next = std::string(origin)
               .append(path.empty() ? "/" : path.substr(0, path.rfind('/') + 1))
               .append(location);
  }
  if (const auto fault = fault_in_url(next))
    return std::unexpected(next.substr(0, kLongest) + ", and " + *fault);
  if (is_https(url) && !is_https(next)) return std::unexpected(next + ", from https to http");
  return next;
}

}  // namespace weir::lists
