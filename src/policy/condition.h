// What a rule is about: the keys of its `what` and `who`.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/ip.h"
#include "match/site_pattern.h"
#include "match/url_pattern.h"
#include "policy/facts.h"

namespace weir::policy {

/// Whether something holds. Unknown: a later point may know.
enum class Holds : uint8_t { no, yes, unknown };

constexpr Holds holds(bool yes) {
  return yes ? Holds::yes : Holds::no;
}
/// Both: no if one is no, whatever the other is.
constexpr Holds both(Holds a, Holds b) {
  if (a == Holds::no || b == Holds::no) return Holds::no;
  return a == Holds::yes && b == Holds::yes ? Holds::yes : Holds::unknown;
}
/// Either: yes if one is yes, whatever the other is.
constexpr Holds either(Holds a, Holds b) {
  if (a == Holds::yes || b == Holds::yes) return Holds::yes;
  return a == Holds::no && b == Holds::no ? Holds::no : Holds::unknown;
}
constexpr Holds opposite(Holds a) {
  return a == Holds::unknown ? a : holds(a == Holds::no);
}

class Lists;

/// The values of one key: the key holds if any of them does. An empty list: the key is not there.
/// A list of the configuration (`[lists.NAME]`) has a number.
struct What {
  match::SitePatterns hosts;
  std::vector<match::UrlPattern> urls;
  std::vector<uint16_t> ports;
  std::vector<std::string> methods;
  ContentKinds kinds;
  std::vector<uint32_t> lists;
  /// `text/html`, or `image/*`.
  std::vector<std::string> content_types;
  std::vector<base::Cidr> addresses;
  std::vector<std::string> countries;
  /// Of a guard: what a client says of `kinds` counts against it alone. The content's own type,
  /// once it is known, has the last word.
  bool doubts_client = false;

  bool empty() const;
  /// What has to be known before all these keys can be answered.
  FactSet needs(const Lists& lists) const;
};

/// All keys of a rule together. Empty: it holds for everything and everyone.
struct Condition {
  /// Who is meant: those whom any of these has, or everyone.
  bool everyone = true;
  std::vector<uint32_t> listeners, clients;
  std::vector<std::string> users;
  uint64_t groups = 0;

  What what;
  /// What the `not_` keys have: each of them subtracts.
  What but_not;
  std::optional<uint64_t> size_over = {};
  bool sni_missing = false;

  /// What has to be known before it can be said for certain that all keys hold.
  FactSet needs(const Lists& lists) const;
};

/// Where a list has a host or URL: the list's number, and the line as its owner reads it.
struct ListHit {
  uint32_t list = 0;
  uint64_t entry = 0;
  friend bool operator==(const ListHit&, const ListHit&) = default;
};

/// The lists of a configuration, as rules ask them. Implemented where they are kept.
class Lists {
 public:
  virtual ~Lists() = default;
  /// What may have to be known beside the host before the list, which is not kNoList, can answer.
  virtual FactSet needs(uint32_t) const { return {Fact::url, Fact::address}; }
  /// Whether the list, which is not kNoList, has what is asked for. Unknown: only more of the URL
  /// can tell.
  virtual Holds has(uint32_t list, const Facts& facts, ListHit& hit) const = 0;
  /// Where its owner reads the entry: `ads.txt:8812`.
  virtual std::string place_of(const ListHit& hit) const = 0;
};

/// Stands for a list that is not there: it has nothing.
inline constexpr uint32_t kNoList = UINT32_MAX;

/// Whether who asks is meant. Always known.
bool is_for(const Condition& condition, const Who& who);
/// Whether what is asked for is meant. `hit` is set if a list decided.
Holds is_about(const Condition& condition, const Facts& facts, const Lists& lists,
               std::optional<ListHit>& hit);

}  // namespace weir::policy
