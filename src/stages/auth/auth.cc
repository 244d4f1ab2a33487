#include "stages/auth/auth.h"

#include <string>

namespace weir::auth {

using base::ErrorType;
using http::FieldId;
using http::TargetForm;

namespace {

void set_user(http::Request& request, std::string_view user) {
  request.asker = base::make_ref<http::Asker>(request.asker->session, user);
  request.exchange->asker = request.asker;
}

http::Response challenge(const Login& login, bool wrong) {
  http::Response response =
      http::text_response(407, "text/plain; charset=utf-8",
                          wrong ? "This proxy does not know that name with that password.\n"
                                : "This proxy asks for a name and a password. Give them to your "
                                  "client with the proxy's address.\n");
  response.head->fields.add(FieldId::proxy_authenticate,
                            "Basic realm=\"" + login.realm() + "\", charset=\"UTF-8\"");
  return response;
}

/// Asks the file about a login that is not remembered, or whose file is to be looked at.
async::Task<base::Result<http::Response>> ask(const std::shared_ptr<Login>& login,
                                              const Context& context, http::Request& request,
                                              http::Next next, Credentials credentials,
                                              Print print) {
  auto& loop = async::EventLoop::current();
  std::string user = credentials.user;
  if (login->knows(print, loop.now_ms())) co_await look(login, context);
  if (!login->knows(print, loop.now_ms())) {
    CO_TRY(const bool right, co_await check(login, context, request.session().client.address,
                                            std::move(credentials), print));
    if (!right) {
      request.exchange->set_error(
          base::Error(ErrorType::http_request_denied, 407, "The login is wrong.", "login"));
      co_return challenge(*login, true);
    }
  }
  set_user(request, user);
  co_return co_await next(request);
}

}  // namespace

async::Task<base::Result<http::Response>> Auth::handle(http::Request& request,
                                                       http::Next next) const {
  http::Fields& fields = request.head->fields;
  const http::Session& session = request.session();
  const std::shared_ptr<Login>& login = demands_[session.listener]->login();
  const TargetForm form = request.head->target.form;
  const http::Field* given = fields.find(FieldId::proxy_authorization);
  if (!login || session.depth > 0 || form == TargetForm::origin || form == TargetForm::asterisk) {
    if (given) fields.remove(FieldId::proxy_authorization);
    return next(request);
  }
  std::optional<Credentials> credentials;
  if (given && fields.count(FieldId::proxy_authorization) == 1)
    credentials = parse_basic(given->value());
  if (given) fields.remove(FieldId::proxy_authorization);
  if (!credentials) return http::answer(challenge(*login, false));
  const uint64_t now_ms = async::EventLoop::current().now_ms();
  const Print print = login->print_of(*credentials);
  if (!login->knows(print, now_ms) || login->look_is_due(now_ms))
    return ask(login, context_, request, next, *std::move(credentials), print);
  set_user(request, credentials->user);
  return next(request);
}

}  // namespace weir::auth
