#include "cli/passwd.h"

#include <unistd.h>

#include <cstdio>
#include <cstring>
#include <optional>

#include "cli/passwd_file.h"
#include "cli/passwd_terminal.h"
#include "stages/auth/password.h"
#include "stages/auth/password_file.h"

namespace weir::cli {
namespace {

int complain(const std::string& why) {
  std::fprintf(stderr, "weir: %s\n", why.c_str());
  return 1;
}

}  // namespace

int set_password(const std::string& file, const std::string& user) {
  if (!auth::is_user_name(user))
    return complain(
        "a user's name has 1 to 255 bytes, no colon, no spaces and no controls, and does not begin "
        "with #");
  if (const std::string why = why_no_logins(file); !why.empty()) return complain(file + ": " + why);
  std::optional<std::string> password;
  if (isatty(STDIN_FILENO)) {
    password = ask("New password of " + user + ": ");
    if (password && ask("The same again: ") != password)
      return complain("these are two different passwords; nothing was changed");
  } else {
    password = read_line();
  }
  if (!password || password->empty()) return complain("there is no password; nothing was changed");
  if (password->size() > auth::kLongestPassword || password->find('\0') != std::string::npos) {
    return complain("a password has at most " + std::to_string(auth::kLongestPassword) +
                    " bytes; nothing was changed");
  }
  const auto hash = auth::make_hash(*password);
  explicit_bzero(password->data(), password->size());
  if (!hash) return complain("libcrypt makes no yescrypt hash here");
  if (const std::string why = put_login(file, user, user + ":" + *hash); !why.empty())
    return complain(file + ": " + why);
  return 0;
}

}  // namespace weir::cli
