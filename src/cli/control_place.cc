#include "cli/control_place.h"

#include "base/text.h"
#include "config/mistake.h"
#include "config/reader.h"

namespace weir::cli {
namespace {

std::expected<std::string, std::string> place_in(const std::string& file) {
  const auto read = config::read_file(file);
  if (!read) return std::unexpected(config::text_of(read.error()));
  if (!read->control.empty()) return read->control;
  const uint16_t port = read->listeners.front().addresses.front().port;
  if (port == 0)
    return std::unexpected(config::in_quotes(file) +
                           " names neither `control` nor a port: use --control PATH");
  return config::default_control_path(port);
}

}  // namespace

std::optional<uint16_t> parse_port(std::string_view text) {
  if (text.size() > 1 && text.front() == '0') return std::nullopt;
  return base::parse_decimal<uint16_t>(text);
}

std::expected<std::string, std::string> control_place(const NamedWeir& named) {
  const int names = !named.control.empty() + !named.config.empty() + !named.port.empty();
  if (names > 1) return std::unexpected("one of --control, --config and --port is enough");
  if (!named.control.empty()) return named.control;
  if (!named.config.empty()) return place_in(named.config);
  const auto port =
      named.port.empty() ? std::optional<uint16_t>(config::kDefaultPort) : parse_port(named.port);
  if (!port)
    return std::unexpected("PORT is a number from 0 to 65535, not " +
                           config::in_quotes(named.port));
  return config::default_control_path(*port);
}

}  // namespace weir::cli
