#include "policy/request_page.h"

#include "base/text.h"
#include "http/target_parse.h"

namespace weir::policy {
namespace {

using http::FieldId;

/// The host of an http or https URL; empty for everything else, such as `null`.
std::string_view host_of(std::string_view url, http::Arena& arena) {
  const size_t colon = url.find("://");
  if (colon == std::string_view::npos) return {};
  const std::string_view scheme = url.substr(0, colon);
  if (!base::equal_ignoring_case(scheme, "http") && !base::equal_ignoring_case(scheme, "https"))
    return {};
  url.remove_prefix(colon + 3);
  const auto authority = http::parse_authority(url.substr(0, url.find_first_of("/?#")), 80, arena);
  return authority ? authority->host : std::string_view();
}

}  // namespace

std::string_view page_of(http::RequestHead& head, ContentKinds kinds) {
  if (kinds == ContentKind::document) return head.target.host;
  for (const FieldId id : {FieldId::referer, FieldId::origin, FieldId::ping_from}) {
    if (!head.fields.has(id)) continue;
    const std::string_view host = host_of(head.fields.get(id), head.arena());
    if (!host.empty()) return host;
  }
  const bool page = kinds.lies_inside({ContentKind::document, ContentKind::frame});
  return page ? head.target.host : std::string_view();
}

std::optional<Party> party_of(const http::Fields& fields) {
  const std::string_view site = fields.get(FieldId::sec_fetch_site);
  if (site == "cross-site") return Party::third;
  // `none`: the user has asked, by a bookmark or the address bar.
  if (site == "same-origin" || site == "same-site" || site == "none") return Party::first;
  return std::nullopt;
}

}  // namespace weir::policy
