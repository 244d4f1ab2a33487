#include "tunnel/keys.h"

#include <algorithm>
#include <utility>

namespace weir::tunnel {

namespace {

using Kind = base::ValueKind;

constexpr std::pair<std::string_view, Serve> kServeWords[] = {
    {"needed", Serve::needed}, {"always", Serve::always}, {"never", Serve::never}};

base::Taken take_serve(TunnelConfig& config, std::string_view text) {
  const auto* const found =
      std::ranges::find(kServeWords, text, &std::pair<std::string_view, Serve>::first);
  if (found == std::end(kServeWords)) return std::unexpected(std::string());
  config.serve = found->second;
  return {};
}

std::vector<std::string> serve_text(const TunnelConfig& config) {
  const auto* const found =
      std::ranges::find(kServeWords, config.serve, &std::pair<std::string_view, Serve>::second);
  return {std::string(found->first)};
}

constexpr base::OwnValue<TunnelConfig> kServe{
    .expectation = "\"needed\", \"always\" or \"never\"",
    .take = take_serve,
    .texts = serve_text,
};

constexpr base::Setting<TunnelConfig> kKeys[] = {
    {.table = "timeouts",
     .name = "tunnel_idle",
     .kind = Kind::duration,
     .member = &TunnelConfig::idle_timeout_ms,
     .least = base::kSecond,
     .most = 30 * base::kDay,
     .doc = "A tunnel (CONNECT, WebSocket) in which neither side sends."},
    {.table = "tunnel",
     .name = "serve",
     .kind = Kind::own,
     .member = kServe,
     .doc = "Where HTTP inside a CONNECT is served request by request instead of relayed byte by "
            "byte. `needed`: to port 80, to Weir's own pages, and to `no_opaque_ports`. `always`: "
            "wherever HTTP is recognised. `never`: nowhere; then Weir's own pages can't be reached "
            "by CONNECT, and there may be no `no_opaque_ports`."},
    {.table = "tunnel",
     .name = "sniff",
     .kind = Kind::size,
     .member = &TunnelConfig::sniff_bytes,
     .least = base::kKiB,
     .most = 64 * base::kKiB,
     .doc = "How many of a client's first bytes are looked at to tell TLS, HTTP and others apart."},
    {.table = "tunnel",
     .name = "no_opaque_ports",
     .kind = Kind::ports,
     .member = &TunnelConfig::no_opaque_ports,
     .least = 1,
     .most = 65535,
     .doc = "Ports on which a tunnel that is neither TLS nor HTTP is refused."},
};

}  // namespace

std::span<const base::Setting<TunnelConfig>> keys() {
  return kKeys;
}

}  // namespace weir::tunnel
