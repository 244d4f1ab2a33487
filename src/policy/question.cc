#include "policy/question.h"

#include "match/url_text.h"
#include "policy/request_kind.h"
#include "policy/rulebook.h"

namespace weir::policy {

std::optional<Selection> add_what_rules_ask(Question& question, const Rulebook& book,
                                            const base::IpAddress& client,
                                            const http::RequestHead* head, bool websocket,
                                            std::string& path) {
  if (question.own) return std::nullopt;
  question.asks = true;
  if (book.asks_who) question.request.client = client.unmapped();
  if (question.connect || !head || !book.needs.meets(kOfRequests)) return std::nullopt;
  Selection selection = select(book, question);
  add_facts(question, needs_of(book, selection.rules), *head, websocket, path);
  return selection;
}

void add_facts(Question& question, FactSet needs, const http::RequestHead& head, bool websocket,
               std::string& path) {
  if (needs.has(Fact::url)) {
    path = match::normal_path(head.target.path);
    const size_t size = path.size();
    path += match::other_reading(path);
    question.request.path = std::string_view(path).substr(0, size);
    question.request.other_path = std::string_view(path).substr(size);
    question.request.https = head.target.scheme == http::Scheme::https;
  }
  if (needs.has(Fact::method)) question.request.method = head.method_token;
  // Who asks again knows less of the request than was known at first.
  if (needs.has(Fact::kind) && question.request.kinds.empty())
    question.request.kinds = kinds_of(head, websocket);
}

KeptQuestion::KeptQuestion(const Question& question)
    : identity_(question.identity),
      host_(question.host),
      listener_(question.listener),
      port_(question.port),
      own_(question.own),
      literal_(question.literal),
      connect_(question.connect) {
  const RequestFacts& request = question.request;
  if (request == RequestFacts()) return;
  more_.reset(new More{request.client, request.path, request.other_path, request.method,
                       request.https, request.kinds});
}

bool KeptQuestion::is(const Question& question) const {
  const bool same = host_ == question.host && port_ == question.port &&
                    listener_ == question.listener && own_ == question.own &&
                    literal_ == question.literal && connect_ == question.connect &&
                    identity_ == question.identity;
  if (!same || (!more_ && !question.asks)) return same;
  return question.request == (more_ ? more_->facts() : RequestFacts());
}

Question KeptQuestion::question() const {
  Question question{.listener = listener_,
                    .identity = identity_,
                    .host = host_,
                    .port = port_,
                    .own = own_,
                    .literal = literal_,
                    .connect = connect_};
  if (more_) question.request = more_->facts();
  return question;
}

}  // namespace weir::policy
