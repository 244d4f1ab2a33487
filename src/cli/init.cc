#include "cli/init.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "cli/lives.h"
#include "config/mistake.h"

namespace weir::cli {
namespace {

Command fail(const std::string& why) {
  return {{}, 1, {}, "weir: " + why + '\n'};
}

std::string names() {
  std::string all;
  for (const Life& each : lives()) all += (all.empty() ? "" : ", ") + std::string(each.name);
  return all;
}

/// Empty, or why it failed.
std::string write_new(const std::string& file, std::string_view text) {
  const int descriptor = open(file.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
  if (descriptor < 0) {
    return errno == EEXIST ? "it exists already, and stays as it is; name another file"
                           : std::strerror(errno);
  }
  std::string why;
  while (!text.empty() && why.empty()) {
    const ssize_t n = write(descriptor, text.data(), text.size());
    if (n < 0 && errno != EINTR) why = std::strerror(errno);
    if (n > 0) text.remove_prefix(static_cast<size_t>(n));
  }
  if (close(descriptor) != 0 && why.empty()) why = std::strerror(errno);
  if (!why.empty()) unlink(file.c_str());
  return why;
}

/// The commands in its comments name the file as it is called here.
std::string named(std::string_view text, const std::string& life, const std::string& file) {
  const std::string example = life + ".toml";
  std::string made;
  for (size_t at = 0; (at = text.find(example)) != std::string_view::npos;) {
    made.append(text.substr(0, at)).append(file);
    text.remove_prefix(at + example.size());
  }
  return made.append(text);
}

}  // namespace

Command init(const std::string& life, const std::string& file) {
  const auto found = std::ranges::find(lives(), life, &Life::name);
  if (found == lives().end())
    return fail("there is no life " + config::in_quotes(life) + ": there are " + names());
  const std::string shown = config::without_controls(file);
  if (const std::string why = write_new(file, named(found->file, life, shown)); !why.empty())
    return fail(shown + ": " + why);
  return {{},
          0,
          shown +
              " is written. Next:\n  1. read it and put your own names and addresses in\n"
              "  2. weir check " +
              shown + "\n     weir explain https://example.org/ --config " + shown +
              "\n  3. weir --config " + shown + '\n',
          {}};
}

}  // namespace weir::cli
