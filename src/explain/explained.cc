#include "explain/explained.h"

#include <algorithm>
#include <utility>

#include "base/text.h"
#include "explain/at.h"
#include "http/session.h"
#include "http/target_parse.h"
#include "http/userinfo.h"
#include "match/url_text.h"
#include "stages/admission/admission.h"
#include "stages/auth/demand.h"

namespace weir::explain {
namespace {

using Failed = std::unexpected<std::string>;
template <class T>
using Expect = std::expected<T, std::string>;

/// A name has no more addresses for Weir (net::Lookup).
constexpr size_t kMostAddresses = 16;
/// Nor does Weir follow more CNAME records (http::Aliases).
constexpr size_t kMostAliases = 8;
constexpr size_t kLongestShown = 200;

std::string quoted(std::string_view text) {
  std::string out = "\"";
  base::append_escaped_for_log(out, text.substr(0, kLongestShown));
  return out += '"';
}

bool has_scheme(std::string_view url) {
  const std::string scheme = base::to_lower(url.substr(0, url.find(':')));
  return (scheme == "http" || scheme == "https") && url.substr(scheme.size()).starts_with("://");
}

/// A request for the URL, read by the code that reads clients' requests.
Expect<base::Ref<http::RequestHead>> head_of(std::string_view url, std::string_view method) {
  auto head = http::RequestHead::make();
  head->version = http::Version::http_1_0;  // It has no Host, and needs none.
  head->method_token = head->copy(method);
  head->method = http::method_of(head->method_token);
  http::set_raw_target(*head, head->copy(url));
  if (!head->fault) {
    if (auto parsed = http::parse_target(*head); !parsed) head->fault = std::move(parsed).error();
  }
  if (head->fault)
    return Failed("the URL " + quoted(head->raw_target) +
                  " would be refused: " + std::string(head->fault->detail()));
  return head;
}

Expect<std::string> method_of(const Asked& asked) {
  if (asked.method.empty()) return "GET";
  std::string method;
  for (const char c : asked.method) {
    if (!base::is_alpha(c) && c != '-') return Failed(quoted(asked.method) + " is no method");
    method += c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c;
  }
  if (method == "CONNECT")
    return Failed("what a CONNECT would be told is explained for the https:// URL inside it");
  return method;
}

Expect<std::string> page_of(std::string_view from) {
  if (from.empty()) return std::string();
  const std::string url =
      has_scheme(from) ? std::string(from) : "http://" + std::string(from) + '/';
  auto head = head_of(url, "GET");
  if (!head) return Failed(std::move(head).error());
  return std::string((*head)->target.host);
}

/// Weir asks nobody where these names lead.
bool is_localhost(std::string_view host) {
  return host == "localhost" || host.ends_with(".localhost");
}

Failed no_web_url(std::string_view url) {
  return Failed(url.empty()
                    ? "there is no URL"
                    : "the URL " + quoted(url) + " begins with neither http:// nor https://");
}

bool admits(const Listener& listener, const base::IpAddress& client) {
  return listener.clients.empty() ||
         std::ranges::any_of(listener.clients,
                             [&](const base::Cidr& each) { return each.contains(client); });
}

/// Whether the client is asked for a login before any rule is (auth::Demand).
bool must_log_in(const Listener& listener, const base::IpAddress& client,
                 const http::Target& target) {
  if (!listener.login) return false;
  const auth::Demand demand(*listener.login, nullptr);
  return !demand.exempts_client(client) && !demand.exempts_host(target.host, target.literal);
}

class Understanding {
 public:
  Understanding(const World& world, const Asked& asked) : world_(world), asked_(asked) {}

  Expect<std::unique_ptr<const Explained>> run() && {
    for (const auto step : {&Understanding::read_request, &Understanding::read_who,
                            &Understanding::read_listener, &Understanding::read_more}) {
      if (auto done = (this->*step)(); !done) return Failed(std::move(done).error());
    }
    auto addresses = addresses_of();
    if (!addresses) return Failed(std::move(addresses).error());
    ask(*std::move(addresses));
    return std::move(made_);
  }

