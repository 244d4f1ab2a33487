// What a request is for: the words of `type` in rules.
#pragma once
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>

namespace weir::policy {

/// What kind of content a request is for.
enum class ContentKind : uint8_t {
  /// A page of its own, in a window or tab.
  document,
  /// A page within another one.
  frame,
  script,
  style,
  image,
  font,
  /// Sound, film, and the texts that go with them.
  media,
  /// What a script asks for and reads itself.
  fetch,
  websocket,
  /// What a page tells somebody else: nobody reads the answer.
  ping,
  /// What a page embeds as an `object`.
  object,
  other,
};
inline constexpr unsigned kContentKinds = static_cast<unsigned>(ContentKind::other) + 1;

/// The kinds of content that a request may be for: seldom does its client say all.
class ContentKinds {
 public:
  constexpr ContentKinds() = default;
  constexpr ContentKinds(ContentKind kind) : bits_(bit_of(kind)) {}
  constexpr ContentKinds(std::initializer_list<ContentKind> kinds) {
    for (const ContentKind kind : kinds) add(kind);
  }
  static constexpr ContentKinds all() { return from_bits((1u << kContentKinds) - 1); }

  constexpr void add(ContentKind kind) { bits_ |= bit_of(kind); }
  constexpr bool empty() const { return bits_ == 0; }
  constexpr bool has(ContentKind kind) const { return (bits_ & bit_of(kind)) != 0; }
  constexpr bool intersects(ContentKinds other) const { return (bits_ & other.bits_) != 0; }
  constexpr bool lies_inside(ContentKinds other) const { return (bits_ & ~other.bits_) == 0; }
  /// The kind, if there is but one.
  constexpr std::optional<ContentKind> only() const {
    if (bits_ == 0 || (bits_ & (bits_ - 1)) != 0) return std::nullopt;
    return static_cast<ContentKind>(__builtin_ctz(bits_));
  }

  friend constexpr ContentKinds operator&(ContentKinds a, ContentKinds b) {
    return from_bits(a.bits_ & b.bits_);
  }
  friend constexpr ContentKinds operator|(ContentKinds a, ContentKinds b) {
    return from_bits(a.bits_ | b.bits_);
  }
  friend bool operator==(ContentKinds, ContentKinds) = default;

 private:
  static constexpr uint16_t bit_of(ContentKind kind) {
    return static_cast<uint16_t>(1u << static_cast<unsigned>(kind));
  }
  static constexpr ContentKinds from_bits(unsigned bits) {
    ContentKinds made;
    made.bits_ = static_cast<uint16_t>(bits);
    return made;
  }
  static_assert(kContentKinds <= 16);

  uint16_t bits_ = 0;
};

/// The word for a kind of content in rules, questions and the log: `document`.
std::string_view name_of(ContentKind kind);
/// Those of a set, for the log: `document|frame`. Empty where so many are left that they tell
/// nothing.
std::string text_of(ContentKinds kinds);
std::optional<ContentKind> content_kind_of(std::string_view name);

}  // namespace weir::policy
