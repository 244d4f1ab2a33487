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
         "its lines. It is read again when it changes. With \"\" nobody is asked for a login."},
    {.table = "login",
     .name = "realm",
     .kind = Kind::token,
     .member = &Config::realm,
     .doc = "What clients show when they ask for the password."},
};

}  // namespace

std::span<const base::Setting<Config>> keys() {
  return kKeys;
}

}  // namespace weir::auth
