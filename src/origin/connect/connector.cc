#include "origin/connect/connector.h"

#include "origin/connect/connector_error.h"
#include "origin/connect/connector_race.h"

namespace weir::origin {
namespace {

struct Address {
  base::IpAddress address;
  base::AddressSource source;
  base::Ref<const http::Aliases> aliases = {};
};

/// The only address of a name, if both families are known already and have one address together;
/// else nothing.
std::optional<Address> only_address(net::Resolver& resolver, std::string_view host) {
  std::optional<Address> only;
  size_t count = 0;
  for (const auto family : {base::IpFamily::v6, base::IpFamily::v4}) {
    const net::Lookup* known = resolver.cached(host, family);
    if (!known) return std::nullopt;
    count += known->count;
    if (known->count > 0) only = Address{known->found[0], known->source, known->aliases};
  }
  if (count != 1) only.reset();
  return only;
}

}  // namespace

async::Task<base::Result<Connected>> Connector::connect(std::string_view host, bool literal,
                                                        uint16_t port,
                                                        const http::Decision& decision,
                                                        const OriginConfig& config) {
  std::optional<Address> only;
  if (literal) {
    const auto address = base::IpAddress::parse(host);
    if (!address)
      co_return base::fail(base::ErrorType::http_request_error,
                           std::string(host) + " is no IP address.");
    only = Address{*address, base::AddressSource::literal};
  } else {
    only = only_address(resolver_, host);
  }
  if (!only) {
    ConnectRace race(resolver_, config, tcp_, host, port, decision);
    co_return co_await race.run();
  }
  if (only->aliases) CO_CHECK(decision.check_aliases(*only->aliases));
  CO_CHECK(decision.check_address(only->source, only->address, port));
  const base::Endpoint to{only->address, port};
  const uint64_t deadline_ms = async::EventLoop::current().now_ms() + config.connect_timeout_ms;
  net::Connecting attempt = co_await net::connect(to, deadline_ms, tcp_);
  if (!attempt.stream) co_return std::unexpected(connect_error(host, to, -attempt.error));
  co_return Connected{std::move(attempt.stream), to, only->source, std::move(only->aliases)};
}

}  // namespace weir::origin
