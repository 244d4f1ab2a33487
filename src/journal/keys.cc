#include "journal/keys.h"

namespace weir::journal {

namespace {

using Kind = base::ValueKind;

base::Taken take_format(LogConfig& config, std::string_view text) {
  if (text != "common" && text != "combined" && text != "json" && text != "squid")
    return std::unexpected(std::string());
  config.format = text;
  return {};
}

base::Taken take_target(LogConfig& config, std::string_view text) {
  if (text != "stdout" && text != "syslog" &&
      (!text.starts_with('/') || text.find('\0') != std::string_view::npos))
    return std::unexpected(std::string());
  config.to = text;
  return {};
}

constexpr base::OwnValue<LogConfig> kFormat{
    .expectation = "\"common\", \"combined\", \"json\" or \"squid\"",
    .take = take_format,
    .texts = [](const LogConfig& config) { return std::vector{config.format}; },
};
constexpr base::OwnValue<LogConfig> kTarget{
    .expectation =
        "\"stdout\", \"syslog\", or the absolute path of a file such as "
        "\"/var/log/weir/access.log\"",
    .take = take_target,
    .texts = [](const LogConfig& config) { return std::vector{config.to}; },
};

constexpr base::Setting<LogConfig> kKeys[] = {
    {.table = "log",
     .name = "format",
     .kind = Kind::own,
     .member = kFormat,
     .doc = "What a line looks like: common and combined are what web servers and their analysers "
            "know (Weir adds to combined how the exchange ended), json is one object a line with "
            "all that is known, squid is Squid's native format."},
    {.table = "log",
     .name = "to",
     .kind = Kind::own,
     .member = kTarget,
     .doc = "Where lines go: standard output, this machine's syslog (local0.info, tag weir), or a "
            "file, which is appended to, made with mode 0640 where it is missing, and opened again "
            "on SIGUSR1, after it was renamed."},
    {.table = "log",
     .name = "syslog_socket",
     .kind = Kind::path,
     .member = &LogConfig::syslog_socket,
     .doc = "The datagram socket at which syslog listens. Lines that it does not take are dropped "
            "and counted."},
};

}  // namespace

std::span<const base::Setting<LogConfig>> keys() {
  return kKeys;
}

}  // namespace weir::journal
