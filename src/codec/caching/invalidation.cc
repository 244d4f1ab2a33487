#include "codec/caching/invalidation.h"

#include <algorithm>

#include "base/text.h"
#include "http/target_parse.h"

namespace weir::caching {
namespace {

using http::FieldId;
using http::Method;

/// `scheme:` at the beginning (RFC 3986, 3.1); empty if there is none.
std::string_view scheme_of(std::string_view reference) {
  const size_t colon = reference.find_first_of(":/?#");
  if (colon == reference.npos || colon == 0 || reference[colon] != ':') return {};
  if (!base::is_alpha(reference.front())) return {};
  const auto is_scheme = [](char c) {
    return base::is_alpha(c) || base::is_digit(c) || c == '+' || c == '-' || c == '.';
  };
  const std::string_view scheme = reference.substr(0, colon);
  return std::ranges::all_of(scheme, is_scheme) ? scheme : std::string_view();
}

std::string_view name_of(http::Scheme scheme) {
  return scheme == http::Scheme::https ? "https" : "http";
}

bool same_authority(const http::Target& target, std::string_view authority) {
  char space[512];
  http::Arena arena(space, sizeof space);
  const auto parsed = http::parse_authority(authority, http::default_port_of(target.scheme), arena);
  return parsed && parsed->host == target.host && parsed->port == target.port &&
         parsed->literal == target.literal;
}

/// RFC 3986, 5.2.4.
std::string without_dots(std::string_view path) {
  std::string made;
  while (!path.empty()) {
    const size_t end = std::min(path.find('/', 1), path.size());
    const std::string_view segment = path.substr(0, end);  // With the slash before it.
    const bool last = end == path.size();
    path.remove_prefix(end);
    if (segment == "/..") made.resize(std::min(made.rfind('/'), made.size()));
    if (segment == "/." || segment == "/..") {
      if (last) made += '/';
      continue;
    }
    made += segment;
  }
  return made.empty() ? "/" : made;
}

/// The base's path up to its last slash, with the reference behind it (RFC 3986, 5.2.3).
std::string merged(std::string_view base_path, std::string_view reference) {
  return std::string(base_path.substr(0, base_path.rfind('/') + 1)).append(reference);
}

std::string_view path_of(std::string_view path_and_query) {
  return path_and_query.substr(0, path_and_query.find('?'));
}

}  // namespace

bool changes_its_target(Method method, std::string_view method_token, int status) {
  const bool safe = method == Method::get || method == Method::head || method == Method::options ||
                    method == Method::trace || method == Method::connect ||
                    method_token == "PROPFIND" || method_token == "REPORT" ||
                    method_token == "SEARCH" || method_token == "QUERY";
  return !safe && status >= 200 && status < 400;
}

std::optional<std::string> path_in_same_origin(const http::Target& target,
                                               std::string_view reference) {
  std::string_view rest = reference.substr(0, reference.find('#'));
  if (const std::string_view scheme = scheme_of(rest); !scheme.empty()) {
    if (!base::equal_ignoring_case(scheme, name_of(target.scheme))) return std::nullopt;
    rest.remove_prefix(scheme.size() + 1);
    if (!rest.starts_with("//")) return std::nullopt;
  }
  if (rest.starts_with("//")) {
    rest.remove_prefix(2);
    const size_t end = std::min(rest.find_first_of("/?"), rest.size());
    if (!same_authority(target, rest.substr(0, end))) return std::nullopt;
    rest.remove_prefix(end);
    if (!rest.starts_with('/')) return std::string("/").append(rest);
  }
  const std::string_view path = path_of(rest);
  const std::string_view query = rest.substr(path.size());
  if (path.starts_with('/')) return without_dots(path).append(query);
  const std::string_view own = path_of(target.path);
  if (!path.empty()) return without_dots(merged(own, path)).append(query);
  return query.empty() ? std::string(target.path) : std::string(own).append(query);
}

std::vector<std::string> invalidated_paths(const http::Target& target,
                                           const http::Fields& response) {
  std::vector<std::string> paths{std::string(target.path)};
  for (const FieldId id : {FieldId::location, FieldId::content_location}) {
    const http::Field* const field = response.find(id);
    if (!field || response.count(id) != 1) continue;
    auto path = path_in_same_origin(target, base::trim(field->value()));
    if (path && std::ranges::find(paths, *path) == paths.end()) paths.push_back(*std::move(path));
  }
  return paths;
}

}  // namespace weir::caching
