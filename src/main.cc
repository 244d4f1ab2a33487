// The program: arguments, configuration, run.
#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <string>

#include "cli/command_line.h"
#include "cli/control_ask.h"
#include "cli/passwd.h"
#include "proxy/run.h"

namespace {

/// Where one of these was closed, a client's socket would take its place, and get what is printed.
/// A folder can't be written, and is there without /dev, too.
void fill_standard_descriptors() {
  for (const int descriptor : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
    if (fcntl(descriptor, F_GETFD) < 0) open("/", O_RDONLY | O_DIRECTORY);
  }
}

/// False, after a line that says why, where standard output takes it no more: a full disk, a pipe
/// that nobody reads.
bool print(const std::string& text) {
  if (std::fwrite(text.data(), 1, text.size(), stdout) == text.size() && std::fflush(stdout) == 0)
    return true;
  std::fprintf(stderr, "weir: standard output can't be written: %s\n", std::strerror(errno));
  return false;
}

}  // namespace

int main(int argc, char** argv) {
  fill_standard_descriptors();
  std::signal(SIGPIPE, SIG_IGN);
  std::signal(SIGXFSZ, SIG_IGN);  // `ulimit -f` is a full disk to what writes, no reason to end.
  weir::cli::Command command = weir::cli::read_command_line(argc, argv);
  if (command.control) command = weir::cli::ask_running(*command.control);
  std::fputs(command.complaint.c_str(), stderr);
  if (!print(command.output)) return 1;
  if (command.password)
    return weir::cli::set_password(command.password->file, command.password->user);
  if (!command.run) return command.status;
  return weir::proxy::run(*command.run);
}
