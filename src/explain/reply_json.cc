#include "explain/json.h"
#include "explain/list_line.h"
#include "explain/reply.h"

namespace weir::explain {
namespace {

/// Nothing to tell is null: whoever reads it need not know which texts can be empty.
Json text_or_null(std::string_view text) {
  return text.empty() ? Json() : Json(std::string(text));
}

/// The list that made the rule hold, where its entry is written, and how.
void add_list(Json& json, const Explained& explained) {
  std::string place;
  if (const auto& hit = explained.explanation.hit) {
    place = explained.rules->book->lists->place_of(*hit);
  }
  json["list"] = text_or_null(explained.list);
  json["list_at"] = text_or_null(place);
  json["line"] = text_or_null(line_at(place));
}

/// Without the list of registrable domains it is certain for the same host, and where not even the
/// last label is the same, as of an address's.
Json party_of(const Explained& explained) {
  if (explained.page.empty()) return {};
  const std::string_view page = explained.page, host = explained.question.host;
  if (page == host) return "first";
  const auto last_label = [](std::string_view name) { return name.substr(name.rfind('.') + 1); };
  const bool other = explained.question.literal || base::IpAddress::parse(page) ||
                     last_label(page) != last_label(host);
  return other ? Json("third") : Json();
}

}  // namespace

std::string json_of(const Explained& explained, const Expected& expected) {
  const policy::Explanation& explanation = explained.explanation;
  const ClientGets gets = client_gets(explained);
  Json json;
  json["url"] = std::string(explained.head->raw_target);
  json["verdict"] = std::string(name_of(explanation.conclusion));
  json["point"] = std::string(policy::name_of(explanation.point));
  json["status"] = gets.status == 0 ? Json() : Json(gets.status);
  json["answer"] = text_or_null(gets.words);
  json["rule"] = text_or_null(rule_of(explained));
  json["rule_at"] = text_or_null(explanation.rule ? explanation.rule->place : "");
  add_list(json, explained);
  json["type"] = explained.kind ? Json(std::string(policy::name_of(*explained.kind))) : Json();
  json["party"] = party_of(explained);
  json["clients"] = explained.clients;
  json["groups"] = explained.groups;
  json["opened"] = explained.https ? Json(explained.opening.open) : Json();
  json["opened_why"] = text_or_null(explained.opening.why.view());
  json["grant"] =
      explanation.rule && explanation.rule->grant != 0 ? Json(explanation.rule->grant) : Json();
  json["would"] = text_or_null(explanation.would ? explanation.would->name : "");
  json["missing"] = Json::array();
  for (const policy::Fact each : policy::facts_in(explanation.missing))
    json["missing"].push_back(std::string(policy::name_of(each)));
  json["notes"] = explained.notes;
  if (!expected.empty()) json["as_expected"] = is_as(explained, expected);
  return written(json);
}

std::string json_of_failure(std::string_view why) {
  Json json;
  json["error"] = std::string(why);
  return written(json);
}

}  // namespace weir::explain
