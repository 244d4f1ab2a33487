#include "net/dns/resolver.h"

#include <algorithm>
#include <new>

#include "base/text.h"

namespace weir::net {
namespace {

using Outcome = Lookup::Outcome;

Lookup none(Outcome outcome, base::AddressSource source = base::AddressSource::dns) {
  Lookup lookup;
  lookup.outcome = outcome;
  lookup.source = source;
  return lookup;
}

bool is_or_below(std::string_view name, std::string_view domain) {
  return name.ends_with(domain) &&
         (name.size() == domain.size() || name[name.size() - domain.size() - 1] == '.');
}

/// Other programs read `127.1` or `0x7f000001` as an address, so such a name must not resolve to
/// anything else.
bool ends_in_number(std::string_view name) {
  std::string_view last = name.substr(name.rfind('.') + 1);  // npos + 1 is 0.
  if (std::ranges::all_of(last, base::is_digit)) return true;
  if (!last.starts_with("0x")) return false;
  last.remove_prefix(2);
  return std::ranges::all_of(last,
                             [](char c) { return base::is_digit(c) || (c >= 'a' && c <= 'f'); });
}

bool never_in_dns(std::string_view name) {
  // RFC 6761, section 6.4, and RFC 7686, section 2.
  return !is_host_name(name) || ends_in_number(name) || is_or_below(name, "invalid") ||
         is_or_below(name, "onion");
}

}  // namespace

class Resolver::Key {
 public:
  explicit Key(std::string_view host) {
    if (host.ends_with('.')) host.remove_suffix(1);
    if (host.size() > text_.size()) return;
    size_ = host.size();
    std::transform(host.begin(), host.end(), text_.begin(), base::lower);
  }
  std::string_view view() const { return {text_.data(), size_}; }

 private:
  std::array<char, 253> text_;
  size_t size_ = 0;
};

/// Shared by all callers that ask for the same. Outlives the resolver until the last of them has
/// read the result.
class Resolver::Question final : public ResolverChannel::Asker, public base::Pooled {
 public:
  Question(Resolver& resolver, std::string key, base::IpFamily family)
      : key(std::move(key)), family(family), alarm(*this), resolver_(&resolver) {}

  void said(ResolverChannel::Said what, std::string_view message) override {
    if (!done && what != ResolverChannel::Said::nothing) resolver_->said(*this, what, message);
  }
  void end(const Lookup& lookup) {
    result = lookup;
    done = true;
    resolver_ = nullptr;
    alarm.clear();
    changed.notify();
  }

  const std::string key;
  const base::IpFamily family;
  std::vector<std::string> names;  // The names to ask for in turn, from `at` on.
  size_t at = 0;
  Lookup result;
  bool done = false;
  async::Signal changed;
  struct Alarm : async::Deadline {
    explicit Alarm(Question& question)
        : Deadline([](Deadline& self) {
            Question& question = static_cast<Alarm&>(self).question;
            if (!question.done)
              question.resolver_->finish(question, none(Outcome::timed_out), kFailureTtlMs);
          }),
          question(question) {}
    Question& question;
  } alarm;

