// The program: arguments, configuration, run.
#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <string_view>

#include "cli/command_line.h"
#include "cli/control_ask.h"
#include "cli/explain_command.h"
#include "cli/passwd.h"
#include "proxy/run.h"

namespace {

/// If one of these descriptors is closed, a client's socket would get its number and receive what
/// the program prints. A folder takes the place instead: nothing can be written to it, and it
/// exists even without /dev.
void fill_standard_descriptors() {
  for (const int descriptor : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
    if (fcntl(descriptor, F_GETFD) < 0) open("/", O_RDONLY | O_DIRECTORY);
  }
}

/// False if standard output takes no more (a full disk, a closed pipe); a line on standard error
/// says why.
bool print(std::string_view text) {
  if (std::fwrite(text.data(), 1, text.size(), stdout) == text.size() && std::fflush(stdout) == 0)
    return true;
  std::fprintf(stderr, "weir: standard output can't be written: %s\n", std::strerror(errno));
  return false;
}

}  // namespace

int main(int argc, char** argv) {
  fill_standard_descriptors();
  std::signal(SIGPIPE, SIG_IGN);
  std::signal(SIGXFSZ, SIG_IGN);  // A write beyond `ulimit -f` then fails, as on a full disk.
  weir::cli::Command command = weir::cli::read_command_line(argc, argv);
  if (command.control) command = weir::cli::ask_running(*command.control, print);
  if (command.explain) command = weir::cli::explain_to(*command.explain, print);
  std::fputs(command.complaint.c_str(), stderr);
  if (!print(command.output)) return 1;
  if (command.password)
    return weir::cli::set_password(command.password->file, command.password->user);
  if (!command.run) return command.status;
  return weir::proxy::run(*command.run);
}
