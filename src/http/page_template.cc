#include "http/page_template.h"

#include <algorithm>
#include <cassert>
#include <optional>

#include "base/text.h"

namespace weir::http {

class PageTemplateParser {
 public:
  using Fault = PageTemplate::Fault;
  using Kind = PageTemplate::Kind;

  PageTemplateParser(std::string text, std::span<const std::string_view> names) : names_(names) {
    made_.text_ = std::move(text);
  }

  std::expected<PageTemplate, std::vector<Fault>> parse() && {
    if (text().size() > PageTemplate::kLargest) {
      fault(0, "it is larger than 128 KiB", {});
    } else if (const auto at = not_utf8()) {
      fault(*at, "here it is not UTF-8", {});
    } else {
      read_tags();
      for (const Open& open : open_)
        fault(open.at, tag_of(open) + " is not closed", "{{/" + std::string(open.name) + "}}");
    }
    if (!faults_.empty()) return std::unexpected(std::move(faults_));
    return std::move(made_);
  }

 private:
  /// A section that is not closed yet.
  struct Open {
    std::string_view name;
    bool if_empty;
    size_t at;
    /// Its piece; none if the name is not known.
    std::optional<size_t> piece;
  };

  std::string_view text() const { return made_.text_; }

  std::optional<size_t> not_utf8() const {
    for (size_t at = 0; at < text().size();) {
      const size_t length = base::utf8_length(text().substr(at));
      if (length == 0) return at;
      at += length;
    }
    return std::nullopt;
  }

  void fault(size_t at, std::string found, std::string expected) {
    const std::string_view before = text().substr(0, at);
    const size_t line_begin = before.rfind('\n') + 1;
    const auto begins_character = [](char c) {
      return (static_cast<unsigned char>(c) & 0xc0) != 0x80;
    };
    faults_.push_back({.line = static_cast<uint32_t>(std::ranges::count(before, '\n') + 1),
                       .column = static_cast<uint32_t>(
                           std::ranges::count_if(before.substr(line_begin), begins_character) + 1),
                       .found = std::move(found),
                       .expected = std::move(expected)});
  }

  void read_tags() {
    size_t at = 0;
    for (size_t tags = 0;; ++tags) {
      const size_t begin = text().find("{{", at);
      add_text(at, std::min(begin, text().size()));
      if (begin == std::string_view::npos) return;
      if (tags == PageTemplate::kMostTags)
        return fault(begin, "it is one more than 500 tags", "at most 500");
      const size_t end = text().find("}}", begin + 2);
      if (end == std::string_view::npos) return fault(begin, "{{ is not closed", "}}");
      read_tag(text().substr(begin + 2, end - begin - 2), begin);
      at = end + 2;
    }
  }

  void add_text(size_t begin, size_t end) {
    if (begin == end) return;
    made_.pieces_.push_back({.kind = Kind::text,
                             .begin = static_cast<uint32_t>(begin),
                             .end = static_cast<uint32_t>(end)});
  }

  void read_tag(std::string_view tag, size_t at) {
    const char sign = tag.empty() ? '\0' : tag.front();
    const std::string_view name = base::trim(tag.substr(tag.empty() ? 0 : 1));
    switch (sign) {
      case '!': return;
      case '#': return open_section(name, false, at);
      case '^': return open_section(name, true, at);
      case '/': return close_section(name, at);
      case '{':
      case '&':
        return fault(at, "a value is to be put in as it is", "{{name}}, which is escaped for HTML");
      case '>':
      case '=':
        return fault(at, std::string("{{") + sign + " is a tag of Mustache that is not known here",
                     "{{name}}, {{#name}}, {{^name}}, {{/name}} or {{! comment }}");
      default: break;
    }
    if (const auto number = number_of(base::trim(tag), at))
      made_.pieces_.push_back({.kind = Kind::value, .name = *number});
  }

  /// Which of the names it is.
  std::optional<uint16_t> number_of(std::string_view name, size_t at) {
    const auto found = std::ranges::find(names_, name);
    if (found != names_.end()) return static_cast<uint16_t>(found - names_.begin());
    std::string all;
    for (const std::string_view each : names_) all.append(all.empty() ? "" : ", ").append(each);
    constexpr size_t kLongestShown = 60;
    fault(at, "there is no value \"" + std::string(name.substr(0, kLongestShown)) + '"',
          "one of " + all);
    return std::nullopt;
  }

  static std::string tag_of(const Open& open) {
    return (open.if_empty ? "{{^" : "{{#") + std::string(open.name) + "}}";
  }

  void open_section(std::string_view name, bool if_empty, size_t at) {
    if (open_.size() == PageTemplate::kDeepest)
      fault(at, "a section is more than 16 deep", "at most 16");
    Open open{.name = name, .if_empty = if_empty, .at = at, .piece = {}};
    if (const auto number = number_of(name, at)) {
      open.piece = made_.pieces_.size();
      made_.pieces_.push_back(
          {.kind = if_empty ? Kind::if_empty : Kind::if_there, .name = *number});
    }
    open_.push_back(open);
  }

  void close_section(std::string_view name, size_t at) {
    const std::string tag = "{{/" + std::string(name) + "}}";
    if (open_.empty()) return fault(at, tag + " closes nothing", {});
    const Open open = open_.back();
    if (open.name != name) {
      const bool closes_another =
          std::ranges::any_of(open_, [&](const Open& each) { return each.name == name; });
      fault(at, tag + " stands where " + tag_of(open) + " is open",
            "{{/" + std::string(open.name) + "}}");
      if (!closes_another) return;
      // Those within are told once, here.
      while (open_.back().name != name) open_.pop_back();
    }
    if (open_.back().piece)
      made_.pieces_[*open_.back().piece].end = static_cast<uint32_t>(made_.pieces_.size());
    open_.pop_back();
  }

  const std::span<const std::string_view> names_;
  PageTemplate made_;
  std::vector<Open> open_;
  std::vector<Fault> faults_;
};

std::expected<PageTemplate, std::vector<PageTemplate::Fault>> PageTemplate::parse(
    std::string text, std::span<const std::string_view> names) {
  return PageTemplateParser(std::move(text), names).parse();
}

std::string PageTemplate::render(std::span<const std::string_view> values) const {
  std::string out;
  out.reserve(text_.size() + text_.size() / 4);
  for (size_t i = 0; i < pieces_.size();) {
    const Piece& piece = pieces_[i++];
    assert(piece.kind == Kind::text || piece.name < values.size());
    switch (piece.kind) {
      case Kind::text: out.append(text_, piece.begin, piece.end - piece.begin); break;
      case Kind::value: out += base::escape_html(values[piece.name]); break;
      case Kind::if_there:
        if (values[piece.name].empty()) i = piece.end;
        break;
      case Kind::if_empty:
        if (!values[piece.name].empty()) i = piece.end;
        break;
    }
  }
  return out;
}

}  // namespace weir::http
