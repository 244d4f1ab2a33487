// What a list that people publish says, entry by entry, and what is told about its reading.
#pragma once
#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/ip.h"
#include "match/domain_set_layout.h"
#include "match/url_prefix.h"

namespace weir::match {

/// The ways to write an entry. Each line shows its own; a file may have several.
enum class ListForm : uint8_t {
  /// `example.com`: it and all below it. `=example.com`: it alone.
  name,
  /// `*.example.com`: all below it. `.example.com`, as Squid has it: it and all below it.
  wildcard,
  /// `0.0.0.0 example.com www.example.com`: these names alone.
  hosts,
  /// dnsmasq's `address=/example.com/`: it and all below it.
  dnsmasq,
  /// `example.com CNAME .`, a record of a response policy zone: that name alone.
  zone,
  /// `||example.com^`, of the ad-block syntax: it and all below it.
  filter,
  /// `192.0.2.0/24`, `2001:db8::1`.
  network,
  /// `http://example.com/ads/`, `example.com/ads/`.
  url,
};
inline constexpr size_t kListForms = 8;

/// The form's name in reports: `hosts`.
std::string_view name_of(ListForm form);

/// Takes the entries of a list. Views live as long as the call; `line` counts from 1.
class ListSink {
 public:
  virtual ~ListSink() = default;
  /// Each returns false if there is no room for the entry; then no more is read.
  /// `name` is one that fault_in_name() finds nothing wrong with.
  virtual bool add_domain(std::string_view name, DomainKind kind, uint32_t line) = 0;
  virtual bool add_network(const base::Cidr& network, uint32_t line) = 0;
  virtual bool add_url(const UrlPrefix& url, uint32_t line) = 0;
};

/// Takes entries and drops them: for those who want to know what is wrong alone.
class NoSink final : public ListSink {
 public:
  bool add_domain(std::string_view, DomainKind, uint32_t) override { return true; }
  bool add_network(const base::Cidr&, uint32_t) override { return true; }
  bool add_url(const UrlPrefix&, uint32_t) override { return true; }
};

/// Why a line, or a part of it, is not taken.
struct ListFault {
  enum class Kind : uint8_t {
    none,
    /// It excepts a name from what the list has.
    exception,
    /// It is ad-block syntax that needs more than a host.
    filter,
    other,
  };
  Kind kind = Kind::none;
  /// Static memory; begins in lower case, without a full stop.
  std::string_view words = {};

  explicit operator bool() const { return kind != Kind::none; }
};

/// What came of one file or text.
struct ListReport {
  /// The first faults are kept with their texts, the others only counted.
  static constexpr size_t kMostKept = 20;
  /// Bytes that are kept of a line.
  static constexpr size_t kKeptBytes = 120;
  struct Line {
    uint32_t number;
    std::string why;
    /// The line's beginning, as it is: it may have any bytes.
    std::string text;
    friend bool operator==(const Line&, const Line&) = default;
  };

  uint32_t lines = 0;
  /// Taken entries by ListForm.
  std::array<uint32_t, kListForms> taken{};
  /// Names such as `localhost`, which hosts files have for the machine itself.
  uint32_t ignored = 0;
  uint32_t not_taken = 0;
  /// Of these.
  uint32_t exceptions = 0, filters = 0;
  std::vector<Line> first_not_taken;

  uint32_t entries() const;
  friend bool operator==(const ListReport&, const ListReport&) = default;
};

}  // namespace weir::match
