// All that a decision depends on besides the rules.
#pragma once
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/ip.h"
#include "base/kept_text.h"
#include "http/head.h"
#include "policy/facts.h"

namespace weir::policy {

/// Stands in place of a listener's number for Weir's own requests, which belong to no client.
inline constexpr uint32_t kHouse = UINT32_MAX;

/// What only the owner's rules ask about.
struct RequestFacts {
  /// The client's address.
  base::IpAddress client;
  bool https = false;
  /// Path and query in the form of match::normal_path().
  std::string_view path;
  /// match::other_reading() of it.
  std::string_view other_path;
  std::string_view method;
  /// Empty: not known.
  ContentKinds kinds;
  friend bool operator==(const RequestFacts&, const RequestFacts&) = default;
};

/// Views live as long as the call.
struct Question {
  /// Its number, or kHouse.
  uint32_t listener = 0;
  /// The user who asks; empty if no login was required.
  std::string_view identity;
  /// Lower-case, without a trailing dot, an IPv6 literal without its brackets.
  std::string_view host;
  uint16_t port = 0;
  /// The request is for Weir's own pages: no rule applies.
  bool own = false;
  /// The host is an address.
  bool literal = false;
  /// A CONNECT: of what the tunnel carries, nothing but a ClientHello will be known.
  bool connect = false;
  /// As far as any rule asks for it, else as it is here: see add_what_rules_ask().
  RequestFacts request = {};
  /// add_what_rules_ask() was there; else `request` is empty, which need not be looked at.
  bool asks = false;
  friend bool operator==(const Question&, const Question&) = default;
};

struct Rulebook;
struct Selection;

/// Sets what the rules that may hold for this client and host need of `question.request`, and no
/// more, so that questions which the rules answer alike are equal. `head` is null where it is not
/// known any more. `websocket`: the request asks for that upgrade. `path` keeps what the question
/// refers to. Returns what it has selected, if it had to.
std::optional<Selection> add_what_rules_ask(Question& question, const Rulebook& book,
                                            const base::IpAddress& client,
                                            const http::RequestHead* head, bool websocket,
                                            std::string& path);
/// Of these facts, sets those that belong to a request.
void add_facts(Question& question, FactSet needs, const http::RequestHead& head, bool websocket,
               std::string& path);

/// A question that owns its texts. Small where no rule asks about more than host and port.
class KeptQuestion {
 public:
  explicit KeptQuestion(const Question& question);
  /// The views live as long as this.
  Question question() const;
  /// Whether it is this question, which each request asks.
  bool is(const Question& question) const;

 private:
  struct More {
    base::IpAddress client;
    base::KeptText path, other_path, method;
    bool https;
    ContentKinds kinds;
    RequestFacts facts() const { return {client, https, path, other_path, method, kinds}; }
  };
  const base::KeptText identity_, host_;
  const uint32_t listener_;
  const uint16_t port_;
  const bool own_, literal_, connect_;
  std::unique_ptr<const More> more_;
};

}  // namespace weir::policy
