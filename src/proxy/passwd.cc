#include "proxy/passwd.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <termios.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <iterator>
#include <optional>

#include "stages/auth/password.h"
#include "stages/auth/password_file.h"

namespace weir::proxy {
namespace {

int complain(const std::string& why) {
  std::fprintf(stderr, "weir: %s\n", why.c_str());
  return 1;
}

/// One line of standard input, without its end; nothing where that has none.
std::optional<std::string> read_line() {
  std::string line;
  for (char c; line.size() <= 2 * auth::kLongestPassword;) {
    const ssize_t n = read(STDIN_FILENO, &c, 1);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0 && line.empty()) return std::nullopt;
    if (n <= 0 || c == '\n') break;
    line += c;
  }
  if (line.ends_with('\r')) line.pop_back();
  return line;
}

std::optional<std::string> ask(const char* question) {
  std::fputs(question, stderr);
  termios before{};
  tcgetattr(STDIN_FILENO, &before);
  termios silent = before;
  silent.c_lflag &= ~static_cast<tcflag_t>(ECHO);
  tcsetattr(STDIN_FILENO, TCSAFLUSH, &silent);
  auto line = read_line();
  tcsetattr(STDIN_FILENO, TCSAFLUSH, &before);
  std::fputc('\n', stderr);
  return line;
}

/// The text with this user's line replaced where it is, or added at the end.
std::string with_line(std::string_view text, const std::string& user, const std::string& line) {
  std::string out;
  bool replaced = false;
  while (!text.empty()) {
    const size_t end = text.find('\n');
    const std::string_view old = text.substr(0, end);
    text = end == std::string_view::npos ? std::string_view() : text.substr(end + 1);
    const bool theirs = old.starts_with(user + ":");
    if (!theirs) out.append(old) += '\n';
    if (theirs && !replaced) out.append(line) += '\n';
    replaced |= theirs;
  }
  if (!replaced) out.append(line) += '\n';
  return out;
}

/// By a file of another name that takes the old one's place.
std::string replace_file(const std::string& file, const std::string& text) {
  struct stat old{};
  const bool existed = stat(file.c_str(), &old) == 0;
  std::string other = file + ".XXXXXX";
  const int descriptor = mkostemp(other.data(), O_CLOEXEC);
  if (descriptor < 0) return std::strerror(errno);
  bool good = fchmod(descriptor, existed ? old.st_mode & 07777 : 0600) == 0;
  // Who may not give files away keeps it as it is.
  if (existed && (old.st_uid != geteuid() || old.st_gid != getegid())) good = fchown(descriptor, old.st_uid, old.st_gid) == 0 && good;
  for (size_t at = 0; good && at < text.size();) {
    const ssize_t n = write(descriptor, text.data() + at, text.size() - at);
    good = n > 0;
    if (good) at += static_cast<size_t>(n);
  }
  good = good && fsync(descriptor) == 0;
  good = close(descriptor) == 0 && good;
  good = good && rename(other.c_str(), file.c_str()) == 0;
  if (good) return {};
  const std::string why = std::strerror(errno);
  unlink(other.c_str());
  return why;
}

}  // namespace

int set_password(const std::string& name, const std::string& user) {
  if (!auth::is_user_name(user)) return complain("a user's name has 1 to 255 bytes, no colon, no spaces and no controls, and does not begin with #");
  // Behind a link is the file that is meant.
  std::string file = name;
  if (char* real = realpath(name.c_str(), nullptr)) {
    file = real;
    free(real);
  }
  std::string text;
  if (std::ifstream stream(file, std::ios::binary); stream) {
    text.assign(std::istreambuf_iterator<char>(stream), {});
  } else if (access(file.c_str(), F_OK) == 0) {
    return complain(name + ": it can't be read");
  }
  std::optional<std::string> password;
  if (isatty(STDIN_FILENO)) {
    password = ask(("New password of " + user + ": ").c_str());
    if (password && ask("The same again: ") != password) return complain("these are two different passwords; nothing was changed");
  } else {
    password = read_line();
  }
  if (!password || password->empty()) return complain("there is no password; nothing was changed");
  if (password->size() > auth::kLongestPassword || password->find('\0') != std::string::npos) {
    return complain("a password has at most " + std::to_string(auth::kLongestPassword) + " bytes; nothing was changed");
  }
  const auto hash = auth::make_hash(*password);
  explicit_bzero(password->data(), password->size());
  if (!hash) return complain("libcrypt makes no yescrypt hash here");
  if (const std::string why = replace_file(file, with_line(text, user, user + ":" + *hash)); !why.empty()) {
    return complain(name + ": it can't be written: " + why);
  }
  return 0;
}

}  // namespace weir::proxy