 private:
  Expect<void> read_request() {
    if (!has_scheme(asked_.url)) return no_web_url(asked_.url);
    const auto method = method_of(asked_);
    if (!method) return Failed(method.error());
    auto head = head_of(asked_.url, *method);
    if (!head) return Failed(std::move(head).error());
    made_->head = *std::move(head);
    made_->path = match::normal_path(made_->head->target.path);
    made_->other_path = match::other_reading(made_->path);
    return {};
  }

  /// A client that is named stands for the first of its addresses, users or listeners.
  Expect<void> read_who() {
    made_->user = asked_.user;
    made_->client = base::IpAddress::v4(127, 0, 0, 1);
    if (asked_.client.empty()) return {};
    if (const auto address = base::IpAddress::parse(asked_.client)) {
      made_->client = address->unmapped();
      client_told_ = true;
      return {};
    }
    const auto found =
        std::ranges::find(world_.clients, asked_.client, &policy::ClientConfig::name);
    if (found == world_.clients.end())
      return Failed(quoted(asked_.client) + " is no address, and no [[client]] has that name");
    if (!found->addresses.empty()) {
      made_->client = found->addresses.front().address().unmapped();
      client_told_ = true;
    } else if (!found->users.empty()) {
      if (made_->user.empty()) made_->user = found->users.front();
    } else if (!found->listeners.empty()) {
      listener_ = found->listeners.front();
    }
    return {};
  }

  Expect<void> read_listener() {
    if (!asked_.listener.empty()) listener_ = asked_.listener;
    const auto& all = world_.listeners;
    auto found = all.end();
    if (!listener_.empty()) {
      found = std::ranges::find_if(all, [&](const Listener& each) {
        return each.name == listener_ || each.address.text() == listener_;
      });
      if (found == all.end())
        return Failed(quoted(listener_) + " is no name of a [[listener]], nor an address of one");
    } else {
      found = std::ranges::find_if(
          all, [&](const Listener& each) { return admits(each, made_->client); });
      if (found == all.end()) found = all.begin();
    }
    made_->listener = *found;
    if (!admits(*found, made_->client)) {
      if (!client_told_ && !found->clients.empty()) {
        made_->client = found->clients.front().address().unmapped();
      } else {
        admitted_ = false;
      }
    }
    return {};
  }

  Expect<void> read_more() {
    made_->now = world_.now;
    if (!asked_.at.empty()) {
      const auto at = parse_at(asked_.at, world_.zone);
      if (!at) return Failed(at.error());
      made_->now = *at;
    }
    if (!asked_.type.empty()) {
      made_->kind = policy::content_kind_of(asked_.type);
      if (!made_->kind) return Failed(quoted(asked_.type) + " is no type such as script or image");
    }
    if (asked_.aliases.size() > kMostAliases)
      return Failed("a name has at most " + std::to_string(kMostAliases) + " aliases");
    for (const std::string& each : asked_.aliases) {
      const std::string name = base::to_lower(each);
      if (!http::is_host_name(name)) return Failed(quoted(each) + " is no name of a host");
      made_->aliases.push_back(name);
    }
    auto page = page_of(asked_.from);
    if (!page) return Failed(std::move(page).error());
    made_->page = *std::move(page);
    if (asked_.content_type) {
      const std::string_view type = *asked_.content_type;
      made_->content_type = base::to_lower(base::trim(type.substr(0, type.find(';'))));
    }
    return {};
  }

  Expect<std::vector<base::IpAddress>> addresses_of() {
    const http::Target& target = made_->head->target;
    if (target.literal) return std::vector{*base::IpAddress::parse(target.host)};
    if (is_localhost(target.host))
      return std::vector{base::IpAddress::v4(127, 0, 0, 1), *base::IpAddress::parse("::1")};
    if (asked_.addresses.size() > kMostAddresses)
      return Failed("a name has at most " + std::to_string(kMostAddresses) + " addresses");
    std::vector<base::IpAddress> addresses;
    for (const std::string& each : asked_.addresses) {
      const auto address = base::IpAddress::parse(each);
      if (!address) return Failed(quoted(each) + " is no IP address");
      addresses.push_back(*address);
    }
    return addresses;
  }

