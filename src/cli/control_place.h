// Which running Weir a command is for.
#pragma once
#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>

namespace weir::cli {

/// As the command line names it; at most one of them.
struct NamedWeir {
  /// Decimal, no sign, no leading zeros.
  std::optional<uint16_t> parse_port(std::string_view text);

  /// The path of its control socket.
  std::string control;
  /// The configuration file that it runs with.
  std::string config;
  /// The port of its first listener.
  std::string port;
};

/// Decimal, no sign, no leading zeros.
std::optional<uint16_t> parse_port(std::string_view text);

/// The path of its control socket; without a name, of the Weir on the default port. The error says
/// what is wrong with the name, or with the file.
std::expected<std::string, std::string> control_place(const NamedWeir& named);

}  // namespace weir::cli
