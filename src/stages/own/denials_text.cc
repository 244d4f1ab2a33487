#include "stages/own/denials_text.h"

#include <ctime>

#include "base/text.h"

namespace weir::own {
namespace {

/// The time of day on the machine's clock.
std::string clock_text(int64_t wall_ms) {
  const time_t when = wall_ms / 1000;
  tm local{};
  localtime_r(&when, &local);
  char text[16];
  const size_t size = std::strftime(text, sizeof text, "%H:%M:%S", &local);
  return {text, size};
}

/// Terminals act on control characters.
std::string printable(std::string text) {
  for (char& c : text) {
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) c = '?';
  }
  return text;
}

}  // namespace

std::string denials_html(const std::deque<journal::Denial>& denials) {
  if (denials.empty()) return {};
  // On a narrow screen the style sheet puts each time above what was denied then; a table would
  // be too wide there.
  std::string html = "<h2>Denied to you lately</h2>\n<dl>\n";
  for (const journal::Denial& each : denials) {
    const std::string time = clock_text(each.wall_ms);
    html += "<dt>" + time + "</dt><dd><code>" +
            base::escape_html(each.method == "CONNECT" ? each.target
                                                       : each.method + ' ' + each.target) +
            "</code>";
    if (each.count > 1) html += "<br>" + std::to_string(each.count) + " times, the last at " + time;
    html += "<br>Rule: " + base::escape_html(each.rule);
    if (!each.list.empty()) html += "<br><code>" + base::escape_html(each.list) + "</code>";
    html += "</dd>\n";
  }
  return html + "</dl>\n";
}

std::string denials_text(const std::deque<journal::Denial>& denials) {
  std::string text;
  for (const journal::Denial& each : denials) {
    std::string line = "denied: " + clock_text(each.wall_ms) + ' ' + each.method + ' ' +
                       each.target + ", rule: " + each.rule;
    if (!each.list.empty()) line += ", list: " + each.list;
    if (each.count > 1) line += ", times: " + std::to_string(each.count);
    text += printable(std::move(line)) + '\n';
  }
  return text;
}

}  // namespace weir::own
