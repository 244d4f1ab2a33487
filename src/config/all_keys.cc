#include "config/all_keys.h"

#include "config/keys.h"
#include "config/value.h"
#include "journal/keys.h"
#include "lists/keys.h"
#include "net/dns/keys.h"
#include "net/stream/keys.h"
#include "net/tls/keys.h"
#include "origin/keys.h"
#include "policy/client_keys.h"
#include "policy/keys.h"
#include "policy/opening_keys.h"
#include "policy/rule_keys.h"
#include "policy/what_keys.h"
#include "server/keys.h"
#include "stages/auth/keys.h"
#include "stages/errors/keys.h"
#include "tunnel/keys.h"

namespace weir::config {

namespace {

std::vector<Group> groups() {
  return {
      {.name = kListener,
       .doc = "Where clients come in, who may, and what they may reach. There may be several; "
              "without one Weir listens on 127.0.0.1:9876 and [::1]:9876. Two addresses are never "
              "destinations, on any listener: those that Weir itself listens on, and those where "
              "clouds hand out a machine's credentials. Nothing opens these.",
       .tables = array_of(&Config::listeners)},
      {.name = "policy", .doc = "What holds for all rules."},
      {.name = "client",
       .doc = "Who a client is, for rules: by its address, by who logs in, or by where it comes "
              "in.",
       .tables = array_of(&Config::clients)},
      {.name = "rule",
       .doc = "Who may reach what, and when. Rules are asked in the order of the file, and the "
              "first that holds decides; where none does, `policy.default` does.",
       .order = "name who.client who.group who.user who.listener when when.days when.from when.to "
                "what.host what.not_host what.url what.not_url what.port what.not_port what.method "
                "what.not_method what.type what.not_type what.list what.not_list what.category "
                "what.not_category what.content_type what.not_content_type what.size_over "
                "what.address what.not_address what.country what.not_country what.sni_missing "
                "action on_reject mode guard",
       .tables = array_of(&Config::rules)},
      {.name = "lists",
       .doc =
           "A list of hosts, networks and URLs, which rules ask by its NAME (`what.list`) or its "
           "category; see lists.md.",
       .order = "paths urls refresh trusted rules category",
       .tables = named_tables(&Config::lists)},
      {.name = "login",
       .doc = "A name and a password, without which the proxy serves nobody; see login.md."},
      {.name = "pages", .doc = "What people see where Weir answers in place of a site."},
      {.name = "limits",
       .doc = "How much is taken before Weir refuses. They hold for the whole process, not for "
              "each worker.",
       .order = "connections connections_per_client connections_per_origin memory lowest_rate head "
                "fields interim_responses linger log_backlog"},
      {.name = "timeouts",
       .doc = "How long Weir waits.",
       .order = "head drain client_idle connect first_byte content client_write origin_write "
                "tunnel_idle tcp_keepalive expect linger linger_silence"},
      {.name = "pool", .doc = "Connections to origins that are kept for the next request."},
      {.name = "tunnel", .doc = "CONNECT, and what is inside."},
      {.name = "tls",
       .doc = "TLS with sites, where Weir itself speaks it: for `https://` URLs that a "
              "client asks Weir for, and for lists. What a CONNECT carries is not "
              "touched, unless it is opened."},
      {.name = "intercept",
       .doc = "Which https is opened, so that rules see what is inside; see https.md. No https is "
              "opened by default."},
      {.name = "dns", .doc = "How names are looked up; see also `resolver`."},
      {.name = "log",
       .doc = "The access log, a line a request; see also `limits.log_backlog`. A reload changes "
              "it for the lines from then on."},
  };
}

/// Makes a value that is read for `table`.`name` also the value of a member of `part`.
template <class Part, class T>
void store_also(std::vector<Key>& keys, std::string_view table, std::string_view name,
                Part Config::* part, T Part::* member) {
  for (Key& key : keys) {
    if (key.table != table || key.name != name) continue;
    key.also = [=](Object object) -> Slot { return &(object.as<Config>().*part.*member); };
  }
}

std::vector<Key> gathered() {
  std::vector<Key> all;
  add_keys(all, keys());
  add_keys(all, listener_keys());
  add_keys(all, policy::keys(), &ListenerConfig::policy);
  add_keys(all, auth::listener_keys(), &ListenerConfig::login);
  add_keys(all, policy::policy_keys(), &Config::policy);
  add_keys(all, policy::client_keys());
  add_keys(all, policy::rule_keys());
  add_keys(all, policy::what_keys(), &policy::RuleConfig::what);
  add_keys(all, policy::not_keys(), &policy::RuleConfig::but_not);
  add_keys(all, lists::keys());
  add_keys(all, net::resolver_keys(), &Config::resolver);
  add_keys(all, net::tcp_keys(), &Config::tcp);
  add_keys(all, net::tls_keys(), &Config::tls);
  add_keys(all, policy::opening_keys(), &Config::opening);
  add_keys(all, server::keys(), &Config::server);
  add_keys(all, origin::keys(), &Config::origin);
  add_keys(all, tunnel::keys(), &Config::tunnel);
  add_keys(all, auth::keys(), &Config::login);
  add_keys(all, errors::keys(), &Config::pages);
  add_keys(all, journal::keys(), &Config::log);
  // Each of these keys is listed by one folder, and means the same in another.
  store_also(all, "limits", "head", &Config::origin, &origin::OriginConfig::head_bytes);
  store_also(all, "limits", "fields", &Config::origin, &origin::OriginConfig::head_fields);
  store_also(all, "timeouts", "content", &Config::origin,
             &origin::OriginConfig::content_timeout_ms);
  store_also(all, "timeouts", "first_byte", &Config::tunnel,
             &tunnel::TunnelConfig::silence_timeout_ms);
  return all;
}

}  // namespace

const Schema& all_keys() {
  static const Schema schema("include resolver", groups(), gathered());
  return schema;
}

std::vector<std::string> changed_until_restart(const Config& before, const Config& now) {
  // Copies, because slots point to values that are not const: the reader writes through them.
  Config one = before, other = now;
  std::vector<std::string> names;
  for (const Key& key : all_keys().keys()) {
    if (key.needs_restart &&
        as_toml(key, key.slot(Object(one))) != as_toml(key, key.slot(Object(other))))
      names.push_back(all_keys().full_name(key));
  }
  return names;
}

}  // namespace weir::config
