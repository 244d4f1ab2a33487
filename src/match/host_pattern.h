// Names of hosts as the configuration lists them: a name, or `*.` and a suffix.
#pragma once
#include <expected>
#include <functional>
#include <string>
#include <string_view>
#include <unordered_set>

#include "base/error.h"
#include "base/hash.h"

namespace weir::match {

/// `example.com` is that name alone; `*.example.com` is every name below it, at any depth, but not
/// `example.com` itself. ASCII case does not count, and one trailing dot is dropped. Names are
/// written as they go into DNS: an internationalised one in its `xn--` form.
class HostPattern {
 public:
  /// The error says in words what is wrong with `text`.
  static base::Result<HostPattern> parse(std::string_view text);

  /// `host` in any case, with or without its trailing dot.
  bool matches(std::string_view host) const;
  bool is_suffix() const { return suffix_; }
  /// Lower-case, without `*.` and trailing dot.
  const std::string& name() const { return name_; }
  /// In the form that parse accepts.
  std::string text() const { return suffix_ ? "*." + name_ : name_; }

  friend bool operator==(const HostPattern&, const HostPattern&) = default;

 private:
  std::string name_;
  bool suffix_ = false;
};

/// A set of patterns; a look-up costs one hash per label of the host, however many patterns there
/// are.
class HostPatterns {
 public:
  void add(const HostPattern& pattern);
  bool matches(std::string_view host) const;
  bool empty() const { return names_.empty() && suffixes_.empty(); }

 private:
  using Names = std::unordered_set<std::string, base::TextHash, std::equal_to<>>;
  Names names_, suffixes_;
};

}  // namespace weir::match
