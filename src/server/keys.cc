#include "server/keys.h"

namespace weir::server {

namespace {

using Kind = base::ValueKind;

// A field name keeps its size in 16 bits, and a name is never longer than its head.
constexpr uint64_t kMostHead = 64 * base::kKiB;

constexpr base::Setting<ServerConfig> kKeys[] = {
    {.table = "limits",
     .name = "head",
     .kind = Kind::size,
     .member = &ServerConfig::head_bytes,
     .least = base::kKiB,
     .most = kMostHead,
     .doc = "The head of a request (more is answered with 431) or of a response (502)."},
    {.table = "limits",
     .name = "fields",
     .kind = Kind::number,
     .member = &ServerConfig::head_fields,
     .least = 10,
     .most = 10'000,
     .doc = "Field lines in a head."},
    {.table = "limits",
     .name = "linger",
     .kind = Kind::size,
     .member = &ServerConfig::linger_bytes,
     .most = 100 * base::kGiB,
     .doc = "What is read and dropped of an upload that was answered early, so that the client "
            "sees the answer."},
    {.table = "timeouts",
     .name = "head",
     .kind = Kind::duration,
     .member = &ServerConfig::head_timeout_ms,
     .least = 100,
     .most = base::kHour,
     .doc = "For the whole head of a request, from its first byte. A new connection has as long to "
            "send that byte."},
    {.table = "timeouts",
     .name = "client_idle",
     .kind = Kind::duration,
     .member = &ServerConfig::idle_timeout_ms,
     .least = 100,
     .most = 7 * base::kDay,
     .doc = "A client's connection between two requests."},
    {.table = "timeouts",
     .name = "content",
     .kind = Kind::duration,
     .member = &ServerConfig::content_timeout_ms,
     .least = 100,
     .most = 7 * base::kDay,
     .doc = "Silence inside content, of a request or a response. Not its total time, which has no "
            "limit."},
    {.table = "timeouts",
     .name = "client_write",
     .kind = Kind::duration,
     .member = &ServerConfig::write_timeout_ms,
     .least = 100,
     .most = 7 * base::kDay,
     .doc = "A client that does not read its answer."},
    {.table = "timeouts",
     .name = "expect",
     .kind = Kind::duration,
     .member = &ServerConfig::expect_wait_ms,
     .most = base::kMinute,
     .doc = "With `Expect: 100-continue`, how long the origin may take to ask for the content "
            "before Weir does."},
    {.table = "timeouts",
     .name = "linger",
     .kind = Kind::duration,
     .member = &ServerConfig::linger_ms,
     .most = base::kHour,
     .doc = "How long an upload that was answered early is still read and dropped."},
    {.table = "timeouts",
     .name = "linger_silence",
     .kind = Kind::duration,
     .member = &ServerConfig::linger_silence_ms,
     .most = base::kHour,
     .doc = "Silence that ends this earlier."},
};

}  // namespace

std::span<const base::Setting<ServerConfig>> keys() {
  return kKeys;
}

}  // namespace weir::server
