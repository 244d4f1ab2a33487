// The program: arguments, configuration, run.
#include <fcntl.h>
#include <unistd.h>

#include <cstdio>

#include "config/command_line.h"
#include "proxy/control.h"
#include "proxy/passwd.h"
#include "proxy/run.h"

namespace {

/// Where one of these was closed, a client's socket would take its place, and get what is printed. A folder can't be written, and is there
/// without /dev, too.
void fill_standard_descriptors() {
  for (const int descriptor : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
    if (fcntl(descriptor, F_GETFD) < 0) open("/", O_RDONLY | O_DIRECTORY);
  }
}

}  // namespace

int main(int argc, char** argv) {
  fill_standard_descriptors();
  const weir::config::Command command = weir::config::read_command_line(argc, argv);
  std::fputs(command.complaint.c_str(), stderr);
  std::fputs(command.output.c_str(), stdout);
  // What was asked for was not printed: a full disk, say.
  if (std::fflush(stdout) != 0) return 1;
  if (command.control) return weir::proxy::ask_running(command.control->path, command.control->word);
  if (command.password) return weir::proxy::set_password(command.password->file, command.password->user);
  if (!command.run) return command.status;
  return weir::proxy::run(*command.run);
}
