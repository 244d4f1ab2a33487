#include "stages/errors/pages.h"

#include <algorithm>

#include "base/text.h"
#include "http/head.h"
#include "http/page.h"
#include "stages/errors/words.h"

namespace weir::errors {
namespace {

/// Somebody who may do that has refused it. 407 and 421 are refusals of another kind: there the
/// client has to ask in another way.
bool is_denial(const base::Error& error) {
  return error.status() == 403;
}

constexpr size_t kLongestUrl = 500;
constexpr size_t kLongestValue = 2000;

/// Turns a text into HTML. What is to be typed stands between backticks in it, and becomes <code>.
std::string with_code(std::string_view text) {
  std::string html;
  bool code = false;
  for (const char c : base::escape_html(text)) {
    if (c != '`') {
      html += c;
    } else {
      html += code ? "</code>" : "<code>";
      code = !code;
    }
  }
  return code ? html + "</code>" : html;
}

/// FILE and LINE of `FILE:LINE`, without FILE's folders: clients have no business with those of the
/// machine.
std::pair<std::string_view, std::string_view> taken_apart(std::string_view place) {
  place.remove_prefix(place.rfind('/') + 1);
  const size_t colon = place.rfind(':');
  if (colon == std::string_view::npos || !base::parse_decimal(place.substr(colon + 1)))
    return {place, {}};
  return {place.substr(0, colon), place.substr(colon + 1)};
}

/// The owner of this proxy can do something about it.
bool may_be_helped(const base::Error& error) {
  return is_denial(error) || error.type() == base::ErrorType::tls_certificate_error;
}

std::string fact(std::string_view name, std::string_view value) {
  return "<dt>" + std::string(name) + "</dt><dd><code>" + base::escape_html(value) +
         "</code></dd>\n";
}

}  // namespace

std::string with_link(std::string_view contact) {
  const std::string shown = base::escape_html(contact);
  const bool one_word = contact.find_first_of(" \t") == std::string_view::npos;
  const size_t at = contact.find('@');
  std::string_view scheme;
  if (!one_word) return shown;
  if (at != 0 && at != std::string_view::npos && at + 1 < contact.size() &&
      contact.find_first_of(":/") == std::string_view::npos) {
    scheme = "mailto:";
  } else if (!contact.starts_with("https://") && !contact.starts_with("http://")) {
    return shown;
  }
  return "<a href=\"" + std::string(scheme) + shown + "\">" + shown + "</a>";
}

const http::PageTemplate* Pages::template_for(const base::Error& error) const {
  if (!templates) return nullptr;
  const auto& page = is_denial(error) ? templates->denied : templates->error;
  return page ? &*page : nullptr;
}

std::string as_text(const PageFacts& facts, const Pages& pages) {
  const base::Error& error = facts.error;
  std::string text(headline_of(error));
  text.append(".\n").append(error.detail()).append("\n");
  if (const auto advice = advice_of(error); !advice.empty()) text.append(advice).append("\n");
  if (!error.rule().empty()) text.append("Rule: ").append(error.rule()).append("\n");
  if (!error.remedy().empty()) text.append("To allow it: ").append(error.remedy()).append("\n");
  if (may_be_helped(error) && !pages.contact.empty())
    text.append("Whom to ask: ").append(pages.contact).append("\n");
  text.append("(")
      .append(std::to_string(error.status()))
      .append(", ")
      .append(base::name_of(error.type()))
      .append(", from Weir, the proxy)\n");
  // Terminals act on control characters, so replace them.
  for (char& c : text) {
    if ((static_cast<unsigned char>(c) < 0x20 && c != '\n') || c == 0x7f) c = '?';
  }
  return text;
}

std::string as_html(const PageFacts& facts, const Pages& pages) {
  const base::Error& error = facts.error;
  const std::string_view headline = headline_of(error);
  std::string body = "<p class=\"status\">" + std::to_string(error.status()) + " " +
                     std::string(http::reason_of(error.status())) + "</p>\n<h1>" +
                     base::escape_html(headline) + "</h1>\n<p>" +
                     base::escape_html(error.detail()) + "</p>\n";
  if (const auto advice = advice_of(error); !advice.empty())
    body += "<p>" + base::escape_html(advice) + "</p>\n";
  if (!error.remedy().empty())
    body += "<p class=\"remedy\">To allow it, " + with_code(error.remedy()) + "</p>\n";
  if (may_be_helped(error) && !pages.contact.empty())
    body += "<p>Whom to ask: " + with_link(pages.contact) + "</p>\n";
  body += "<dl>\n";
  if (!facts.url.empty()) body += fact("Address", facts.url.substr(0, kLongestUrl));
  if (!error.rule().empty()) body += fact("Rule", error.rule());
  body += fact("Error", base::name_of(error.type())) + "</dl>\n";
  return http::html_page(headline, body);
}

std::string rendered(const http::PageTemplate& page, const PageFacts& facts, const Pages& pages) {
  const base::Error& error = facts.error;
  const std::string status = std::to_string(error.status());
  const auto [list, line] = taken_apart(facts.list);
  std::array<std::string_view, kValueNames.size()> values = {
      status,
      headline_of(error),
      error.detail(),
      advice_of(error),
      error.remedy(),
      facts.url.substr(0, kLongestUrl),
      facts.host,
      error.rule(),
      list,
      line,
      facts.who,
      pages.contact,
      base::name_of(error.type()),
      pages.version,
  };
  for (std::string_view& value : values) value = value.substr(0, kLongestValue);
  return page.render(values);
}

}  // namespace weir::errors
