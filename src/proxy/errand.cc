#include "proxy/errand.h"

#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "http/no_memory.h"
#include "http/target_parse.h"
#include "http/userinfo.h"
#include "policy/decide.h"

namespace weir::proxy {

using base::ErrorType;

namespace {

base::Ref<const http::Asker> nobody() {
  auto session = base::make_ref<http::Session>();
  session->listener = policy::kHouse;
  return base::make_ref<http::Asker>(std::move(session));
}

std::unexpected<base::Error> cancelled(Errand& errand) {
  const base::Error error(
      ErrorType::cancelled,
      std::string("Weir has ended this request of its own: ") + errand.interrupt().reason() + ".");
  errand.set_error(error);
  return std::unexpected(error);
}

/// Why the errand may not begin, if it may not.
base::Result<void> check(const http::RequestHead& head) {
  // What the stages that were left out would have refused (admission, validate).
  if (http::no_memory()) return std::unexpected(http::no_memory_error());
  if (head.method == http::Method::connect)
    return base::fail(ErrorType::proxy_internal_error, "Weir opens no tunnel for itself.");
  return {};
}

/// Keeps the errand while the content is read, and notes how it ends.
class ErrandBody final : public http::Body {
 public:
  ErrandBody(base::Ref<Errand> errand, std::unique_ptr<http::Body> body)
      : errand_(std::move(errand)), body_(std::move(body)) {}

  async::Task<base::Result<http::Chunk>> read() override {
    auto chunk =
        co_await async::Until<base::Result<http::Chunk>>(body_->read(), errand_->interrupt());
    if (!chunk) co_return cancelled(*errand_);
    note(*chunk);
    co_return *std::move(chunk);
  }
  std::optional<base::Result<http::Chunk>> try_read() override {
    if (errand_->interrupt().fired()) return cancelled(*errand_);
    auto chunk = body_->try_read();
    if (chunk) note(*chunk);
    return chunk;
  }
  std::optional<uint64_t> known_length() const override { return body_->known_length(); }

 private:
  void note(const base::Result<http::Chunk>& chunk) {
    if (!chunk) {
      errand_->set_error(chunk.error());
    } else if (chunk->last) {
      errand_->set_ended("complete");
    }
  }

  const base::Ref<Errand> errand_;
  const std::unique_ptr<http::Body> body_;
};

}  // namespace

base::Result<base::Ref<http::RequestHead>> head_of_errand(const std::string& url,
                                                          std::string_view accept) {
  auto head = http::RequestHead::make();
  head->method = http::Method::get;
  head->method_token = "GET";
  http::set_raw_target(*head, head->copy(url));
  const std::string_view rest = std::string_view(url).substr(url.find("//") + 2);
  head->fields.add(http::FieldId::host, head->copy(rest.substr(0, rest.find_first_of("/?#"))));
  CHECK_OK(http::parse_target(*head));
  head->fields.add("User-Agent", "Weir");
  head->fields.add("Accept", accept);
  // What is compressed would have to be unpacked before it could be read.
  head->fields.add("Accept-Encoding", "identity");
  return head;
}

Errand::Errand(Errands& errands, base::Ref<const http::Pipeline> pipeline,
               base::Ref<const http::Asker> asker)
    : Exchange(errands, std::move(pipeline), std::move(asker)) {
  listed_.link_before(errands.all_);
}

Errands::Errands(const base::Ref<const http::Pipeline>& pipeline)
    : pipeline_(pipeline), asker_(nobody()) {}

base::Ref<Errand> Errands::begin() {
  auto errand = base::Ref<Errand>(new Errand(*this, pipeline_, asker_));
  ++started_;
  return errand;
}

void Errands::record(const http::Exchange& exchange) {
  failed_ += exchange.has_error();
}

bool Errands::cancel_unread(const char* reason) {
  bool read = false;
  for (async::Link* link = all_.next(); link != &all_; link = link->next()) {
    Errand& errand = static_cast<Errand::Listed&>(*link).errand;
    if (errand.readers_ > 0) {
      read = true;
    } else {
      errand.cancel(reason);
    }
  }
  return read;
}

async::Task<base::Result<http::Response>> run_errand(base::Ref<Errand> errand,
                                                     base::Ref<http::RequestHead> head) {
  errand->request = head;
  if (auto checked = check(*head); !checked) {
    errand->set_error(checked.error());
    co_return std::unexpected(std::move(checked).error());
  }
  http::Request request;
  request.head = std::move(head);
  request.asker = errand->asker;
  request.exchange = errand;
  auto answered = co_await async::Until<base::Result<http::Response>>(
      errand->pipeline->first_without_client()(request), errand->interrupt());
  if (!answered) co_return cancelled(*errand);
  if (!*answered) {
    errand->set_error(answered->error());
    co_return *std::move(answered);
  }
  http::Response response = **std::move(answered);
  errand->status = response.head->status;
  if (response.body) {
    response.body = std::make_unique<ErrandBody>(std::move(errand), std::move(response.body));
  } else {
    errand->set_ended("complete");
  }
  co_return response;
}

}  // namespace weir::proxy
