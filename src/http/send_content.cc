#include "http/send_content.h"

#include <cerrno>

namespace weir::http {
namespace {

using base::ErrorType;

/// The sender of the content was silent for too long.
bool is_silence(const base::Error& error) {
  return error.type() == ErrorType::http_request_error && error.status() == 408;
}

bool outlasts(const SendOptions& options, const base::Error& error) {
  return options.outlasts_silence && *options.outlasts_silence && is_silence(error);
}

}  // namespace

async::Task<base::Result<ssize_t>> send_content(Body& body, ContentSink& sink, Chunk chunk,
                                                SendOptions options) {
  for (;;) {
    if (!chunk.bytes.empty() || chunk.last) {
      const bool last = chunk.last;
      const ssize_t written = co_await sink.send(std::move(chunk));
      if (written < 0 || last) co_return written;
      chunk = Chunk();
    }
    if (options.taken) *options.taken = true;
    if (sink.plain() && body.can_send_to(sink.stream())) {
      bool sink_failed = false;
      auto moved =
          co_await body.send_to(sink.stream(), sink.silence_ms(), &sink.sent(), &sink_failed);
      if (moved) {
        if (moved->last) co_return 0;
      } else if (sink_failed) {
        const bool silent = moved.error().type() == ErrorType::connection_write_timeout;
        co_return silent ? -ETIMEDOUT : -EPIPE;
      } else if (!outlasts(options, moved.error())) {
        co_return std::unexpected(std::move(moved).error());
      }
      continue;
    }
    auto next = body.try_read();
    if (!next) next.emplace(co_await body.read());
    if (*next) {
      chunk = **std::move(next);
    } else if (!outlasts(options, next->error())) {
      co_return std::unexpected(std::move(*next).error());
    }
  }
}

}  // namespace weir::http
