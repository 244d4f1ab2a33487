#include "proxy/make_snapshot.h"

#include <memory>
#include <utility>

#include "lists/url.h"
#include "net/stream/this_machine.h"
#include "proxy/rules_now.h"

namespace weir::proxy {
namespace {

/// What Weir itself may reach beside public addresses: what stands in the URLs of lists, if it is
/// an address, or a name that only this network has. Any other name has an owner outside, who may
/// let it lead anywhere one day.
policy::Config for_house(const Config& config) {
  policy::Config house;
  for (const auto& [name, list] : config.lists) {
    for (const std::string& url : list.urls) {
      if (const auto address = lists::literal_in(url))
        house.allowed_networks.emplace_back(*address, address->size() * 8);
      else if (const std::string_view host = lists::inside_host_in(url); !host.empty())
        if (auto pattern = match::HostPattern::parse(host)) house.allowed_names.push_back(*pattern);
    }
  }
  return house;
}

/// Sessions of closed listeners keep those listeners' rules, except for what holds on every
/// listener, which is taken from the new configuration.
PipelineParts make_parts(const Config& config, const Listeners::Change& change,
                         const PipelineParts* before, BesideRules beside, const std::string& via,
                         std::shared_ptr<auth::Login> login,
                         std::shared_ptr<net::TrustStore> trust) {
  PipelineParts parts;
  parts.trust = std::move(trust);
  parts.own = std::make_shared<const http::OwnNames>(config.own_name, change.listening);
  parts.login = std::move(login);
  parts.origin = config.origin;
  parts.tunnel = config.tunnel;
  parts.log_purpose = journal::log_format(config.log.format) == journal::LogFormat::json;
  parts.via = via;
  parts.version = WEIR_VERSION;
  parts.pages = {config.pages.contact, parts.version, config.pages.templates};
  policy::RuleSet rules;
  const policy::OwnAddresses own(change.listening, &net::is_this_machine);
  parts.listening.resize(change.index_of.size());
  for (const auto& [number, address] : change.bound) parts.listening[number] = address;
  for (size_t number = 0; number < change.index_of.size(); ++number) {
    if (change.index_of[number] == Listeners::kFree) {
      rules.listeners.emplace_back();
      parts.clients.emplace_back();
      parts.listener_names.emplace_back();
      parts.demands.emplace_back();
      continue;
    }
    if (change.index_of[number] == Listeners::kLeft) {
      rules.listeners.push_back(std::make_shared<const policy::ListenerRules>(
          *before->rules->listeners[number], config.blocked_ports, own));
      parts.clients.push_back(before->clients[number]);
      parts.listener_names.push_back(before->listener_names[number]);
      parts.demands.push_back(std::make_shared<const auth::Demand>(
          auth::Demand::of_closed(*before->demands[number], parts.login)));
      continue;
    }
    const ListenerConfig& listener = config.listeners[static_cast<size_t>(change.index_of[number])];
    rules.listeners.push_back(std::make_shared<const policy::ListenerRules>(
        listener.policy, config::is_reachable(listener), config.blocked_ports, own));
    parts.clients.push_back(listener.clients);
    parts.listener_names.push_back({listener.name, listener.groups});
    parts.demands.push_back(std::make_shared<const auth::Demand>(listener.login, parts.login));
  }
  rules.house = std::make_shared<const policy::ListenerRules>(
      policy::ListenerRules::for_house(for_house(config), config.blocked_ports, own));
  rules.book = make_rulebook_now(config, parts.listener_names, std::move(beside));
  parts.rules = std::make_shared<const policy::RuleSet>(std::move(rules));
  return parts;
}

/// The target stays open if the reload does not change it.
std::expected<journal::LogSetting, std::string> make_log(const journal::LogConfig& config,
                                                         const Snapshot* before) {
  journal::LogSetting setting{journal::log_format(config.format), nullptr};
  if (before && before->config.log.to == config.to &&
      before->config.log.syslog_socket == config.syslog_socket) {
    setting.target = before->log.target;
    return setting;
  }
  auto target = journal::open_log_target(config);
  if (!target) return std::unexpected(std::move(target).error());
  setting.target = *std::move(target);
  return setting;
}

/// The previous Login if its configuration is unchanged, so that clients stay logged in; its file
/// is read again. Null if no login is configured.
std::expected<std::shared_ptr<auth::Login>, std::string> login_for(const auth::Config& config,
                                                                   const Snapshot* before) {
  if (config.file.empty()) return std::shared_ptr<auth::Login>();
  if (!before || !before->parts->login || config != before->config.login)
    return auth::Login::open(config);
  if (auto read = before->parts->login->read_again(); !read)
    return std::unexpected(std::move(read).error());
  return before->parts->login;
}

}  // namespace

std::expected<MadeSnapshot, std::string> make_snapshot(
    const Config& config, const Snapshot* before, const Listeners& listeners, BesideRules beside,
    FoundAuthority authority, const std::string& via,
    const std::function<std::string(const Listeners::Change&)>& refuses) {
  auto login = login_for(config.login, before);
  if (!login) return std::unexpected(std::move(login).error());
  auto trust = net::TrustStore::make(config.tls, before ? before->parts->trust : nullptr);
  if (!trust) return std::unexpected(std::move(trust).error());
  auto change = listeners.plan(config);
  if (!change) return std::unexpected(std::move(change).error());
  if (std::string why = refuses(*change); !why.empty()) return std::unexpected(std::move(why));
  // After all refusals: opening the log may create a file.
  auto log = make_log(config.log, before);
  if (!log) return std::unexpected(std::move(log).error());
  auto key_log = net::KeyLog::open(config.tls.key_log, before ? before->parts->key_log : nullptr);
  if (!key_log) return std::unexpected(std::move(key_log).error());
  auto parts = make_parts(config, *change, before ? before->parts.get() : nullptr,
                          std::move(beside), via, *login, *std::move(trust));
  parts.leaves = std::move(authority.leaves);
  parts.authorities = std::move(authority.offered);
  parts.key_log = *std::move(key_log);
  // The last step that can fail.
  if (std::string why = Listeners::listen(*change); !why.empty())
    return std::unexpected(std::move(why));
  auto kept = std::make_shared<const PipelineParts>(std::move(parts));
  return MadeSnapshot{std::make_shared<const Snapshot>(Snapshot{config, std::move(kept), *log}),
                      *std::move(change)};
}

}  // namespace weir::proxy
