// The HTML of Weir's pages: no script, and nothing that is loaded from elsewhere.
#pragma once
#include <string>
#include <string_view>

#include "http/own_pages.h"
#include "http/stage.h"

namespace weir::http {

/// A whole HTML document with its style sheet in it, for pages in place of another site's answer:
/// browsers would look for a file at that site. `title` is text and is escaped here; `body` must be
/// HTML already.
std::string html_page(std::string_view title, std::string_view body);

/// One of Weir's own pages, for Weir's own names alone: its style sheet is a file there. The
/// arguments are those of html_page().
Response own_page(std::string_view title, std::string_view body);
/// What Weir answers at kStylePath.
Response own_style_sheet();

}  // namespace weir::http
