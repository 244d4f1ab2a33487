#include <algorithm>

#include "base/text.h"
#include "explain/list_line.h"
#include "explain/reply.h"
#include "policy/refusal.h"

namespace weir::explain {
namespace {

using policy::Conclusion, policy::Fact, policy::Looked, policy::Rule, policy::RuleSeen;

/// Names and URLs are what somebody wrote: none of them begins a line of its own.
std::string shown(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (static_cast<unsigned char>(c) >= 0x20 && c != 0x7f) {
      out += c;
    } else {
      base::append_escaped_for_log(out, std::string_view(&c, 1));
    }
  }
  return out;
}

/// Characters, of a text in UTF-8.
size_t width_of(std::string_view text) {
  return static_cast<size_t>(
      std::ranges::count_if(text, [](char c) { return (c & 0xC0) != 0x80; }));
}

std::string joined(const std::vector<std::string>& texts) {
  std::string all;
  for (const std::string& each : texts) all += (all.empty() ? "" : ", ") + shown(each);
  return all;
}

std::string padded(std::string text, size_t width) {
  const size_t length = width_of(text);
  if (length < width) text.append(width - length, ' ');
  return text;
}

struct FactWords {
  std::string_view what;
  /// The option that tells it; empty: there is none.
  std::string_view option = {};
};
FactWords words_for(Fact fact) {
  switch (fact) {
    case Fact::url: return {"the path"};
    case Fact::method: return {"the method"};
    case Fact::kind: return {"the type", "--type"};
    case Fact::address: return {"the address", "--resolve, --address"};
    case Fact::country: return {"the address's country", "--resolve, --address"};
    case Fact::sni_missing: return {"whether TLS names a server"};
    case Fact::content_type: return {"the answer's type", "--content-type"};
    case Fact::size: return {"the answer's size", "--size"};
  }
  return {};
}

std::string words_for(policy::FactSet facts, bool with_options) {
  std::string all;
  for (const Fact each : policy::facts_in(facts)) {
    const FactWords words = words_for(each);
    all.append(all.empty() ? "" : ", ").append(words.what);
    if (with_options && !words.option.empty()) all.append(" (").append(words.option).append(")");
  }
  return all;
}

/// What a rule waits for at the last point that could tell it.
std::string words_for_never(policy::FactSet unknown, bool connect) {
  constexpr policy::FactSet kInside{Fact::url, Fact::method, Fact::kind, Fact::content_type,
                                    Fact::size};
  if (connect && unknown.meets(kInside))
    return "a tunnel does not show " + words_for(unknown - (unknown - kInside), false);
  return "not known: " + words_for(unknown, true);
}

std::string_view verb_of(policy::Action action) {
  switch (action) {
    case policy::Action::allow: return "allows";
    case policy::Action::redirect: return "redirects";
    case policy::Action::limit: return "limits";
    case policy::Action::open: return "opens";
    case policy::Action::tunnel: return "leaves it unread";
    default: return "denies";
  }
}

std::string_view would(policy::Action action) {
  switch (action) {
    case policy::Action::allow: return "would allow";
    case policy::Action::redirect: return "would redirect";
    case policy::Action::limit: return "would limit";
    case policy::Action::open: return "would open";
    case policy::Action::tunnel: return "would leave it unread";
    default: return "would deny";
  }
}

/// Why a rule did not decide, or that it did.
std::string words_for(const RuleSeen& seen, bool connect) {
  const Rule& rule = *seen.seen;
  if (!seen.looked) return "not reached";
  switch (*seen.looked) {
    case Looked::not_for_them: return "not for them";
    case Looked::not_now: return "not now: " + rule.when.text();
    case Looked::paused: return "paused";
    case Looked::no_match: return "no match";
    case Looked::undecided: return "undecided: later shows " + words_for(seen.unknown, true);
    case Looked::never_known: return "undecided: " + words_for_never(seen.unknown, connect);
    case Looked::nothing_to_open:
      return connect ? "nothing is opened: intercept.mode is off" : "about CONNECT alone";
    case Looked::audited: return std::string(would(rule.action)) + ": mode is audit";
    case Looked::decides: break;
  }
  return std::string(verb_of(rule.action));
}

std::string_view name_of(RuleSeen::Part part) {
  switch (part) {
    case RuleSeen::guard: return "guard ";
    case RuleSeen::grant: return "grant ";
    case RuleSeen::rule: return "rule  ";
    case RuleSeen::preset: break;
  }
  return "preset";
}

class Text {
 public:
  explicit Text(const Explained& explained)
      : explained_(explained),
        explanation_(explained.explanation),
        connect_(explained.question.connect) {}

