#include "server/http1/client.h"

#include <cerrno>

namespace weir::server {
namespace {
constexpr size_t kMostPending = 64 * 1024;
}  // namespace

base::Result<void> Client::send_interim(std::string_view bytes, uint64_t& sent) {
  if (pending.empty() && stream.readiness().writable) {
    const iovec piece{const_cast<char*>(bytes.data()), bytes.size()};
    const ssize_t n = stream.try_write(&piece, 1);
    if (n < 0 && n != -EAGAIN)
      return base::fail(base::ErrorType::client_closed, "The client's connection broke.");
    if (n > 0) {
      sent += static_cast<uint64_t>(n);
      bytes.remove_prefix(static_cast<size_t>(n));
    }
  }
  if (pending.size() + bytes.size() > kMostPending) {
    return base::fail(base::ErrorType::http_protocol_error,
                      "The origin sent more interim responses than the client takes.");
  }
  pending += bytes;
  return {};
}

bool Client::pass(std::string_view bytes, uint64_t& sent) {
  if (pending.size() + bytes.size() > kMostPending) return false;
  return send_interim(bytes, sent).has_value();
}

}  // namespace weir::server
