// What a client was denied lately, as part of a page.
#pragma once
#include <deque>
#include <string>

#include "journal/denials.h"

namespace weir::own {

/// A section of HTML; empty if nothing was denied.
std::string denials_html(const std::deque<journal::Denial>& denials);
/// Lines of text; empty if nothing was denied.
std::string denials_text(const std::deque<journal::Denial>& denials);

}  // namespace weir::own