  std::string run() && {
    verdict();
    asked();
    if (explanation_.own) {
      line("no rule applies: these are Weir's own pages");
    } else {
      guards();
      rules();
      remedy();
    }
    for (const std::string& each : explained_.notes) line("note  " + each);
    return std::move(text_);
  }

 private:
  void line(std::string_view text) { text_.append("  ").append(text).append("\n"); }

  void verdict() {
    switch (explanation_.conclusion) {
      case Conclusion::allow: text_ += "ALLOW"; break;
      case Conclusion::deny: text_ += "DENY"; break;
      case Conclusion::depends:
        text_ += "DEPENDS on " + words_for(explanation_.missing, true);
        break;
    }
    text_ += "   at: " + point();
    const ClientGets gets = client_gets(explained_);
    if (!gets.words.empty()) {
      text_ += "   client gets: ";
      if (gets.status != 0) text_ += std::to_string(gets.status) + ", ";
      text_ += gets.words;
    }
    text_ += '\n';
  }

  std::string point() const {
    switch (explanation_.point) {
      case policy::Point::request: return connect_ ? "CONNECT" : "request";
      case policy::Point::alias:
      case policy::Point::address: return "address";
      case policy::Point::server_name: return "server name";
      case policy::Point::response: break;
    }
    return "response";
  }

  void asked() {
    line("url   " + shown(explained_.head->raw_target) +
         (connect_ ? ", asked as CONNECT " + shown(explained_.head->target.authority) +
                         (explained_.head->target.port == 443 ? ":443" : "")
                   : ", " + shown(explained_.head->method_token)));
    opening();
    std::string who = "who   ";
    if (!explained_.clients.empty()) who += joined(explained_.clients) + ", ";
    who += explained_.client.text();
    if (!explained_.user.empty()) who += ", user " + shown(explained_.user);
    who += " by " +
           (explained_.listener.name.empty() ? std::string()
                                             : "\"" + shown(explained_.listener.name) + "\" ") +
           explained_.listener.address.text();
    if (!explained_.groups.empty()) who += " -> groups " + joined(explained_.groups);
    line(who);
    std::string when = "when  " + policy::text_of(explained_.now);
    if (explained_.kind)
      when += "   type " + std::string(policy::name_of(*explained_.kind)) + " (given)";
    if (!explained_.page.empty()) when += "   from " + shown(explained_.page);
    line(when);
  }

  /// What is done with the https of a CONNECT, if the configuration speaks of it.
  void opening() {
    const http::Opening& opening = explained_.opening;
    if (opening.why.empty()) return;
    std::string text = opening.open ? "https opened by " : "https not opened, by ";
    text += shown(opening.why.view());
    if (opening.open)
      text += opening.step_aside ? "; where that fails, it is relayed unread"
                                 : "; where that fails, it is denied";
    line(text);
  }

  /// A refusal by something that no rule of the owner's has said.
  bool built_in() const {
    return explanation_.refusal && !explanation_.rule &&
           explanation_.refusal->rule() != policy::kDefaultRule;
  }

  void guards() {
    for (const policy::Refused& each : explanation_.refused)
      line("left out  " + each.address.text() + ": " + shown(each.why.detail()));
    if (built_in()) {
      text_ += "> built-in guard " + shown(explanation_.refusal->rule()) + ": " +
               shown(explanation_.refusal->detail()) + '\n';
      return;
    }
    std::string words =
        "built-in guards: port " + std::to_string(explained_.question.port) + " is open";
    if (explanation_.address) {
      words += ", " + explanation_.address->text() + " is not closed";
    } else if (explanation_.conclusion != Conclusion::deny) {
      words += "; no address is known (--resolve, --address)";
    }
    line(words);
  }