 private:
  Resolver* resolver_;
};

struct Resolver::Cached : async::Link {
  Lookup lookup;
  uint64_t expires_ms = 0;
  base::IpFamily family = base::IpFamily::v4;
  Cache::iterator self;
};

Resolver::Resolver(const ResolverConfig& config, std::string hosts_path,
                   std::string resolv_conf_path)
    : config_(config), hosts_(std::move(hosts_path)), resolv_conf_(std::move(resolv_conf_path)) {
  refresh();
}

Resolver::~Resolver() {
  for (auto& questions : questions_) {
    while (!questions.empty()) {
      const base::Ref<Question> question = std::move(questions.begin()->second);
      questions.erase(questions.begin());
      question->end(none(Outcome::failed));
    }
  }
}

void Resolver::refresh() {
  const uint64_t now_ms = async::EventLoop::current().now_ms();
  if (now_ms == refreshed_ms_) return;
  refreshed_ms_ = now_ms;
  if (hosts_.refresh(now_ms)) ++generation_;
  if (!resolv_conf_.refresh(now_ms)) return;
  ++generation_;
  const auto& servers = config_.servers.empty() ? resolv_conf_.servers() : config_.servers;
  if (servers == servers_ && search_ == resolv_conf_.search()) {
    // The file was rewritten with the same content: another network may have a name server at the
    // same address, but other names.
    if (config_.servers.empty()) forget_all();
    return;
  }
  servers_ = servers;
  search_ = resolv_conf_.search();
  reconfigure();
}

void Resolver::configure(const ResolverConfig& config) {
  const bool others = config.servers != config_.servers ||
                      config.timeout_ms != config_.timeout_ms || config.tries != config_.tries;
  config_ = config;
  if (!others) return;
  servers_ = config_.servers.empty() ? resolv_conf_.servers() : config_.servers;
  ++generation_;
  reconfigure();
}

void Resolver::reconfigure() {
  forget_all();
  channels_.clear();
  std::vector<base::Ref<Question>> open;
  for (const auto& questions : questions_) {
    for (const auto& [key, question] : questions) open.push_back(question);
  }
  for (const auto& question : open) {
    question->names.clear();
    ask(*question);
  }
}

const Lookup* Resolver::cached(std::string_view host, base::IpFamily family) {
  refresh();
  return known(Key(host).view(), family);
}

const Lookup* Resolver::known(std::string_view key, base::IpFamily family) {
  if (is_or_below(key, "localhost")) {
    answer_ = none(Outcome::ok, base::AddressSource::localhost);
    answer_.add(*base::IpAddress::parse(family == base::IpFamily::v4 ? "127.0.0.1" : "::1"));
    return &answer_;
  }
  hosts_found_.clear();
  if (hosts_.find(key, family, Lookup::kMostAddresses, hosts_found_)) {
    answer_ = none(hosts_found_.empty() ? Outcome::no_data : Outcome::ok,
                   base::AddressSource::hosts_file);
    for (const base::IpAddress& address : hosts_found_) answer_.add(address);
    return &answer_;
  }
  if (never_in_dns(key)) {
    answer_ = none(Outcome::not_found);
    return &answer_;
  }
  const auto at = cache_[index(family)].find(key);
  if (at == cache_[index(family)].end()) return nullptr;
  Cached& found = at->second;
  if (found.expires_ms <= async::EventLoop::current().now_ms()) {
    forget(found);
    return nullptr;
  }
  found.unlink();
  found.link_before(oldest_);
  return &found.lookup;
}

async::Task<Lookup> Resolver::lookup(std::string host, base::IpFamily family) {
  refresh();
  base::Ref<Question> question;
  {
    const Key key(host);
    if (const Lookup* found = known(key.view(), family)) co_return *found;
    question = question_for(key.view(), family);
  }
  if (!question) co_return none(Outcome::busy);
  // The resolver may be destroyed while this waits: do not use its members from here on.
  for (auto seen = question->changed.version(); !question->done;
       seen = question->changed.version()) {
    co_await question->changed.changed(seen);
  }
  co_return question->result;
}

base::Ref<Resolver::Question> Resolver::question_for(std::string_view key, base::IpFamily family) {
  auto& questions = questions_[index(family)];
  if (const auto at = questions.find(key); at != questions.end()) return at->second;
  if (questions_open() >= config_.lookups) return nullptr;
  auto question = base::make_ref<Question>(*this, std::string(key), family);
  questions.emplace(key, question);
  question->alarm.set(async::EventLoop::current().now_ms() + config_.total_timeout_ms);
  ask(*question);
  return question;
}

void Resolver::ask(Question& question) {
  if (question.names.empty()) {
    question.at = 0;
    if (question.key.find('.') == std::string::npos) {
      for (const std::string& domain : search_) {
        std::string name = question.key + '.' + domain;
        if (!never_in_dns(name)) question.names.push_back(std::move(name));
      }
    }
    question.names.push_back(question.key);
  }
  if (channels_.empty() || channels_.back()->asked() >= kQuestionsPerChannel) {
    std::erase_if(channels_,
                  [](const auto& channel) { return channel->open() == 0 && !channel->busy(); });
    auto channel = ResolverChannel::make(servers_, {config_.timeout_ms, config_.tries});
    if (!channel) return finish(question, none(Outcome::failed), kFailureTtlMs);
    channels_.push_back(std::move(channel));
  }
  ++questions_asked_;
  channels_.back()->ask(question.names[question.at], question.family,
                        base::Ref<ResolverChannel::Asker>(&question));
}

void Resolver::said(Question& question, ResolverChannel::Said what, std::string_view message) {
  using Said = ResolverChannel::Said;
  DnsAnswer answer;
  switch (what) {
    case Said::answer:
    case Said::no_such_name:
    case Said::no_data:
      if (message.empty()) {
        answer.lookup.outcome = what == Said::no_such_name ? Outcome::not_found
                                : what == Said::no_data    ? Outcome::no_data
                                                           : Outcome::failed;
      } else {
        answer = read_dns_answer(message, question.names[question.at], question.family);
      }
      break;
    case Said::timed_out: answer.lookup.outcome = Outcome::timed_out; break;
    case Said::no_descriptor: answer.lookup.outcome = Outcome::no_descriptor; break;
    case Said::failed:
    case Said::nothing: break;
  }
  const Outcome outcome = answer.lookup.outcome;
  if (outcome != Outcome::ok && outcome != Outcome::timed_out &&
      question.at + 1 < question.names.size()) {
    ++question.at;
    return ask(question);
  }
  uint64_t ttl_ms = outcome == Outcome::no_descriptor ? 0 : kFailureTtlMs;
  if (outcome == Outcome::ok) {
    ttl_ms = uint64_t{answer.ttl_s.value_or(0)} * 1000;
    // An answer with a TTL of 0 is only for the callers that are waiting for it.
    if (ttl_ms > 0) ttl_ms = std::min(std::max(ttl_ms, config_.min_ttl_ms), config_.max_ttl_ms);
  } else if (outcome == Outcome::not_found || outcome == Outcome::no_data) {
    ttl_ms = std::min(answer.ttl_s ? uint64_t{*answer.ttl_s} * 1000 : kUnsaidNegativeTtlMs,
                      config_.negative_ttl_ms);
  }
  finish(question, answer.lookup, ttl_ms);
}

void Resolver::finish(Question& question, const Lookup& lookup, uint64_t ttl_ms) {
  const base::Ref<Question> kept(&question);
  questions_[index(question.family)].erase(question.key);
  try {
    if (ttl_ms > 0) keep(question.key, question.family, lookup, ttl_ms);
  } catch (const std::bad_alloc&) {
    // The waiting callers get their answer; it is only not cached.
  }
  question.end(lookup);
}

void Resolver::keep(std::string_view key, base::IpFamily family, const Lookup& lookup,
                    uint64_t ttl_ms) {
  if (config_.cache_entries == 0) return;
  auto& cache = cache_[index(family)];
  const auto [at, added] = cache.try_emplace(std::string(key));
  Cached& entry = at->second;
  if (added) {
    ++cache_size_;
    entry.family = family;
    entry.self = at;
  }
  entry.lookup = lookup;
  entry.expires_ms = async::EventLoop::current().now_ms() + ttl_ms;
  entry.unlink();
  entry.link_before(oldest_);
  while (cache_size_ > config_.cache_entries) forget(static_cast<Cached&>(*oldest_.next()));
}

void Resolver::forget(Cached& cached) {
  --cache_size_;
  cache_[index(cached.family)].erase(cached.self);
}

void Resolver::forget_all() {
  for (Cache& cache : cache_) cache.clear();
  cache_size_ = 0;
}

}  // namespace weir::net
