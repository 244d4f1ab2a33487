// The HTML template of Weir's own pages: no script, and no resource that is loaded from elsewhere.
#pragma once
#include <string>
#include <string_view>

namespace weir::http {

/// A whole HTML document. `title` is text and is escaped here; `body` must be HTML already.
std::string html_page(std::string_view title, std::string_view body);

}  // namespace weir::http
