#include "match/url_prefix.h"

#include "base/ip.h"
#include "base/text.h"
#include "match/host_name.h"
#include "match/url_text.h"

namespace weir::match {
namespace {

/// Takes the scheme from the front of `text`; nothing if it is none of ours.
bool take_scheme(std::string_view& text, UrlPrefix& url) {
  const size_t colon = text.find("://");
  // A URL within the path of another one is no scheme.
  if (colon == std::string_view::npos || text.find_first_of("/?") < colon) return true;
  const std::string_view scheme = text.substr(0, colon);
  url.http = base::equal_ignoring_case(scheme, "http");
  url.https = base::equal_ignoring_case(scheme, "https");
  text.remove_prefix(colon + 3);
  return url.http || url.https;
}

/// Takes host and port from the front of `text`. Returns what is wrong; empty if nothing.
std::string_view take_authority(std::string_view& text, UrlPrefix& url) {
  std::string_view authority = text.substr(0, text.find_first_of("/?#"));
  text.remove_prefix(authority.size());
  if (authority.find('@') != std::string_view::npos)
    return "a URL in a list has no name of a user in it";
  const size_t bracket = authority.starts_with('[') ? authority.find(']') : std::string_view::npos;
  std::string_view host = authority.substr(0, authority.find(':'));
  std::string_view port = authority.substr(host.size());
  if (bracket != std::string_view::npos) {
    host = authority.substr(1, bracket - 1);
    port = authority.substr(bracket + 1);
  }
  if (!port.empty()) {
    const auto number = base::parse_decimal<uint16_t>(port.substr(1));
    if (port.front() != ':' || !number || *number == 0) return "its port is no number";
    url.port = number;
  }
  if (const auto address = base::IpAddress::parse(host)) {
    url.host = address->unmapped().text();
    url.literal = true;
    return {};
  }
  url.host = normal_name(host);
  return fault_in_name(url.host);
}

}  // namespace

std::expected<UrlPrefix, std::string_view> UrlPrefix::parse(std::string_view text) {
  UrlPrefix url;
  if (!take_scheme(text, url)) return std::unexpected("its scheme is neither http nor https");
  if (const std::string_view fault = take_authority(text, url); !fault.empty())
    return std::unexpected(fault);
  url.star = text.ends_with('*');
  if (text.find('*') < text.size() - (url.star ? 1 : 0))
    return std::unexpected("a `*` in a URL stands only at its end");
  // With the star, which stays as it is, so that `/..*` is no dot segment.
  url.path = normal_path(text);
  if (url.star) url.path.pop_back();
  return url;
}

}  // namespace weir::match
