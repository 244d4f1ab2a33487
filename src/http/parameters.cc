#include "http/parameters.h"

#include "base/text.h"
#include "http/chars.h"

namespace weir::http {
namespace {

std::string_view take_token(std::string_view& from) {
  const char* const end = find_token_end(from.data(), from.data() + from.size());
  const auto size = static_cast<size_t>(end - from.data());
  const std::string_view token = from.substr(0, size);
  from.remove_prefix(size);
  return token;
}

/// A quoted string with its quotes (RFC 9110, 5.6.4). Without an end it is all that is left.
std::string_view take_quoted(std::string_view& from, bool& closed) {
  size_t at = 1;
  while (at < from.size() && from[at] != '"') at += from[at] == '\\' ? 2 : 1;
  closed = at < from.size();
  const std::string_view quoted = from.substr(0, at + 1);
  from.remove_prefix(quoted.size());
  return quoted;
}

/// Goes to behind the next comma that is not in a quoted string. True: only blanks were passed.
bool pass_comma(std::string_view& list) {
  bool blank = true;
  while (!list.empty() && list.front() != ',') {
    if (list.front() == '"') {
      bool closed = false;
      take_quoted(list, closed);
      blank = false;
      continue;
    }
    blank &= is_blank(list.front());
    list.remove_prefix(1);
  }
  if (!list.empty()) list.remove_prefix(1);
  return blank;
}

void take_value(std::string_view& list, ListParameter& to) {
  list.remove_prefix(1);  // =
  to.has_value = true;
  to.quoted = list.starts_with('"');
  bool closed = true;
  to.raw = to.quoted ? take_quoted(list, closed) : take_token(list);
  to.well_formed = closed && !to.raw.empty();
}

}  // namespace

std::string ListParameter::value() const {
  if (!quoted) return std::string(raw);
  std::string text;
  for (size_t i = 1; i + 1 < raw.size(); ++i) {
    if (raw[i] == '\\') ++i;
    text += raw[i];
  }
  return text;
}

std::optional<ListParameter> take_parameter(std::string_view& list) {
  while (!list.empty() && (is_blank(list.front()) || list.front() == ',')) list.remove_prefix(1);
  if (list.empty()) return std::nullopt;
  ListParameter found;
  found.name = take_token(list);
  if (list.starts_with('=')) take_value(list, found);
  const bool alone = pass_comma(list);
  found.well_formed = found.well_formed && alone && !found.name.empty();
  return found;
}

}  // namespace weir::http