  bool is_own(bool connect) const {
    const http::Target& target = made_->head->target;
    if (connect) return world_.own->is_own_name(target.host);
    http::Session session;
    session.listener = made_->listener.number;
    session.local = made_->listener.address;
    return world_.own->covers(target, session);
  }

  policy::Question question_for(bool connect) const {
    const http::Target& target = made_->head->target;
    policy::Question question{.listener = made_->listener.number,
                              .identity = made_->user,
                              .host = target.host,
                              .port = target.port,
                              .own = is_own(connect),
                              .literal = target.literal,
                              .connect = connect,
                              .request = {.client = made_->client}};
    if (connect) return question;
    question.request.https = made_->https;
    question.request.path = made_->path;
    question.request.other_path = made_->other_path;
    question.request.method = made_->head->method_token;
    if (made_->kind) question.request.kinds = *made_->kind;
    return question;
  }

  /// What opens the CONNECT asks about the request inside. Of two answers that which refuses holds,
  /// then that which waits for something, at the first point where that is so.
  void ask_inside(policy::Supposed supposed) {
    made_->opening = made_->explanation.opening;
    if (!made_->opening.open) return;
    supposed.question = question_for(false);
    policy::Explanation inside = policy::explain(*world_.rules, supposed);
    if (made_->explanation.conclusion == policy::Conclusion::depends &&
        inside.conclusion != policy::Conclusion::deny)
      return;
    made_->question = supposed.question;
    made_->explanation = std::move(inside);
  }

  void ask(std::vector<base::IpAddress> addresses) {
    const http::Target& target = made_->head->target;
    made_->https = target.scheme == http::Scheme::https;
    made_->rules = world_.rules;
    made_->question = question_for(made_->https);
    policy::Supposed supposed{.question = made_->question,
                              .now = made_->now,
                              .addresses = std::move(addresses),
                              .source = target.literal              ? base::AddressSource::literal
                                        : is_localhost(target.host) ? base::AddressSource::localhost
                                                                    : base::AddressSource::dns,
                              .size = asked_.size};
    if (!target.literal) supposed.aliases.assign(made_->aliases.begin(), made_->aliases.end());
    if (asked_.content_type) supposed.content_type = made_->content_type;
    if (admitted_) {
      made_->explanation = policy::explain(*world_.rules, supposed);
      ask_inside(supposed);
    } else {
      made_->explanation.conclusion = policy::Conclusion::deny;
      made_->explanation.refusal = admission::not_served(made_->client);
    }
    if (admitted_ && made_->user.empty() && !made_->question.own &&
        must_log_in(made_->listener, made_->client, target))
      made_->notes.push_back(
          "Nobody has logged in (--user): the client is asked to, by 407, before any rule is "
          "asked.");
    if (const auto& hit = made_->explanation.hit; hit && hit->list < world_.lists.size())
      made_->list = world_.lists[hit->list];
    if (const auto& book = world_.rules->book) {
      const policy::Directory& directory = book->directory;
      const policy::Who who = directory.of(made_->listener.number, made_->client, made_->user);
      for (const uint32_t each : who.all_clients())
        made_->clients.push_back(directory.name_of_client(each));
      made_->groups = directory.names_of_groups(who.groups);
    }
  }

  const World& world_;
  const Asked& asked_;
  std::string listener_;
  bool client_told_ = false;
  bool admitted_ = true;
  std::unique_ptr<Explained> made_ = std::make_unique<Explained>();
};

}  // namespace

Expect<std::string> name_to_look_up(std::string_view url) {
  if (!has_scheme(url)) return no_web_url(url);
  const auto head = head_of(url, "GET");
  if (!head) return Failed(head.error());
  const http::Target& target = (*head)->target;
  if (target.literal || is_localhost(target.host)) return std::string();
  return std::string(target.host);
}

Expect<std::unique_ptr<const Explained>> explain(const World& world, const Asked& asked) {
  return Understanding(world, asked).run();
}

}  // namespace weir::explain
