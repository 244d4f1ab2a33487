#include "server/http1/session.h"

#include "server/http1/connection.h"

namespace weir::server {

async::Task<void> serve_session(async::ByteStream& stream, base::Ref<const http::Asker> asker,
                                const SessionContext& context, base::Slice first,
                                base::Ref<http::PinnedConnection> pin, WayBack* way_back) {
  auto connection = std::make_unique<Connection>(stream, nullptr, std::move(asker), context, first,
                                                 std::move(pin), way_back);
  // The parameter lives as long as the caller waits: its block would stay with an idle session.
  first = {};
  Connection& itself = *connection;
  return itself.run(std::move(connection));
}

async::Task<void> serve_client(std::unique_ptr<async::ByteStream> stream,
                               base::Ref<const http::Asker> asker, const SessionContext& context) {
  async::ByteStream& served = *stream;
  auto connection = std::make_unique<Connection>(served, std::move(stream), std::move(asker),
                                                 context, base::Slice(), nullptr, nullptr);
  Connection& itself = *connection;
  return itself.run(std::move(connection));
}

}  // namespace weir::server
