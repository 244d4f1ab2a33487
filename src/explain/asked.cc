#include "explain/asked.h"

#include <array>
#include <utility>

#include "explain/json.h"

namespace weir::explain {
namespace {

using Failed = std::unexpected<std::string>;

struct TextKey {
  std::string_view name;
  std::string Asked::* member;
};
constexpr auto kTextKeys = std::to_array<TextKey>({
    {"url", &Asked::url},
    {"client", &Asked::client},
    {"user", &Asked::user},
    {"listener", &Asked::listener},
    {"type", &Asked::type},
    {"from", &Asked::from},
    {"method", &Asked::method},
    {"at", &Asked::at},
});

const TextKey* text_key(std::string_view name) {
  for (const TextKey& each : kTextKeys) {
    if (each.name == name) return &each;
  }
  return nullptr;
}

Failed wrong(const std::string& key, std::string_view expected) {
  return Failed('"' + key + "\" is not " + std::string(expected));
}

std::expected<void, std::string> take_texts(std::vector<std::string>& to, const std::string& key,
                                            const Json& value) {
  if (value.is_string()) {
    to = {text_of(value)};
    return {};
  }
  if (!value.is_array()) return wrong(key, "a text or a list of texts");
  for (const Json& each : value) {
    if (!each.is_string()) return wrong(key, "a text or a list of texts");
    to.push_back(text_of(each));
  }
  return {};
}

std::expected<void, std::string> take_expected(Asked& asked, const Json& value) {
  if (!value.is_object()) return wrong("expect", "an object");
  for (const auto& [key, each] : value.items()) {
    if (!each.is_string()) return wrong("expect." + key, "a text");
    if (key == "verdict") {
      asked.expect.verdict = text_of(each);
    } else if (key == "rule") {
      asked.expect.rule = text_of(each);
    } else {
      return Failed("unknown key \"expect." + key + "\": there are verdict and rule");
    }
  }
  return {};
}

std::expected<void, std::string> take(Asked& asked, const std::string& key, const Json& value) {
  if (const TextKey* const text = text_key(key)) {
    if (!value.is_string()) return wrong(key, "a text");
    asked.*text->member = text_of(value);
    return {};
  }
  if (key == "address") return take_texts(asked.addresses, key, value);
  if (key == "alias") return take_texts(asked.aliases, key, value);
  if (key == "expect") return take_expected(asked, value);
  if (key == "content_type") {
    if (!value.is_string()) return wrong(key, "a text");
    asked.content_type = text_of(value);
    return {};
  }
  if (key == "size") {
    asked.size = number_of(value);
    if (!asked.size) return wrong(key, "a number of bytes");
    return {};
  }
  return Failed("unknown key \"" + key +
                "\": there are url, client, user, listener, type, from, method, at, address, "
                "alias, content_type, size and expect");
}

}  // namespace

std::expected<Asked, std::string> parse_asked(std::string_view json) {
  if (json.size() > kLargestQuestion) return Failed("a question has at most 64 KiB");
  const Json read = parse_json(json);
  if (!read.is_object()) return Failed("this is no JSON object");
  Asked asked;
  for (const auto& [key, value] : read.items()) {
    if (auto taken = take(asked, key, value); !taken) return Failed(std::move(taken).error());
  }
  return asked;
}

std::string json_of(const Asked& asked) {
  Json json = Json::object();
  for (const TextKey& each : kTextKeys) {
    if (!(asked.*each.member).empty()) json[std::string(each.name)] = asked.*each.member;
  }
  if (!asked.addresses.empty()) json["address"] = asked.addresses;
  if (!asked.aliases.empty()) json["alias"] = asked.aliases;
  if (asked.content_type) json["content_type"] = *asked.content_type;
  if (asked.size) json["size"] = *asked.size;
  if (!asked.expect.verdict.empty()) json["expect"]["verdict"] = asked.expect.verdict;
  if (!asked.expect.rule.empty()) json["expect"]["rule"] = asked.expect.rule;
  return written(json);
}

}  // namespace weir::explain
