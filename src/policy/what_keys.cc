#include "policy/what_keys.h"

#include <algorithm>
#include <array>

#include "base/text.h"
#include "policy/own_values.h"

namespace weir::policy {
namespace {

using Kind = base::ValueKind;
using Own = base::OwnValue<WhatConfig>;

Word in_capitals(std::string_view text) {
  std::string out(text);
  for (char& c : out) c = c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c;
  return out;
}

Word method(std::string_view text) {
  const auto may_be = [](char c) { return base::is_alpha(c) || c == '-'; };
  if (text.empty() || !std::ranges::all_of(text, may_be)) return std::unexpected("it is no method");
  return in_capitals(text);
}

Word content_type(std::string_view text) {
  const size_t slash = text.find('/');
  if (slash == 0 || slash == std::string_view::npos || slash + 1 == text.size() ||
      text.find_first_of("; ,") != std::string_view::npos)
    return std::unexpected("it is no type without parameters");
  return base::to_lower(text);
}

Word country(std::string_view text) {
  if (text.size() != 2 || !base::is_alpha(text[0]) || !base::is_alpha(text[1]))
    return std::unexpected("it is no code of two letters");
  return in_capitals(text);
}

constexpr Own kHost = patterns<WhatConfig, match::SitePattern, &WhatConfig::hosts>(
    "a list of hosts: \"example.com\" (and all below it), \"=example.com\" (alone), "
    "\"*.example.com\" (below it) or \"*\"");
constexpr Own kUrl = patterns<WhatConfig, match::UrlPattern, &WhatConfig::urls>(
    "a list of URLs such as [\"https://example.com/docs/*\"]");
constexpr Own kMethod = words<WhatConfig, &WhatConfig::methods, method>(
    "a list of methods such as [\"GET\", \"HEAD\"]");
constexpr Own kType = {
    .expectation =
        "a list of document, frame, script, style, image, font, media, fetch, websocket, ping, "
        "object and other",
    .take = [](WhatConfig& what, std::string_view text) -> base::Taken {
      const auto kind = content_kind_of(text);
      if (!kind) return std::unexpected(std::string());
      what.kinds.push_back(*kind);
      return {};
    },
    .texts =
        [](const WhatConfig& what) {
          return base::texts_of(what.kinds,
                                [](ContentKind each) { return std::string(name_of(each)); });
        },
    .clear = [](WhatConfig& what) { what.kinds.clear(); }};
constexpr Own kList =
    words<WhatConfig, &WhatConfig::lists, any_word>("a list of names of [lists.NAME]");
constexpr Own kCategory = words<WhatConfig, &WhatConfig::categories, any_word>(
    "a list of categories of lists, such as [\"ads\"]");
constexpr Own kContentType = words<WhatConfig, &WhatConfig::content_types, content_type>(
    "a list of types such as [\"text/html\", \"image/*\"]");
constexpr Own kCountry = words<WhatConfig, &WhatConfig::countries, country>(
    "a list of codes of two letters such as [\"CH\"]");

/// The rows of `what`, or of its `not_` keys.
consteval auto rows(bool subtract) {
  const auto row = [subtract](std::string_view name, std::string_view not_name, Kind kind,
                              base::Member<WhatConfig> member, std::string_view doc,
                              std::string_view not_doc) {
    return base::Setting<WhatConfig>{.table = "rule",
                                     .name = subtract ? not_name : name,
                                     .kind = kind,
                                     .member = member,
                                     .most = kind == Kind::ports ? uint64_t{65535} : 0,
                                     .doc = subtract ? not_doc : doc};
  };
  return std::array{
      row("what.host", "what.not_host", Kind::own, kHost,
          "Hosts, as the request, CONNECT or a ClientHello names them.",
          "Hosts that are not meant."),
      row("what.url", "what.not_url", Kind::own, kUrl,
          "URLs. A star stands for any bytes. Inside a tunnel that is not opened no URL is known.",
          "URLs that are not meant."),
      row("what.port", "what.not_port", Kind::ports, &WhatConfig::ports, "Ports.",
          "Ports that are not meant."),
      row("what.method", "what.not_method", Kind::own, kMethod, "Methods.",
          "Methods that are not meant."),
      row("what.type", "what.not_type", Kind::own, kType,
          "What the content is for: by the client's Sec-Fetch-Dest, else by Accept, name and the "
          "answer's Content-Type. Over plain http browsers ask for documents and frames alike: "
          "name both.",
          "Types that are not meant. While a request may be for one of them, the rule waits."),
      row("what.list", "what.not_list", Kind::own, kList, "Lists that have the host or URL.",
          "Lists that have what is not meant."),
      row("what.category", "what.not_category", Kind::own, kCategory,
          "Categories of lists: all lists of the category.",
          "Categories of lists that have what is not meant."),
      row("what.content_type", "what.not_content_type", Kind::own, kContentType,
          "The answer's Content-Type.", "Content types that are not meant."),
      row("what.address", "what.not_address", Kind::networks, &WhatConfig::addresses,
          "Networks of the address that Weir would connect to.", "Networks that are not meant."),
      row("what.country", "what.not_country", Kind::own, kCountry,
          "Countries of that address, by the file in `policy.geo`.",
          "Countries that are not meant."),
  };
}

constexpr auto kWhat = rows(false);
constexpr auto kNot = rows(true);

}  // namespace

std::span<const base::Setting<WhatConfig>> what_keys() {
  return kWhat;
}
std::span<const base::Setting<WhatConfig>> not_keys() {
  return kNot;
}

}  // namespace weir::policy
