#include "policy/decide.h"

#include <algorithm>
#include <array>
#include <atomic>

#include "base/text.h"
#include "http/aliases.h"
#include "http/chars.h"
#include "http/exchange.h"
#include "policy/opening.h"
#include "policy/points.h"
#include "policy/refusal.h"

namespace weir::policy {
namespace {

/// `text/html` of a Content-Type, without parameters and in lower case. Of several the last, as
/// browsers take it (Fetch, 2.2.2).
base::KeptText media_type(const http::ResponseHead& head) {
  std::string_view value;
  for (const http::Field& field : head.fields.all()) {
    if (field.id != http::FieldId::content_type) continue;
    std::string_view list = field.value();
    do {
      const bool several = list.find(',') != std::string_view::npos;
      const std::string_view one =
          several ? http::take_list_element(list) : std::exchange(list, {});
      const std::string_view type = base::trim(one.substr(0, one.find(';')));
      if (type.find('/') != std::string_view::npos || value.empty()) value = type;
    } while (!list.empty());
  }
  std::array<char, 255> lower;
  value = value.substr(0, lower.size());
  std::ranges::transform(value, lower.begin(), &base::lower);
  return std::string_view(lower.data(), value.size());
}

/// Of the whole content of which the answer is a part (RFC 9110, 14.4); 0: nothing says so.
uint64_t whole_length_of(const http::ResponseHead& head) {
  if (head.status != 206) return 0;
  const std::string_view range = head.fields.get(http::FieldId::content_range);
  return base::parse_decimal(range.substr(std::min(range.find('/'), range.size() - 1) + 1))
      .value_or(0);
}

std::optional<base::IpAddress> peer_of(const http::Exchange& exchange) {
  if (exchange.peer.port == 0) return std::nullopt;
  return exchange.peer.address;
}

base::Ref<Limit> make_limit(const std::shared_ptr<const Rulebook>& book, const Question& asked,
                            const Outcome& outcome) {
  if (!outcome.limit || !book->usages) return {};
  return base::make_ref<Limit>(book, *outcome.limit,
                               book->directory.account_of(asked.request.client, asked.identity));
}

/// Nothing where it is not known any more, or is of another target, as after a restart.
const http::RequestHead* head_of(const http::Exchange& exchange, std::string_view host) {
  const http::RequestHead* const head = exchange.request.get();
  return head && head->target.host == host ? head : nullptr;
}

/// What is certain of the content's size when `seen` bytes have come.
std::optional<uint64_t> size_of(const http::Particulars& known, uint64_t seen) {
  const uint64_t least = std::max({known.answered_length.value_or(0), known.whole_length, seen});
  if (least == 0 && !known.answered_length) return std::nullopt;
  return least;
}

/// The first refusal.
template <class Check>
base::Result<void> check_each(const http::Aliases& aliases, Check check) {
  base::Result<void> checked;
  (void)aliases.all([&](std::string_view name) {
    checked = check(name);
    return checked.has_value();
  });
  return checked;
}

}  // namespace

uint64_t RuleSet::next_generation() {
  static std::atomic<uint64_t> last{0};
  return last.fetch_add(1, std::memory_order_relaxed) + 1;
}

Decision::Decision(const RuleSet& rules, const Question& question, Begun begun,
                   base::Ref<const http::Verdict> verdict, base::Ref<Limit> limit)
    : rules_(rules.of(question.listener)),
      book_(rules.book_for(question)),
      generation_(rules.generation),
      verdict_(std::move(verdict)),
      asked_(question),
      may_narrow_(begun.may_narrow),
      by_host_(begun.by_host),
      position_(begun.position),
      limit_(std::move(limit)) {}

Decision::Decision(const RuleSet& rules, const Question& question,
                   base::Ref<const http::Verdict> verdict, base::Error refusal)
    : rules_(rules.of(question.listener)),
      book_(rules.book_for(question)),
      generation_(rules.generation),
      verdict_(std::move(verdict)),
      asked_(question),
      may_narrow_(false),
      by_host_(false),
      position_(0),
      refusal_(std::make_unique<const base::Error>(std::move(refusal))) {}

base::Ref<const Decision> shown_refusal(const RuleSet& rules, const Question& question,
                                        const Decided& refused) {
  const auto& book = rules.book_for(question);
  if (refused.decision || !question.connect || !book || !book->opening.on()) return {};
  if (!opening_for(*book, question, {}, false, book->now).open) return {};
  return base::Ref<const Decision>(
      new Decision(rules, question, refused.verdict, refused.decision.error()));
}

base::Ref<Limit> Decision::limit_for(const Question& asked, const Outcome& outcome) const {
  // Most later points find the same rule as the first.
  if (limit_ && outcome.limit == &limit_->rule()) return limit_;
  return make_limit(book_, asked, outcome);
}

base::Result<void> Decision::check_address(base::AddressSource source,
                                           const base::IpAddress& address, uint16_t port) const {
  if (refusal_) return std::unexpected(*refusal_);
  const Question asked = asked_.question();
  CHECK_OK(policy::check_address(*rules_, asked.host, source, address, port));
  if (!may_narrow_) return {};
  const Outcome outcome =
      judge(*book_, facts_at_address(*book_, asked, address), Point::address, asked.connect);
  if (passes(outcome)) return {};
  return std::unexpected(
      refusal(*book_, outcome, std::string(asked.host) + " at " + address.text()));
}

base::Result<void> Decision::check_aliases(const http::Aliases& aliases) const {
  if (!book_) return {};
  const Question asked = asked_.question();
  return check_each(aliases, [&](std::string_view name) {
    return check_alias(asked, facts_at_alias(*book_, asked, name), Point::alias, position_);
  });
}

base::Result<void> Decision::check_aliases(const http::Aliases& aliases,
                                           const base::IpAddress& peer,
                                           const http::RequestHead& head, bool websocket) const {
  constexpr FactSet kKnownNow = kOfRequests | FactSet{Fact::address, Fact::country};
  if (!book_ || !book_->needs.meets(kKnownNow)) return {};
  const Who who = who_asks(*book_, asked_.question());
  return check_each(aliases, [&](std::string_view name) -> base::Result<void> {
    const FactSet needs = needs_of(*book_, who, name);
    // What asks for nothing else has been asked before the connection was opened.
    if (!needs.meets(kKnownNow)) return {};
    Question asked = asked_.question();
    std::string path;
    if (!asked.connect) add_facts(asked, needs, head, websocket, path);
    Facts facts = facts_at_alias(*book_, asked, name);
    add_address(*book_, facts, peer);
    return check_alias(asked, facts, Point::address, position_);
  });
}

base::Result<void> Decision::check_answer_of_aliases(const http::Exchange& exchange,
                                                     const OfAnswer& known) const {
  const Who who = who_asks(*book_, asked_.question());
  return check_each(*exchange.peer_aliases, [&](std::string_view name) -> base::Result<void> {
    const FactSet needs = needs_of(*book_, who, name);
    if (!needs.meets(kOfAnswers)) return {};
    // A request that is not known any more was asked about when it was.
    if (!known.request && needs.meets(kOfRequests)) return {};
    Question asked = asked_.question();
    std::string path;
    if (known.request) add_facts(asked, needs, *known.request, known.websocket, path);
    Facts facts = facts_at_response(*book_, asked, peer_of(exchange),
                                    exchange.known().answered_type.view(), known.size);
    facts.host = name;
    facts.literal = false;
    return check_alias(asked, facts, Point::response, known.position);
  });
}

/// `position` is that of the rule that allowed the host itself.
base::Result<void> Decision::check_alias(const Question& asked, const Facts& facts, Point point,
                                         size_t position) const {
  const Outcome outcome = judge(*book_, facts, point, asked.connect);
  if (alias_passes(outcome, position)) return {};
  return std::unexpected(refusal(
      *book_, outcome, std::string(facts.host) + " (" + std::string(asked.host) + " leads there)"));
}

base::Result<void> Decision::check_server_name(std::string_view name,
                                               http::Exchange& exchange) const {
  if (refusal_) return {};  // Nothing is connected to, whatever the name is.
  if (!book_) return {};
  const Question asked = asked_.question();
  if (!may_narrow_ && name == asked.host) return {};
  const Outcome outcome =
      judge(*book_, facts_at_server_name(*book_, asked, peer_of(exchange), name),
            Point::server_name, asked.connect);
  exchange.verdict = verdict_of(*book_, outcome);
  exchange.allowance = limit_for(asked, outcome);
  if (passes(outcome) && !lacks_opening(asked, name)) return {};
  return std::unexpected(
      refusal(*book_, outcome,
              name.empty() ? "a connection to " + std::string(asked.host) + " that names no server"
                           : std::string(name)));
}

/// Each of the two names may be let pass for what is inside, and the other one be never opened.
bool Decision::lacks_opening(const Question& asked, std::string_view name) const {
  if (!asked.connect || !book_->opening.on() || !book_->needs.meets(kInside)) return false;
  const http::Opening plain = opening_for(*book_, asked, name, false, book_->now);
  return plain.needed && !plain.open && !opening_for(*book_, asked, name, true, book_->now).open;
}

http::Opening Decision::opening(std::string_view name, bool encrypted) const {
  if (refusal_) {
    http::Opening shown;
    shown.open = shown.needed = shown.match_name = true;
    shown.why = refusal_->rule();
    return shown;
  }
  if (!book_) return {};
  const Question asked = asked_.question();
  if (!asked.connect) return {};
  if (!book_->opening.on()) return not_opened(book_->opening, asked, name, encrypted, by_host_);
  return opening_for(*book_, asked, name, encrypted, book_->now);
}

base::Result<void> Decision::check_response(const http::ResponseHead& head,
                                            http::Exchange& exchange) const {
  if (!book_) return {};
  http::Particulars& known = exchange.note();
  known.answered = true;
  known.answered_type = media_type(head);
  known.answered_length = base::parse_decimal(head.fields.get(http::FieldId::content_length));
  known.whole_length = whole_length_of(head);
  return check_content(exchange, 0, head_of(exchange, asked_.question().host), head.status == 101);
}

base::Result<void> Decision::check_content(http::Exchange& exchange, uint64_t seen) const {
  return check_content(exchange, seen, head_of(exchange, asked_.question().host), false);
}

base::Result<void> Decision::check_content(http::Exchange& exchange, uint64_t seen,
                                           const http::RequestHead* request, bool websocket) const {
  const bool by_alias = exchange.peer_aliases && book_ && book_->needs.meets(kOfAnswers);
  if (!may_narrow_ && !by_alias) return {};
  const std::optional<uint64_t> size = size_of(exchange.known(), seen);
  size_t position = position_;
  if (may_narrow_) {
    const Question asked = asked_.question();
    const Outcome outcome = judge(*book_,
                                  facts_at_response(*book_, asked, peer_of(exchange),
                                                    exchange.known().answered_type.view(), size),
                                  Point::response, asked.connect);
    exchange.verdict = verdict_of(*book_, outcome);
    exchange.allowance = limit_for(asked, outcome);
    if (!passes(outcome))
      return std::unexpected(refusal(*book_, outcome, "this answer of " + std::string(asked.host)));
    position = outcome.position;
  }
  if (!by_alias) return {};
  return check_answer_of_aliases(exchange, {size, position, request, websocket});
}

void Decision::limit_by_peer(http::Exchange& exchange) const {
  if (!may_narrow_ || !book_->usages || exchange.peer.port == 0) return;
  const Question asked = asked_.question();
  exchange.allowance =
      limit_for(asked, judge(*book_, facts_at_address(*book_, asked, exchange.peer.address),
                             Point::address, asked.connect));
}

uint64_t Decision::next_look(const http::Exchange& exchange, uint64_t seen) const {
  const bool may_narrow = may_narrow_ || exchange.peer_aliases;
  if (!book_ || !may_narrow || exchange.known().answered_length) return UINT64_MAX;
  const auto next = std::ranges::lower_bound(book_->sizes, seen);
  return next == book_->sizes.end() ? UINT64_MAX : *next;
}

Decided decide(const RuleSet& rules, const Question& question, const Selection* selection) {
  const auto pass = [&](Decision::Begun begun, base::Ref<const http::Verdict> verdict,
                        base::Ref<Limit> limit) {
    return Decided{
        base::Ref<const Decision>(new Decision(rules, question, begun, verdict, std::move(limit))),
        verdict};
  };
  if (question.own) return pass({}, {}, {});
  if (auto port = check_port(*rules.of(question.listener), question.port); !port)
    return {std::unexpected(std::move(port).error())};
  const auto& rulebook = rules.book_for(question);
  if (!rulebook) return pass({}, {}, {});
  const Rulebook& book = *rulebook;
  std::optional<Selection> made;
  const Selection& selected = selection ? *selection : made.emplace(select(book, question));
  const Outcome outcome = judge(book, facts_of(book, question, selected.who), Point::request,
                                question.connect, nullptr, &selected.rules);
  auto verdict = verdict_of(book, outcome);
  if (!passes(outcome)) {
    Decided refused{std::unexpected(refusal(book, outcome, question.host)), std::move(verdict)};
    // Browsers do not look at the answer to a CONNECT.
    if (outcome.rule && !question.connect) refused.redirect_to = outcome.rule->to;
    return refused;
  }
  return pass({.may_narrow = outcome.may_narrow || outcome.undecided_allow,
               .by_host = allows_by_host(outcome),
               .position = outcome.position},
              std::move(verdict), make_limit(rulebook, question, outcome));
}

}  // namespace weir::policy
