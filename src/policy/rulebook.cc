#include "policy/rulebook.h"

#include "policy/opening.h"
#include "policy/points.h"

namespace weir::policy {
namespace {

struct NoLists final : Lists {
  Holds has(uint32_t, const Facts&, ListHit&) const override { return Holds::no; }
  std::string place_of(const ListHit&) const override { return {}; }
};

}  // namespace

std::shared_ptr<const Rulebook> make_rulebook(Compiled compiled, Directory directory,
                                              std::shared_ptr<const Lists> lists, LocalTime now,
                                              std::shared_ptr<const match::CountryFile> countries,
                                              std::shared_ptr<Usages> usages) {
  const Table& table = compiled.table;
  if (table.allow_by_default && table.guards.empty() && table.grants.empty() &&
      table.rules.empty() && table.presets.empty() && compiled.opening.silent())
    return nullptr;
  auto book = std::make_shared<Rulebook>();
  book->table = std::move(compiled.table);
  book->opening = std::move(compiled.opening);
  book->directory = std::move(directory);
  book->lists = lists ? std::move(lists) : std::make_shared<const NoLists>();
  book->countries = std::move(countries);
  book->now = now;
  book->table.ask_of(*book->lists);
  book->index = RuleIndex(book->table);
  book->needs = book->table.needs();
  book->asks_who = book->table.asks_who();
  book->asks_names = book->table.asks_names() || (book->opening.on() && book->needs.meets(kInside));
  book->sizes = book->table.sizes();
  if (book->table.has_limits()) book->usages = std::move(usages);
  return book;
}

std::string_view host_for_rules(std::string_view host, bool literal) {
  constexpr std::string_view kMapped = "::ffff:";
  const bool mapped = literal && host.starts_with(kMapped) && host.contains('.');
  return mapped ? host.substr(kMapped.size()) : host;
}

Who who_asks(const Rulebook& book, const Question& question) {
  if (!book.asks_who) return {};
  return book.directory.of(question.listener, question.request.client, question.identity);
}

FactSet needs_of(const Rulebook& book, const RuleNumbers& rules) {
  FactSet needs;
  rules.all([&](size_t number) { needs = needs | book.table.at(number).needs; });
  return needs;
}

FactSet needs_of(const Rulebook& book, const Who& who, std::string_view host) {
  return needs_of(book, book.index.candidates(who, host));
}

Selection select(const Rulebook& book, const Question& question) {
  const Who who = who_asks(book, question);
  return {who, book.index.candidates(who, host_for_rules(question.host, question.literal))};
}

Facts facts_of(const Rulebook& book, const Question& question) {
  return facts_of(book, question, who_asks(book, question));
}

Facts facts_of(const Rulebook& book, const Question& question, const Who& who) {
  Facts facts;
  facts.who = who;
  facts.now = book.now;
  facts.host = host_for_rules(question.host, question.literal);
  facts.literal = question.literal;
  facts.port = question.port;
  if (question.literal) {
    if (const auto address = base::IpAddress::parse(question.host))
      add_address(book, facts, *address);
  }
  if (question.connect) return facts;
  if (!question.request.path.empty()) {
    facts.https = question.request.https;
    facts.path = question.request.path;
    facts.other_path = question.request.other_path;
  }
  if (!question.request.method.empty()) facts.method = question.request.method;
  if (!question.request.kinds.empty()) facts.kinds = question.request.kinds;
  return facts;
}

void add_address(const Rulebook& book, Facts& facts, const base::IpAddress& address) {
  facts.address = address;
  if (book.countries && book.needs.has(Fact::country))
    facts.country = book.countries->country(address);
}

FactSet known_later(const Rulebook& book, const Facts& facts, Point point, bool connect,
                    const RuleNumbers* candidates) {
  const FactSet unopened = known_later(point, connect, false);
  if (!connect || !book.opening.on()) return unopened;
  const FactSet needs = candidates ? needs_of(book, *candidates) : book.needs;
  if (!needs.meets(kInside)) return unopened;
  const Outcome outcome = evaluate(book.table, {.facts = facts,
                                                .lists = *book.lists,
                                                .later = unopened,
                                                .opening = true,
                                                .candidates = candidates});
  const bool opened = opening_of(book.opening, facts.host, facts.literal, outcome.opening).open;
  return known_later(point, connect, opened);
}

Outcome judge(const Rulebook& book, const Facts& facts, Point point, bool connect, Visitor* visitor,
              const RuleNumbers* candidates) {
  RuleNumbers sought;
  if (!visitor && !candidates) {
    sought = book.index.candidates(facts.who, facts.host);
    candidates = &sought;
  }
  return evaluate(book.table, {.facts = facts,
                               .lists = *book.lists,
                               .later = known_later(book, facts, point, connect, candidates),
                               .opening = connect && book.opening.on(),
                               .visitor = visitor,
                               .candidates = visitor ? nullptr : candidates});
}

}  // namespace weir::policy
