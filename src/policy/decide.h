// Asks the rules about a request, and remembers what was asked: the one path to a decision, for the
// request and for asking again. Pure: no socket, no look-up, no clock.
#pragma once
#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "base/ref.h"
#include "http/decision.h"
#include "http/verdict.h"
#include "policy/limit.h"
#include "policy/question.h"
#include "policy/rulebook.h"
#include "policy/rules.h"

namespace weir::policy {

/// The rules of all listeners, as one configuration has them. Immutable; shared by all workers.
struct RuleSet {
  /// By listener number, as sessions keep it; null for an unused number.
  std::vector<std::shared_ptr<const ListenerRules>> listeners;
  /// For Weir's own requests.
  std::shared_ptr<const ListenerRules> house;
  /// By listener number, or for kHouse.
  const std::shared_ptr<const ListenerRules>& of(uint32_t listener) const {
    return listener == kHouse ? house : listeners[listener];
  }
  /// The owner's rules, which are for clients; null if there are none, and everything is allowed.
  std::shared_ptr<const Rulebook> book;
  /// Null if there are no rules.
  std::shared_ptr<const Lists> lists() const { return book ? book->lists : nullptr; }
  /// Null where no rule of the owner applies.
  const std::shared_ptr<const Rulebook>& book_for(const Question& question) const {
    static const std::shared_ptr<const Rulebook> none;
    return question.own || question.listener == kHouse ? none : book;
  }
  /// Higher than that of every rule set made before it.
  const uint64_t generation = next_generation();

 private:
  static uint64_t next_generation();
};

/// A request that the rules let pass. It keeps its rules alive.
class Decision final : public http::Decision {
 public:
  /// What the beginning said.
  struct Begun {
    /// A later point may say more.
    bool may_narrow = false;
    /// policy::allows_by_host().
    bool by_host = false;
    /// Outcome::position.
    size_t position = 0;
  };
  /// `limit` may be null.
  Decision(const RuleSet& rules, const Question& question, Begun begun,
           base::Ref<const http::Verdict> verdict, base::Ref<Limit> limit);
  /// A refusal that shall be shown in an opened tunnel (http::Decision::refusal_to_show).
  Decision(const RuleSet& rules, const Question& question, base::Ref<const http::Verdict> verdict,
           base::Error refusal);
  /// What was asked. The views live as long as this.
  Question question() const { return asked_.question(); }
  bool is_for(const Question& question) const { return asked_.is(question); }

  uint64_t generation() const override { return generation_; }
  base::Ref<const http::Verdict> verdict() const override { return verdict_; }
  base::Result<void> check_address(base::AddressSource source, const base::IpAddress& address,
                                   uint16_t port) const override;
  /// An alias is refused by a rule that denies it, and that stands before the one by which the host
  /// itself was allowed: what is allowed is allowed with the names that it needs.
  base::Result<void> check_aliases(const http::Aliases& aliases) const override;
  base::Result<void> check_aliases(const http::Aliases& aliases, const base::IpAddress& peer,
                                   const http::RequestHead& head, bool websocket) const override;
  base::Result<void> check_server_name(std::string_view name,
                                       http::Exchange& exchange) const override;
  http::Opening opening(std::string_view name, bool encrypted) const override;
  const base::Error* refusal_to_show() const override { return refusal_.get(); }
  base::Result<void> check_response(const http::ResponseHead& head,
                                    http::Exchange& exchange) const override;
  /// Asks again about a response that is under way, of which `seen` bytes of content have come; 0
  /// if they are not counted.
  base::Result<void> check_content(http::Exchange& exchange, uint64_t seen) const;
  /// `request` may be null. `websocket`: it asked for that upgrade.
  base::Result<void> check_content(http::Exchange& exchange, uint64_t seen,
                                   const http::RequestHead* request, bool websocket) const;

  bool asks_server_names() const override { return book_ && book_->asks_names; }
  /// A rule may ask what the answer's content is: an answer in several parts would not say.
  bool asks_content() const {
    return book_ && book_->needs.meets({Fact::content_type, Fact::kind});
  }

  /// What a rule that limits the request leaves of it; null: no rule does.
  const base::Ref<Limit>& limit() const { return limit_; }
  /// Once it is known where a CONNECT leads: sets the exchange's allowance.
  void limit_by_peer(http::Exchange& exchange) const;
  /// What moves for the request has to be counted.
  bool counts() const { return book_ && book_->counts(); }
  /// The content of `exchange` has to be looked at when there are more bytes than this; UINT64_MAX:
  /// never.
  uint64_t next_look(const http::Exchange& exchange, uint64_t seen) const;

 private:
  base::Ref<Limit> limit_for(const Question& asked, const Outcome& outcome) const;
  base::Result<void> check_alias(const Question& asked, const Facts& facts, Point point,
                                 size_t position) const;
  /// The rules let the CONNECT pass in order to see what is inside, and nothing opens it.
  bool lacks_opening(const Question& asked, std::string_view name) const;
  struct OfAnswer {
    std::optional<uint64_t> size;
    /// Of the rule that allowed the host.
    size_t position;
    const http::RequestHead* request;
    bool websocket;
  };
  base::Result<void> check_answer_of_aliases(const http::Exchange& exchange,
                                             const OfAnswer& known) const;

  const std::shared_ptr<const ListenerRules> rules_;
  /// Null where no rule of the owner applies.
  const std::shared_ptr<const Rulebook> book_;
  const uint64_t generation_;
  const base::Ref<const http::Verdict> verdict_;
  const KeptQuestion asked_;
  const bool may_narrow_, by_host_;
  const size_t position_;
  const base::Ref<Limit> limit_;
  const std::unique_ptr<const base::Error> refusal_;
};

/// What came of a question.
struct Decided {
  /// The decision, or the refusal: http_request_denied, 403.
  base::Result<base::Ref<const Decision>> decision;
  /// What the rules said, for the log; null if no rule said anything.
  base::Ref<const http::Verdict> verdict = {};
  /// Where the rule that refused sends the client instead; empty: nowhere. Static while the rules
  /// live.
  std::string_view redirect_to = {};
};
/// `selection`: of this question; null: it is made.
Decided decide(const RuleSet& rules, const Question& question,
               const Selection* selection = nullptr);
/// For a CONNECT that was refused by the owner's rules, with that error, if what it carries would
/// be opened: the decision by which the client can read the refusal there. Else null.
base::Ref<const Decision> shown_refusal(const RuleSet& rules, const Question& question,
                                        const Decided& refused);

}  // namespace weir::policy
