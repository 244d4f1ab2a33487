#include "policy/request_kind.h"

#include <algorithm>
#include <optional>

#include "base/text.h"
#include "http/chars.h"

namespace weir::policy {
namespace {

using enum ContentKind;
using http::FieldId;
using http::Fields;
using Told = std::optional<ContentKinds>;

struct Row {
  std::string_view name;
  ContentKinds kinds;
};

/// What a browser asks for with `Accept: */*`.
constexpr ContentKinds kUntold = {script, font, media, fetch, ping, other};
/// What a program may want that sends no Accept: browsers always send one.
constexpr ContentKinds kAnything = {document, frame, script, style,  image, font,
                                    media,    fetch, ping,   object, other};
constexpr ContentKinds kPage = {document, frame};
constexpr ContentKinds kPageOrData = {document, frame, object, fetch};

/// The destinations of requests (Fetch, 2.2.7); all others are `other`. `empty` is not among them:
/// see by_destination().
constexpr Row kDestinations[] = {
    {"audio", media},   {"audioworklet", script},  {"document", document},
    {"embed", object},  {"fencedframe", frame},    {"font", font},
    {"frame", frame},   {"iframe", frame},         {"image", image},
    {"json", fetch},    {"object", object},        {"paintworklet", script},
    {"script", script}, {"serviceworker", script}, {"sharedworker", script},
    {"style", style},   {"text", fetch},           {"track", media},
    {"video", media},   {"worker", script},
};

/// The endings of paths whose content browsers ask for with `Accept: */*`, or that programs ask
/// for. Players fetch the pieces of a film by script, or leave that to the browser.
constexpr Row kEndings[] = {
    {"aac", media},          {"apng", image},          {"avif", image},
    {"bmp", image},          {"css", style},           {"eot", font},
    {"flac", media},         {"gif", image},           {"ico", image},
    {"jpeg", image},         {"jpg", image},           {"js", script},
    {"json", fetch},         {"m3u8", {media, fetch}}, {"m4a", media},
    {"m4s", {media, fetch}}, {"m4v", media},           {"mjs", script},
    {"mov", media},          {"mp3", media},           {"mp4", media},
    {"mpd", {media, fetch}}, {"oga", media},           {"ogg", media},
    {"ogv", media},          {"opus", media},          {"otf", font},
    {"png", image},          {"svg", image},           {"swf", object},
    {"ttf", font},           {"vtt", media},           {"wasm", fetch},
    {"wav", media},          {"webm", media},          {"webp", image},
    {"woff", font},          {"woff2", font},
};

/// Types of content, and what content of that type is for. `x/` stands for all that begin so.
constexpr Row kTypes[] = {
    {"text/html", kPageOrData},
    {"application/xhtml+xml", kPageOrData},
    {"application/pdf", kPageOrData},
    {"text/css", style},
    {"text/javascript", script},
    {"application/javascript", script},
    {"application/x-javascript", script},
    {"text/ecmascript", script},
    {"application/ecmascript", script},
    {"image/", image},
    {"audio/", media},
    {"video/", media},
    {"text/vtt", media},
    {"application/ogg", media},
    {"application/dash+xml", media},
    {"application/vnd.apple.mpegurl", media},
    {"application/x-mpegurl", media},
    {"font/", font},
    {"application/font-woff", font},
    {"application/font-woff2", font},
    {"application/x-font-woff", font},
    {"application/x-font-ttf", font},
    {"application/vnd.ms-fontobject", font},
    {"application/manifest+json", other},
    {"application/json", fetch},
    {"text/json", fetch},
    {"text/event-stream", fetch},
    {"application/wasm", fetch},
    {"application/x-shockwave-flash", object},
};

template <size_t size>
Told find(const Row (&rows)[size], std::string_view name) {
  const auto* const row =
      std::ranges::find_if(rows, [&](const Row& each) { return each.name == name; });
  return row == std::end(rows) ? Told() : Told(row->kinds);
}

bool begins_with(std::string_view text, std::string_view beginning) {
  return base::equal_ignoring_case(text.substr(0, beginning.size()), beginning);
}

bool is_type(std::string_view type, std::string_view known) {
  return known.back() == '/' ? begins_with(type, known) : base::equal_ignoring_case(type, known);
}

Told by_type(std::string_view type) {
  for (const Row& row : kTypes) {
    if (is_type(type, row.name)) return row.kinds;
  }
  if (type.size() > 5 && begins_with(type.substr(type.size() - 5), "+json")) return fetch;
  return std::nullopt;
}

/// A value without its parameters.
std::string_view without_parameters(std::string_view value) {
  return base::trim(value.substr(0, value.find(';')));
}

/// Only browsers send these (HTML, 4.6.6), and beside them nothing that would say more.
bool is_ping(const http::RequestHead& head) {
  if (head.method != http::Method::post) return false;
  return head.fields.has(FieldId::ping_from) ||
         is_type(without_parameters(head.fields.get(FieldId::content_type)), "text/ping");
}

/// The destination `empty` stands for whatever a script reads itself, for a beacon, which nobody
/// reads, and for content that is fetched before it is known what for.
ContentKinds for_no_destination(const http::RequestHead& head) {
  if (begins_with(head.fields.get(FieldId::sec_purpose), "prefetch")) return kAnything;
  const bool unread =
      head.method == http::Method::post && head.fields.get(FieldId::sec_fetch_mode) == "no-cors";
  return unread ? ContentKinds{fetch, ping} : fetch;
}

Told by_destination(const http::RequestHead& head) {
  if (!head.fields.has(FieldId::sec_fetch_dest)) return std::nullopt;
  if (head.fields.get(FieldId::sec_fetch_mode) == "websocket") return websocket;
  // A token, which a later version of the field may give parameters (RFC 9651, 3.3).
  const std::string_view name = without_parameters(head.fields.get(FieldId::sec_fetch_dest));
  if (name.empty() || !base::is_alpha(name.front())) return std::nullopt;
  if (name == "empty") return for_no_destination(head);
  return find(kDestinations, name).value_or(other);
}

/// A page in a window and a page in a frame are asked for alike, but Firefox gives them different
/// priorities.
ContentKinds page_of_priority(const Fields& fields) {
  const std::string_view priority = fields.get(FieldId::priority);
  if (priority == "u=0, i") return document;
  if (priority == "u=4") return frame;
  return kPage;
}

std::string_view first_member(std::string_view list) {
  std::string_view first;
  while (first.empty() && !list.empty()) first = without_parameters(http::take_list_element(list));
  return first;
}

Told by_accept(const Fields& fields) {
  const std::string_view type = first_member(fields.get(FieldId::accept));
  if (type.find('/') == std::string_view::npos || type == "*/*") return std::nullopt;
  if (is_type(type, "text/html") || is_type(type, "application/xhtml+xml")) {
    // Browsers send this with pages; without it a script may have asked.
    if (fields.has(FieldId::upgrade_insecure_requests)) return page_of_priority(fields);
    return kPage | ContentKinds(fetch);
  }
  // Where a browser itself asks, it is for one of the known types.
  return by_type(type).value_or(fetch);
}

Told by_ending(std::string_view path) {
  path = path.substr(0, path.find('?'));
  path.remove_prefix(std::min(path.size(), path.rfind('/') + 1));
  const size_t dot = path.rfind('.');
  constexpr size_t kLongest = 5;
  if (dot == std::string_view::npos || path.size() - dot - 1 > kLongest) return std::nullopt;
  return find(kEndings, base::to_lower(path.substr(dot + 1)));
}

/// What remains to be guessed.
ContentKinds by_the_rest(const http::RequestHead& head) {
  if (head.method == http::Method::post) return {fetch, ping, other};
  if (head.method != http::Method::get && head.method != http::Method::head) return {fetch, other};
  if (const Told told = by_ending(head.target.path)) return *told;
  // So browsers ask for sound and film; a download that goes on does not begin at 0.
  if (begins_with(head.fields.get(FieldId::range), "bytes=0-")) return {media, fetch, other};
  return head.fields.has(FieldId::accept) ? kUntold : kAnything;
}

}  // namespace

ContentKinds kinds_of(const http::RequestHead& head, bool websocket) {
  if (websocket) return ContentKind::websocket;
  if (head.method == http::Method::connect) return ContentKinds::all();
  if (is_ping(head)) return ping;
  if (const Told told = by_destination(head)) return *told;
  if (const Told told = by_accept(head.fields)) return *told;
  return by_the_rest(head);
}

std::optional<ContentKinds> kinds_of_content(std::string_view type) {
  return by_type(type);
}

ContentKinds narrowed(ContentKinds kinds, std::string_view content_type) {
  const Told content = by_type(without_parameters(content_type));
  if (!content) return kinds;
  const ContentKinds both = kinds & *content;
  if (!both.empty()) return both;
  return kUntold.lies_inside(kinds) ? *content : kinds;
}

}  // namespace weir::policy
