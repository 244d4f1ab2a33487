// Which hosts a rule means.
#pragma once
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "base/error.h"
#include "base/hash.h"

namespace weir::match {

/// One entry of a rule's `host`:
/// - `example.com`: the name and all below it;
/// - `=example.com`: the name alone;
/// - `*.example.com`: all below it, but not the name itself;
/// - `*`: every host;
/// - `192.0.2.1`, `2001:db8::1`: that address, where it stands in place of a name.
/// Whoever writes a rule about a site means what is below it too; in HostPattern, which says what a
/// listener opens, a plain name is that name alone.
class SitePattern {
 public:
  /// The error says in words what is wrong with `text`.
  static base::Result<SitePattern> parse(std::string_view text);

  /// Lower-case, without a trailing dot; an address in its canonical form; empty for `*`.
  const std::string& name() const { return name_; }
  bool every() const { return name_.empty(); }
  /// It has the name itself.
  bool itself() const { return reach_ != kBelow; }
  /// It has the names below it.
  bool below() const { return reach_ != kItself; }
  /// In the form that parse() accepts.
  std::string text() const;

  friend bool operator==(const SitePattern&, const SitePattern&) = default;

 private:
  friend class SitePatterns;
  enum Reach : uint8_t { kItself = 1, kBelow = 2, kBoth = 3 };
  SitePattern(std::string name, Reach reach, bool address)
      : name_(std::move(name)), reach_(reach), address_(address) {}

  std::string name_;
  Reach reach_;
  bool address_;
};

/// A set of patterns. A look-up costs a hash for each label of the host, however many patterns
/// there are.
class SitePatterns {
 public:
  void add(const SitePattern& pattern);
  /// `host` is in the form in which requests have it: lower case, no trailing dot, an address in
  /// canonical form without brackets. `literal`: it is an address, of which nothing is a part.
  bool matches(std::string_view host, bool literal) const {
    return find(host, literal).has_value();
  }
  /// The most specific pattern that has the host.
  std::optional<SitePattern> find(std::string_view host, bool literal) const;
  bool empty() const { return !every_ && names_.empty(); }
  /// It has `*`.
  bool every() const { return every_; }
  /// Calls `each` with the name of each other pattern, in no order.
  template <class Each>
  void each_name(Each each) const {
    for (const auto& [name, how] : names_) each(std::string_view(name));
  }

 private:
  struct Names {
    uint8_t reach = 0;
    bool address = false;
  };
  bool every_ = false;
  std::unordered_map<std::string, Names, base::TextHash, std::equal_to<>> names_;
};

}  // namespace weir::match