  void rules() {
    size_t width = 8;
    for (const RuleSeen& each : explanation_.rules)
      width = std::max(width, width_of(shown(each.seen->name)) + 2);
    width = std::min<size_t>(width, 40);
    size_t number = 0;
    for (const RuleSeen& each : explanation_.rules) rule(each, ++number, width);
    if (explained_.rules->book_for(explained_.question) == nullptr) {
      if (!built_in()) line("there are no rules: everything is allowed");
      return;
    }
    const bool decides = rule_of(explained_) == policy::kDefaultRule;
    const bool allows = explained_.rules->book->table.allow_by_default;
    text_ += (decides ? "> " : "  ") +
             padded("policy.default " + std::string(allows ? "allow" : "deny"), width + 11) + ' ' +
             (decides ? "decides" : "not reached") + '\n';
  }

  void rule(const RuleSeen& seen, size_t number, size_t width) {
    const Rule& rule = *seen.seen;
    const bool decides = explanation_.rule == &rule;
    const std::string digits = std::to_string(number);
    text_ += (decides ? "> " : "  ") + std::string(digits.size() < 3 ? 3 - digits.size() : 0, ' ') +
             digits + ' ' + std::string(name_of(seen.part)) + ' ' +
             padded('"' + shown(rule.name) + '"', width) + ' ' + words_for(seen, connect_);
    if (!rule.place.empty()) text_ += "   " + shown(rule.place);
    text_ += '\n';
    if (!seen.hit) return;
    const std::string place = explained_.rules->book->lists->place_of(*seen.hit);
    if (place.empty()) return;
    text_ += std::string(13, ' ') + "by " + shown(place);
    if (const std::string line = line_at(place); !line.empty()) text_ += "   " + shown(line);
    text_ += '\n';
  }

  void remedy() {
    if (explanation_.refusal && !built_in()) line("told: " + shown(explanation_.refusal->detail()));
    // What clients are told leaves out the folder.
    const Rule* const rule = explanation_.rule;
    if (explanation_.refusal && rule && rule->grant == 0 && !rule->place.empty()) {
      line("to allow it: change the rule in " + shown(rule->place));
    } else if (explanation_.refusal && !explanation_.refusal->remedy().empty()) {
      line("to allow it: " + shown(explanation_.refusal->remedy()));
    }
    if (explanation_.conclusion == Conclusion::deny && may_be_granted()) {
      const bool named = !explained_.clients.empty();
      line(std::string(named ? "for a while" : "for a while, for everyone") + ": weir allow " +
           shown(explained_.head->target.host) + " --for 30min" +
           (named ? " --client " + in_shell(explained_.clients.front()) : ""));
    }
    if (connect_ && explanation_.conclusion == Conclusion::allow)
      line("inside the tunnel nothing is seen: rules by url, method and type say nothing there");
  }

  /// What somebody allows at run time goes before all but guards, and is about hosts.
  bool may_be_granted() const {
    if (built_in() || (explanation_.rule && explanation_.rule->action == policy::Action::limit))
      return false;
    const auto decides = std::ranges::find(explanation_.rules, explanation_.rule, &RuleSeen::seen);
    return decides == explanation_.rules.end() ||
           (decides->part != RuleSeen::guard && decides->part != RuleSeen::grant);
  }

  static std::string in_shell(std::string_view name) {
    const auto plain = [](char c) { return base::is_alpha(c) || base::is_digit(c) || c == '-'; };
    if (std::ranges::all_of(name, plain)) return std::string(name);
    std::string quoted = "'";
    for (const char c : name) quoted += c == '\'' ? std::string("'\\''") : std::string(1, c);
    return shown(quoted + "'");
  }

  const Explained& explained_;
  const policy::Explanation& explanation_;
  const bool connect_;
  std::string text_;
};

}  // namespace

std::string text_of(const Explained& explained) {
  return Text(explained).run();
}

}  // namespace weir::explain
