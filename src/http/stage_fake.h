// For tests only: runs a stage between a request given as text and a next that the test scripts.
#pragma once
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "http/method.h"
#include "http/stage.h"
#include "http/target_parse.h"
#include "http/userinfo.h"

namespace weir::http {

using FieldLines = std::vector<std::pair<std::string, std::string>>;

/// `GET http://site/ HTTP/1.1` and its fields, as the codec would have read them. A target that
/// does not parse becomes the head's fault.
inline base::Ref<RequestHead> fake_head(std::string_view method, std::string_view target,
                                        const FieldLines& fields = {},
                                        Version version = Version::http_1_1,
                                        Scheme scheme = Scheme::http) {
  auto head = RequestHead::make();
  head->method_token = head->copy(method);
  head->method = method_of(method);
  set_raw_target(*head, head->copy(target));
  head->version = version;
  for (const auto& [name, value] : fields) head->fields.add(name, value);
  if (auto parsed = parse_target(*head, scheme); !parsed) head->fault = std::move(parsed).error();
  return head;
}

/// `Name: value` lines.
inline std::string lines_of(const Fields& fields) {
  std::string text;
  for (const Field& field : fields.all())
    text.append(field.name()).append(": ").append(field.value()).append("\n");
  return text;
}

/// The content of a body that is ready without waiting, up to its end.
inline std::string content_of(Response& response) {
  std::string content;
  while (response.body) {
    auto chunk = response.body->try_read();
    if (!chunk || !*chunk) return content + "<not ready>";
    content.append((*chunk)->bytes.view());
    if ((*chunk)->last) break;
  }
  return content;
}

/// The result of a stage for a request.
struct Outcome {
  std::optional<Response> response;
  std::optional<base::Error> error;
  /// The status of the response or of the error.
  int status() const {
    return response ? response->head ? response->head->status : 0 : error->status();
  }
  std::string field(FieldId id) const {
    return response && response->head ? std::string(response->head->fields.get(id)) : std::string();
  }
};

/// Runs one stage on its own event loop. A stage that waits for something fails the test.
class FakeStages final : private Journal {
 public:
  using Answer = std::function<base::Result<Response>(Request&)>;

  /// What next does; it answers 200 unless the test says otherwise.
  Answer next = [](Request&) -> base::Result<Response> {
    Response response;
    response.head = ResponseHead::make(200);
    return response;
  };
  /// How often next was called, and the last request's target and fields.
  int calls = 0;
  std::string target, fields;

  Request request(base::Ref<RequestHead> head) {
    Request request;
    request.head = std::move(head);
    request.asker = base::make_ref<Asker>(session, user);
    request.exchange = base::Ref<Exchange>(new FakeExchange(*this, nullptr, request.asker));
    request.exchange->request = request.head;
    request.pins = &pins;
    if (decided) request.decision = request.exchange->decision = base::make_ref<Anywhere>();
    return request;
  }
  /// `stage` outlives the outcome's response.
  Outcome run(const Stage& stage, Request& request) {
    std::vector<std::unique_ptr<const Stage>> stages;
    stages.push_back(std::make_unique<Forwarded>(stage));
    stages.push_back(std::make_unique<Last>(*this));
    const auto pipeline = base::make_ref<Pipeline>(std::move(stages));
    auto task = pipeline->first()(request);
    task.start();
    Outcome outcome;
    if (!task.done()) {
      outcome.error.emplace(base::ErrorType::proxy_internal_error, "the stage waits for something");
      return outcome;
    }
    auto result = task.take();
    if (result) {
      outcome.response = *std::move(result);
    } else {
      outcome.error = std::move(result).error();
    }
    return outcome;
  }
  Outcome run(const Stage& stage, Request&& request) { return run(stage, request); }
  Outcome run(const Stage& stage, std::string_view method, std::string_view target,
              const FieldLines& fields = {{"Host", "x"}}) {
    return run(stage, request(fake_head(method, target, fields)));
  }

  async::EventLoop loop;
  base::Ref<Session> session = [] {
    auto session = base::make_ref<Session>();
    session->client = {base::IpAddress::v4(127, 0, 0, 1), 40'000};
    session->local = {base::IpAddress::v4(127, 0, 0, 1), 9876};
    return session;
  }();
  /// The user that requests come from.
  std::string user;
  Pins pins;
  /// Requests carry a decision, as from a policy that allows everything.
  bool decided = true;
  /// The error type of each exchange that has ended; `no` if it had no error.
  std::vector<std::string> records;

 private:
  struct FakeExchange final : Exchange {
    using Exchange::Exchange;
    base::Result<void> interim(const ResponseHead&) override { return {}; }
  };
  struct Anywhere final : Decision {
    base::Result<void> check_address(base::AddressSource, const base::IpAddress&,
                                     uint16_t) const override {
      return {};
    }
  };
  struct Forwarded final : Stage {
    explicit Forwarded(const Stage& stage) : stage(stage) {}
    async::Task<base::Result<Response>> handle(Request& request, Next next) const override {
      return stage.handle(request, next);
    }
    const Stage& stage;
  };
  struct Last final : Stage {
    explicit Last(FakeStages& fake) : fake(fake) {}
    async::Task<base::Result<Response>> handle(Request& request, Next) const override {
      ++fake.calls;
      fake.target = request.head->target.path;
      fake.fields = lines_of(request.head->fields);
      auto answer = fake.next(request);
      if (!answer) return fail_with(std::move(answer).error());
      return http::answer(*std::move(answer));
    }
    FakeStages& fake;
  };
  void record(const Exchange& exchange) override {
    records.push_back(exchange.has_error() ? std::string(base::name_of(exchange.error_type()))
                                           : "no");
  }
};

}  // namespace weir::http
