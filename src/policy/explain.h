// Why a request would be allowed or denied. It asks what decides traffic, at the same points and
// with the same facts, and notes what each rule said. Pure: no socket, no look-up, no clock.
#pragma once
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "http/opening.h"
#include "policy/decide.h"
#include "policy/rulebook.h"
#include "policy/table.h"

namespace weir::policy {

/// A request that nobody has made. The views live as long as the explanation is being made.
struct Supposed {
  /// With everything that rules may ask; `own` is set where it leads to Weir's own pages. No kinds:
  /// it was not told what the content would be for.
  Question question;
  LocalTime now;
  /// Where the name leads; empty: nobody has looked it up.
  std::vector<base::IpAddress> addresses = {};
  base::AddressSource source = base::AddressSource::dns;
  /// The names that CNAME records lead to.
  std::vector<std::string_view> aliases = {};
  /// Of the response; nothing: not told. An empty content type: it has none.
  std::optional<std::string_view> content_type = {};
  std::optional<uint64_t> size = {};
};

enum class Conclusion : uint8_t {
  allow,
  deny,
  /// Something that was not told decides.
  depends
};

/// A rule of the table, and what it said.
struct RuleSeen {
  enum Part : uint8_t { guard, grant, rule, preset };

  Part part = rule;
  const Rule* seen = nullptr;
  /// Nothing: a rule above it had decided.
  std::optional<Looked> looked = {};
  std::optional<ListHit> hit = {};
  /// What the rule asks for and is not known.
  FactSet unknown = {};
};

/// An address that Weir would not connect to.
struct Refused {
  base::IpAddress address;
  base::Error why;
};

/// Pointers are into the table.
struct Explanation {
  Conclusion conclusion = Conclusion::allow;
  /// The last point at which rules were asked; of a denial and of what depends, the point that
  /// decides.
  Point point = Point::request;
  /// The request is for Weir's own pages: no rule applies.
  bool own = false;
  /// Of a denial: what the client is told.
  std::optional<base::Error> refusal = {};
  /// The rule that decides; where it depends, the first that waits for what is missing. Null: none
  /// does; see `refusal` for a built-in guard.
  const Rule* rule = nullptr;
  std::optional<ListHit> hit = {};
  /// A rule in audit mode that would have decided.
  const Rule* would = nullptr;
  /// The first limit that holds.
  const Rule* limit = nullptr;
  /// Of a CONNECT that may pass: what is done with the TLS that names its host.
  http::Opening opening = {};
  /// What was not told and decides.
  FactSet missing = {};
  /// The whole table in its order. Empty where no rule was asked.
  std::vector<RuleSeen> rules = {};
  /// Of the addresses, those that are left out.
  std::vector<Refused> refused = {};
  /// The address that was asked about, after those that were refused.
  std::optional<base::IpAddress> address = {};
};

Explanation explain(const RuleSet& rules, const Supposed& supposed);

/// `request`, `address`, `server_name`, `response`.
std::string_view name_of(Point point);
/// `url`, `method`, `type` ...: as the keys of `what` are called.
std::string_view name_of(Fact fact);
/// All of a set.
std::vector<Fact> facts_in(FactSet set);

}  // namespace weir::policy
