#include "http/stage.h"

#include <string>

#include "base/clock.h"
#include "http/date.h"

namespace weir::http {

Exchange::Exchange(Journal& journal, base::Ref<const Pipeline> pipeline,
                   base::Ref<const Asker> asker)
    : pipeline(std::move(pipeline)),
      asker(std::move(asker)),
      started_wall_ms(base::wall_ms()),
      started_ms(async::EventLoop::current().now_ms()),
      journal_(journal) {
  link_before(journal.live);
  ++journal.running_;
  promise(true);
}

Exchange::~Exchange() {
  journal_.record(*this);
  --journal_.running_;
  promise(false);
}

void Exchange::promise(bool more) {
  if (promised_ == more) return;
  promised_ = more;
  const auto bytes = static_cast<int64_t>(base::Block::kSmall);
  base::Account::charge(base::Holding::promised, more ? bytes : -bytes);
}

void Exchange::settle() {
  promise(false);
  if (settled_ || !request) return;
  const std::string_view others[] = {request->fields.get(FieldId::referer),
                                     request->fields.get(FieldId::user_agent)};
  std::string kept;
  kept.append(request->method_token).append(1, ' ').append(request->raw_target).append(1, ' ');
  kept += text_of(request->version);
  kept_ends_[0] = static_cast<uint32_t>(kept.size());
  for (size_t i = 0; i < std::size(others); ++i) {
    kept += others[i];
    kept_ends_[i + 1] = static_cast<uint32_t>(kept.size());
  }
  kept_ = std::string_view(kept);
  settled_ = true;
  request = nullptr;
}

std::string_view Exchange::referer() const {
  return settled_ ? kept(1) : request ? request->fields.get(FieldId::referer) : std::string_view();
}
std::string_view Exchange::user_agent() const {
  return settled_  ? kept(2)
         : request ? request->fields.get(FieldId::user_agent)
                   : std::string_view();
}

async::Task<base::Result<Response>> answer(Response response) {
  co_return response;
}
async::Task<base::Result<Response>> fail_with(base::Error error) {
  co_return std::unexpected(std::move(error));
}

std::string_view date_now() {
  thread_local int64_t of = 0;
  thread_local WrittenDate date(of);
  const int64_t now = base::wall_seconds();
  if (now != of) date = WrittenDate(of = now);
  return date.view();
}

Response text_response(int status, std::string_view content_type, std::string text) {
  Response response;
  response.head = ResponseHead::make(status);
  Fields& fields = response.head->fields;
  fields.add(FieldId::date, date_now());
  fields.add(FieldId::content_type, content_type);
  fields.add(FieldId::cache_control, "no-store");
  fields.add(FieldId::x_content_type_options, "nosniff");
  if (content_type.starts_with("text/html")) {
    fields.add(FieldId::content_security_policy,
               "default-src 'none'; style-src 'unsafe-inline'; form-action 'none'; frame-ancestors "
               "'none'; base-uri 'none'");
  }
  fields.add(FieldId::content_length, std::to_string(text.size()));
  response.body = std::make_unique<TextBody>(std::move(text));
  return response;
}

}  // namespace weir::http
