#include "server/http1/way_back.h"

#include <cerrno>
#include <cstring>

#include "codec/http1/request_start.h"

namespace weir::server {

using base::ErrorType;
using base::Slice;

namespace {

/// Waits until the exchange ends, which destroys this task too.
async::Task<void> for_ever() {
  async::Signal never;
  co_await never.changed(never.version());
}

Slice joined(std::initializer_list<std::string_view> pieces) {
  size_t size = 0;
  for (const std::string_view piece : pieces) size += piece.size();
  auto block = base::Block::make(size);
  char* to = block->data();
  for (const std::string_view piece : pieces) {
    if (!piece.empty()) std::memcpy(to, piece.data(), piece.size());
    to += piece.size();
  }
  return Slice(std::move(block), 0, size);
}

}  // namespace

ssize_t WayBack::read_more() {
  async::Input& input = client_->input;
  const size_t had = input.size();
  const base::Ref<base::Block> block =
      had == 0 ? input.room(base::Block::kSmall) : base::Block::make(base::Block::kSmall);
  if (had > 0) std::memcpy(block->data(), input.view().data(), had);
  const ssize_t n = client_->stream.try_read(block->data() + had, block->capacity() - had);
  if (n <= 0) return n;
  async::EventLoop::current().spend(static_cast<size_t>(n));
  input.put(Slice(block, 0, had + static_cast<size_t>(n)));
  return n;
}

async::Task<base::Result<Slice>> WayBack::beyond() {
  async::Input& input = client_->input;
  uint64_t deadline_ms = async::Deadline::kNever;
  for (;;) {
    if (!input.empty()) {
      const http1::Start start = beyond_ ? http1::Start::other : http1::first_line_of(input.view());
      if (start == http1::Start::request) co_await for_ever();
      // Don't wait any longer for a line that fills the block.
      if (start == http1::Start::other || input.size() >= base::Block::kSmall) break;
      // An empty line gets no deadline: old clients send one behind a request's content.
      const bool undecided = start == http1::Start::undecided;
      if (undecided && deadline_ms == async::Deadline::kNever)
        deadline_ms = async::EventLoop::current().now_ms() + kUndecidedMs;
    }
    input.release();
    const ssize_t ready = co_await client_->stream.until_readable(deadline_ms);
    if (ready == -ETIMEDOUT) break;
    const ssize_t n = ready < 0 ? ready : read_more();
    if (n == -EAGAIN) continue;
    if (n < 0) co_return base::fail(ErrorType::client_closed, "The client's connection broke.");
    if (n > 0) continue;
    if (!input.empty()) break;
    // The client has ended its side after its request, and still waits for the answer.
    if (!beyond_) co_await for_ever();
    co_return Slice();
  }
  beyond_ = true;
  co_return input.take_all();
}

void WayBack::finish(Slice unread) {
  bytes_ = head_.empty() && given_back_.empty()
               ? std::move(unread)
               : joined({head_, given_back_.view(), unread.view()});
  head_.clear();
  given_back_ = Slice();
}

}  // namespace weir::server
