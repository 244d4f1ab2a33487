#include "stages/auth/keys.h"

#include "policy/own_values.h"

namespace weir::auth {

namespace {

using Kind = base::ValueKind;

constexpr base::Setting<Config> kKeys[] = {
    {.table = "login",
     .name = "file",
     .kind = Kind::path,
     .member = &Config::file,
     .doc =
         "An htpasswd file of bcrypt, yescrypt or SHA-crypt hashes; `weir passwd FILE USER` makes "
         "its lines. It is read again when it changes. With \"\" nobody is asked for a login; else "
         "everybody is who comes by a listener that does not say `login = false`."},
    {.table = "login",
     .name = "realm",
     .kind = Kind::token,
     .member = &Config::realm,
     .doc = "What clients show when they ask for the password."},
};

constexpr base::OwnValue<ListenerConfig> kExemptHosts =
    policy::patterns<ListenerConfig, match::SitePattern, &ListenerConfig::exempt_hosts>(
        "a list of hosts: \"example.com\" (and all below it), \"=example.com\" (alone), "
        "\"*.example.com\" (below it), \"192.0.2.7\" (in place of a name) or \"*\"");

constexpr base::Setting<ListenerConfig> kListenerKeys[] = {
    {.table = "listener",
     .name = "login",
     .kind = Kind::flag,
     .member = &ListenerConfig::required,
     .doc = "Whether those who come by this listener must log in. Left out, they must if "
            "`login.file` names a file; true without that file is a mistake. With false nobody is "
            "asked here, and a login that is sent is not looked at."},
    {.table = "listener",
     .name = "login_exempt.hosts",
     .kind = Kind::own,
     .member = kExemptHosts,
     .doc = "Where clients of this listener may go without a login, such as the servers that "
            "programs get their updates from. It is the host of the URL or of the CONNECT that "
            "counts. A login that is sent all the same has to be right. Weir's own names are none "
            "of these hosts."},
    {.table = "listener",
     .name = "login_exempt.clients",
     .kind = Kind::networks,
     .member = &ListenerConfig::exempt_clients,
     .doc = "Clients that need no login, such as printers: the addresses that they come from."},
};

}  // namespace

std::span<const base::Setting<Config>> keys() {
  return kKeys;
}
std::span<const base::Setting<ListenerConfig>> listener_keys() {
  return kListenerKeys;
}

}  // namespace weir::auth
