// Which URLs a rule means.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/error.h"

namespace weir::match {

/// A URL that is asked about.
struct UrlParts {
  bool https = false;
  /// As requests have it: lower case, no trailing dot, an address without brackets.
  std::string_view host;
  uint16_t port = 0;
  /// In the form of normal_path(), or of other_reading().
  std::string_view path;
  bool other_reading = false;
};

/// `https://example.com/docs/*`: scheme, host, port and path, in which each `*` stands for any
/// bytes, slashes too. `*://` means http and https; `*.example.com` all names below; `:*` any port,
/// and without a port the scheme's own. Without a path the whole site is meant, with one exactly
/// that path, and its query unless the pattern has one.
class UrlPattern {
 public:
  /// The error says in words what is wrong with `text`.
  static base::Result<UrlPattern> parse(std::string_view text);
  /// One URL, in which a `*` is a `*`; without a path its path is `/`.
  static base::Result<UrlPattern> exactly(std::string_view url);

  bool matches(const UrlParts& url) const;
  /// True if a URL of this host and port may match: so a rule knows before it sees the path.
  bool may_match(std::string_view host, uint16_t port) const;
  const std::string& text() const { return text_; }
  /// As requests have it; empty: every host has it.
  const std::string& host() const { return host_; }
  /// It has the names below host(), and not that name itself.
  bool below() const { return below_; }
  bool may_be_http() const { return (schemes_ & kHttp) != 0; }
  bool may_be_https() const { return (schemes_ & kHttps) != 0; }

  friend bool operator==(const UrlPattern&, const UrlPattern&) = default;

 private:
  enum Scheme : uint8_t { kHttp = 1, kHttps = 2 };
  bool has_host(std::string_view host) const;
  bool has_port(Scheme scheme, uint16_t port) const;

  std::string text_;
  uint8_t schemes_ = 0;
  bool below_ = false;  // `*.`
  std::string host_;
  bool any_port_ = false;
  std::optional<uint16_t> port_;
  std::string path_;
  /// For paths in the form of other_reading().
  std::string other_path_;
  bool exact_ = false;
};

/// True if `pattern`, in which `*` stands for any bytes, has the whole of `text`. Linear in the
/// text for each star.
bool matches_glob(std::string_view pattern, std::string_view text);

}  // namespace weir::match
