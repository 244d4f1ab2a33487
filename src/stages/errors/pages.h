// Pages about errors: Weir's own, and the owner's in their place.
#pragma once
#include <array>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/error.h"
#include "http/page_template.h"

namespace weir::errors {

/// What a page is about. Views live as long as the call.
struct PageFacts {
  const base::Error& error;
  /// As the client asked for it, without a name and a password; may be empty, like the host.
  std::string_view url, host;
  /// The user who asked, else the address of the client.
  std::string_view who;
  /// The entry of a list that decided, as FILE:LINE; empty: no list did.
  std::string_view list;
};

/// The names of values that a template may have, in the order in which they are given to it.
inline constexpr std::array<std::string_view, 14> kValueNames = {
    "status", "title", "reason", "advice", "remedy",  "url",   "host",
    "rule",   "list",  "line",   "who",    "contact", "error", "version",
};

/// The owner's pages. Immutable; any thread.
struct Templates {
  /// For what is refused: 403.
  std::optional<http::PageTemplate> denied;
  /// For all other errors.
  std::optional<http::PageTemplate> error;
};

/// What the configuration says about pages.
struct Pages {
  /// Whom to ask about a denial; may be empty.
  std::string contact;
  std::string version;
  /// Null: there are none.
  std::shared_ptr<const Templates> templates;

  /// The template of the page about this error; null: Weir's own page.
  const http::PageTemplate* template_for(const base::Error& error) const;
};

/// A contact in HTML: a URL or a mail address as a link, anything else as text.
std::string with_link(std::string_view contact);

std::string as_text(const PageFacts& facts, const Pages& pages);
/// Weir's own page.
std::string as_html(const PageFacts& facts, const Pages& pages);
/// The owner's page.
std::string rendered(const http::PageTemplate& page, const PageFacts& facts, const Pages& pages);

}  // namespace weir::errors
