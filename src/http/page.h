// The look of Weir's own pages: one template, no script, nothing loaded from anywhere.
#pragma once
#include <string>
#include <string_view>

namespace weir::http {

/// A whole HTML document. `title` is escaped here; `body` is HTML already.
std::string html_page(std::string_view title, std::string_view body);

}  // namespace weir::http
