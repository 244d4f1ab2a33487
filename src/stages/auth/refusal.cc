#include "stages/auth/refusal.h"

#include <string>

namespace weir::auth {

using base::ErrorType;
using http::FieldId;

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

bool is_direct(const http::Request& request) {
  const http::TargetForm form = request.head->target.form;
  return request.session().depth == 0 &&
         (form == http::TargetForm::origin || form == http::TargetForm::asterisk);
}

async::Task<base::Result<http::Response>> refuse(const http::Request& request, const Login& login,
                                                 const http::OwnNames& own) {
  if (is_direct(request)) {
    return http::fail_with(base::Error(
        ErrorType::http_request_denied,
        "This page is for those who are logged in. Weir can ask for a login only as your client's "
        "proxy: set it up as that, and open the page at http://" +
            own.own_name() + "/.",
        "login"));
  }
  if (request.session().depth == 0) return http::answer(challenge(login, false));
  // So that the client opens another tunnel, and is asked there.
  if (request.pins) request.pins->last_exchange();
  return http::fail_with(base::Error(ErrorType::http_request_denied,
                                     "This tunnel was opened without a login, and " +
                                         std::string(request.head->target.authority) +
                                         " needs one. Name and password belong to the CONNECT.",
                                     "login"));
}

}  // namespace weir::auth
