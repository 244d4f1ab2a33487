// HTML pages of somebody else's making, with places for Weir's values.
#pragma once
#include <cstdint>
#include <expected>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace weir::http {

/// The part of Mustache that pages need: `{{name}}` becomes a value, always escaped for HTML;
/// `{{#name}}...{{/name}}` is there if the value is not empty, `{{^name}}...{{/name}}` if it is;
/// `{{! ... }}` is a comment. Sections may be nested. Immutable; any thread.
class PageTemplate {
 public:
  static constexpr size_t kLargest = size_t{128} * 1024;
  /// Tags and levels: so a page has at most kLargest bytes and kMostTags values.
  static constexpr size_t kMostTags = 500, kDeepest = 16;

  /// A mistake, for the person who wrote the page.
  struct Fault {
    /// From 1; the column in characters.
    uint32_t line = 0, column = 0;
    std::string found, expected;
  };

  /// Reads a page whose tags may have `names`. Returns all mistakes: unknown names, sections that
  /// are not closed, text that is not UTF-8, tags of Mustache's that are not known here.
  static std::expected<PageTemplate, std::vector<Fault>> parse(
      std::string text, std::span<const std::string_view> names);

  /// `values` has one for each name, in the same order.
  std::string render(std::span<const std::string_view> values) const;

 private:
  friend class PageTemplateParser;
  enum class Kind : uint8_t { text, value, if_there, if_empty };
  /// A text lies in text_ from `begin` to `end`. The pieces of a section are those up to `end`.
  struct Piece {
    Kind kind;
    /// Which of the values.
    uint16_t name = 0;
    uint32_t begin = 0, end = 0;
  };

  std::string text_;
  std::vector<Piece> pieces_;
};

}  // namespace weir::http
