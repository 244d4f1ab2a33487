#include "proxy/fetch_issuer.h"

#include "async/event_loop.h"
#include "base/text.h"
#include "http/target_parse.h"
#include "http/userinfo.h"
#include "proxy/errand.h"
#include "proxy/worker.h"

namespace weir::proxy {
namespace {

using base::ErrorType;
using http::FieldId;

base::Result<base::Ref<http::RequestHead>> head_for(const std::string& url) {
  auto head = head_of_errand(url, "application/pkix-cert, application/pkcs7-mime, */*;q=0.5");
  if (!head) return head;
  // An origin that needs TLS to show its certificate would need another certificate first.
  if ((*head)->target.scheme != http::Scheme::http)
    return base::fail(ErrorType::http_request_error, "It is no URL of http.");
  return head;
}

base::Result<void> check(const http::ResponseHead& head) {
  if (head.status != 200)
    return base::fail(ErrorType::http_protocol_error, "The answer is not 200.");
  const std::string_view coding = head.fields.get(FieldId::content_encoding);
  if (!coding.empty() && !base::equal_ignoring_case(coding, "identity"))
    return base::fail(ErrorType::http_protocol_error, "The answer is encoded.");
  return {};
}

async::Task<base::Result<std::string>> content_at(base::Ref<Errand> errand, std::string url) {
  CO_TRY(auto head, head_for(url));
  CO_TRY(auto response, co_await run_errand(std::move(errand), std::move(head)));
  CO_CHECK(check(*response.head));
  std::string content;
  for (bool last = !response.body; !last;) {
    CO_TRY(const auto chunk, co_await response.body->read());
    last = chunk.last;
    if (content.size() + chunk.bytes.size() > origin::IssuerFetch::kMostBytes)
      co_return base::fail(ErrorType::http_response_body_size, "It is larger than a certificate.");
    content += chunk.bytes.view();
  }
  co_return content;
}

/// Cancels an errand at its time.
class TimeLimit {
 public:
  TimeLimit(base::Ref<Errand> errand, uint64_t at_ms) : errand_(std::move(errand)) {
    alarm_.set(at_ms);
  }
  TimeLimit(const TimeLimit&) = delete;

 private:
  void expired() { errand_->cancel("it takes too long"); }
  const base::Ref<Errand> errand_;
  async::Alarm<TimeLimit, &TimeLimit::expired> alarm_{*this};
};

}  // namespace

async::Task<base::Result<std::string>> IssuerFetcher::fetch(std::string url) {
  auto errand = worker_.errands().begin();
  const TimeLimit limit(errand, async::EventLoop::current().now_ms() + kMostMs);
  co_return co_await content_at(std::move(errand), std::move(url));
}

void IssuerFetcher::spawn(async::Task<void> task) {
  worker_.spawn(std::move(task));
}

}  // namespace weir::proxy
