#include "match/url_pattern.h"

#include "base/ip.h"
#include "base/text.h"
#include "match/host_name.h"
#include "match/url_text.h"

namespace weir::match {
namespace {

std::unexpected<base::Error> wrong(std::string_view text, std::string_view why) {
  return base::fail(base::ErrorType::proxy_configuration_error,
                    '"' + std::string(text) +
                        "\" is no URL such as https://example.com/docs/*: " + std::string(why));
}

/// The host, without the brackets of an IPv6 address, and what stands behind it.
struct HostAndRest {
  std::string_view host, rest;
};
HostAndRest split_host(std::string_view text) {
  const size_t bracket = text.starts_with('[') ? text.find(']') : std::string_view::npos;
  if (bracket != std::string_view::npos)
    return {text.substr(1, bracket - 1), text.substr(bracket + 1)};
  const std::string_view host = text.substr(0, text.find_first_of(":/?"));
  return {host, text.substr(host.size())};
}

/// Stars pass through normal_path as they are.
std::string normal_pattern(std::string_view path) {
  return path.empty() ? "/*" : normal_path(path);
}

/// The same for paths in the other form.
std::string other_pattern(const std::string& normal) {
  std::string other = other_reading(normal);
  return other.empty() ? normal : other;
}

}  // namespace

base::Result<UrlPattern> UrlPattern::parse(std::string_view text) {
  UrlPattern pattern;
  pattern.text_ = text;
  const size_t colon = text.find("://");
  const std::string scheme = base::to_lower(text.substr(0, colon));
  if (colon == std::string_view::npos) return wrong(text, "it has no http:// or https://");
  if (scheme == "*") pattern.schemes_ = kHttp | kHttps;
  if (scheme == "http") pattern.schemes_ = kHttp;
  if (scheme == "https") pattern.schemes_ = kHttps;
  if (pattern.schemes_ == 0) return wrong(text, "its scheme is not http, https or *");
  std::string_view rest = text.substr(colon + 3);
  if (rest.starts_with("*.")) {
    pattern.below_ = true;
    rest.remove_prefix(2);
  }
  const HostAndRest split = split_host(rest);
  rest = split.rest;
  if (const auto address = base::IpAddress::parse(split.host); address && !pattern.below_) {
    pattern.host_ = address->unmapped().text();
  } else if (split.host != "*" || pattern.below_) {
    pattern.host_ = normal_name(split.host);
    if (const auto fault = fault_in_name(pattern.host_); !fault.empty()) return wrong(text, fault);
  }
  if (rest.starts_with(':')) {
    const std::string_view port = rest.substr(1, rest.find_first_of("/?") - 1);
    rest.remove_prefix(port.size() + 1);
    pattern.any_port_ = port == "*";
    const auto number = base::parse_decimal<uint16_t>(port);
    if (!pattern.any_port_ && (!number || *number == 0))
      return wrong(text, "its port is neither a number nor *");
    if (!pattern.any_port_) pattern.port_ = number;
  }
  if (rest.find('#') != std::string_view::npos)
    return wrong(text, "a fragment is never sent to anybody");
  pattern.path_ = normal_pattern(rest);
  pattern.other_path_ = other_pattern(pattern.path_);
  return pattern;
}

base::Result<UrlPattern> UrlPattern::exactly(std::string_view url) {
  TRY(UrlPattern pattern, parse(url));
  pattern.exact_ = true;
  const size_t host = url.find("://") + 3;
  const size_t path = url.find_first_of("/?", host);
  const std::string_view asked = path == std::string_view::npos ? "/" : url.substr(path);
  pattern.path_ = normal_path(asked);
  pattern.other_path_ = other_pattern(pattern.path_);
  return pattern;
}

bool UrlPattern::has_host(std::string_view host) const {
  if (host_.empty()) return true;
  if (!below_) return host == host_;
  return host.size() > host_.size() && host.ends_with(host_) &&
         host[host.size() - host_.size() - 1] == '.';
}

bool UrlPattern::has_port(Scheme scheme, uint16_t port) const {
  return any_port_ || port == port_.value_or(scheme == kHttps ? 443 : 80);
}

bool UrlPattern::may_match(std::string_view host, uint16_t port) const {
  if (!has_host(host)) return false;
  return ((schemes_ & kHttp) != 0 && has_port(kHttp, port)) ||
         ((schemes_ & kHttps) != 0 && has_port(kHttps, port));
}

bool UrlPattern::matches(const UrlParts& url) const {
  const Scheme scheme = url.https ? kHttps : kHttp;
  if ((schemes_ & scheme) == 0 || !has_host(url.host) || !has_port(scheme, url.port)) return false;
  // What a server does with a query that the pattern does not speak of is the server's matter.
  const std::string& own = url.other_reading ? other_path_ : path_;
  if (exact_) return url.path == own;
  const bool whole = own.find('?') != std::string::npos;
  const std::string_view path = whole ? url.path : url.path.substr(0, url.path.find('?'));
  return matches_glob(own, path);
}

bool matches_glob(std::string_view pattern, std::string_view text) {
  size_t at = 0, in = 0;
  // Where to go on if what follows the last star does not fit: one byte later.
  size_t after_star = std::string_view::npos, retry = 0;
  while (in < text.size()) {
    if (at < pattern.size() && pattern[at] == '*') {
      after_star = ++at;
      retry = in;
    } else if (at < pattern.size() && pattern[at] == text[in]) {
      ++at;
      ++in;
    } else if (after_star != std::string_view::npos) {
      at = after_star;
      in = ++retry;
    } else {
      return false;
    }
  }
  while (at < pattern.size() && pattern[at] == '*') ++at;
  return at == pattern.size();
}

}  // namespace weir::match
