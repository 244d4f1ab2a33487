#include "stages/auth/keys.h"

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

constexpr base::Setting<ListenerConfig> kListenerKeys[] = {
    {.table = "listener",
     .name = "login",
     .kind = Kind::flag,
     .member = &ListenerConfig::required,
     .doc = "Whether those who come by this listener must log in. Left out, they must if "
            "`login.file` names a file; true without that file is a mistake. With false nobody is "
            "asked here, and a login that is sent is not looked at."},
};

}  // namespace

std::span<const base::Setting<Config>> keys() {
  return kKeys;
}
std::span<const base::Setting<ListenerConfig>> listener_keys() {
  return kListenerKeys;
}

}  // namespace weir::auth
