#include "proxy/fetch_list.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <optional>

#include "async/event_loop.h"
#include "base/clock.h"
#include "base/text.h"
#include "config/mistake.h"
#include "http/target_parse.h"
#include "http/userinfo.h"
#include "lists/url.h"
#include "match/list_reader.h"
#include "proxy/errand.h"
#include "proxy/worker.h"

namespace weir::proxy {
namespace {

using http::FieldId;
using What = Fetched::What;

constexpr unsigned kMostRedirects = 5;
constexpr uint64_t kMostMs = 15 * 60 * 1000;

/// Some of the words come from a server, and a terminal would act on what it puts between them.
Fetched failed(const std::string& why) {
  return {.what = What::failed, .why = config::without_controls(why)};
}

/// Written anew, and only by its owner to be read.
class PartFile {
 public:
  explicit PartFile(const std::string& path)
      : file_(open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600)) {}
  PartFile(const PartFile&) = delete;
  ~PartFile() {
    if (file_ >= 0) close(file_);
  }
  bool is_open() const { return file_ >= 0; }
  bool write(std::string_view bytes) {
    while (!bytes.empty()) {
      const ssize_t written = ::write(file_, bytes.data(), bytes.size());
      if (written < 0 && errno == EINTR) continue;
      if (written <= 0) return false;
      bytes.remove_prefix(static_cast<size_t>(written));
    }
    return true;
  }

 private:
  const int file_;
};

base::Result<base::Ref<http::RequestHead>> head_for(const std::string& url,
                                                    const lists::CopyState& copy) {
  TRY(auto head, head_of_errand(url, "text/plain, */*;q=0.5"));
  if (!copy.etag.empty()) head->fields.add("If-None-Match", head->copy(copy.etag));
  if (!copy.last_modified.empty())
    head->fields.add("If-Modified-Since", head->copy(copy.last_modified));
  return head;
}

class Fetch {
 public:
  Fetch(Worker& worker, const FetchJob& job) : worker_(worker), job_(job) {}

  async::Task<Fetched> run() {
    std::string url = job_.url;
    for (unsigned redirects = 0;; ++redirects) {
      auto head = head_for(url, job_.state);
      if (!head) co_return failed("is not fetched: " + std::string(head.error().detail()));
      auto response = co_await run_errand(worker_.errands().begin(), *std::move(head));
      if (!response) co_return failed("is not fetched: " + std::string(response.error().detail()));
      const http::ResponseHead& answer = *response->head;
      if (answer.status == 304 && !asks_anew()) {
        lists::CopyState same = job_.state;
        same.checked = base::wall_seconds();
        co_return Fetched{.what = What::same, .state = same};
      }
      if (answer.status == 200) co_return co_await keep(*std::move(response));
      const std::string_view to = answer.fields.get(FieldId::location);
      if (answer.status < 301 || answer.status > 308 || answer.status == 304 || to.empty())
        co_return failed("answers " + std::to_string(answer.status) + ' ' +
                         std::string(http::reason_of(answer.status)));
      const auto next = lists::resolved(url, to);
      if (!next) co_return failed("leads to " + next.error());
      if (redirects == kMostRedirects) co_return failed("leads on and on, at last to " + *next);
      url = *next;
    }
  }

 private:
  bool asks_anew() const { return job_.state.etag.empty() && job_.state.last_modified.empty(); }

  async::Task<Fetched> keep(http::Response response) {
    const http::Fields& fields = response.head->fields;
    const std::string_view coding = fields.get(FieldId::content_encoding);
    if (!coding.empty() && !base::equal_ignoring_case(coding, "identity"))
      co_return failed("comes compressed (" + std::string(coding.substr(0, 40)) +
                       "), though it was not asked for so");
    const int64_t now = base::wall_seconds();
    const lists::CopyState state{.etag = std::string(fields.get(FieldId::etag)),
                                 .last_modified = std::string(fields.get(FieldId::last_modified)),
                                 .fetched = now,
                                 .checked = now};
    PartFile part(job_.part);
    if (!part.is_open())
      co_return failed("can't be kept: " + job_.part + ": " + std::strerror(errno));
    uint64_t bytes = 0;
    const uint64_t until_ms = async::EventLoop::current().now_ms() + kMostMs;
    for (bool last = !response.body; !last;) {
      auto chunk = co_await response.body->read();
      if (!chunk) co_return failed("broke off: " + std::string(chunk.error().detail()));
      last = chunk->last;
      bytes += chunk->bytes.size();
      if (bytes > match::kLargestListFile) co_return failed("is larger than 256 MiB");
      if (async::EventLoop::current().now_ms() > until_ms)
        co_return failed("takes more than a quarter of an hour");
      if (!part.write(chunk->bytes.view()))
        co_return failed("can't be kept: " + job_.part + ": " + std::strerror(errno));
    }
    co_return Fetched{.what = What::came, .state = state};
  }

  Worker& worker_;
  const FetchJob& job_;
};

}  // namespace

Fetched after_exception(const Fetched*) {
  return failed("was not fetched: something went wrong within Weir");
}

async::Task<void> fetch_list(Worker& worker, std::shared_ptr<FetchJob> job) {
  job->result.why = "was not fetched: Weir ends";
  Fetch fetch(worker, *job);
  job->result = co_await fetch.run();
}

}  // namespace weir::proxy
