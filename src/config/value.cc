#include "config/value.h"

#include <algorithm>

#include "base/text.h"
#include "base/units.h"
#include "config/mistake.h"

namespace weir::config {

namespace {

Taken no(std::string why = {}) {
  return std::unexpected(std::move(why));
}

/// Stores `value` in a uint32_t or uint64_t; the key's limits ensure that it fits.
Taken put_number(const Key& key, uint64_t value, const Slot& slot) {
  if ((value < key.least || value > key.most) && !(key.or_zero && value == 0)) return no();
  if (auto* const* const small = std::get_if<uint32_t*>(&slot)) {
    **small = static_cast<uint32_t>(value);
  } else {
    *std::get<uint64_t*>(slot) = value;
  }
  return {};
}

bool is_token(std::string_view text) {
  return !text.empty() && std::ranges::all_of(text, [](char c) {
    return base::is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
           std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos;
  });
}

Taken add_file(std::vector<std::string>& to, std::string_view text) {
  if (text.empty() || text.find('\0') != std::string_view::npos) return no();
  to.emplace_back(text);
  return {};
}

Taken add_endpoint(const Key& key, std::vector<base::Endpoint>& to, std::string_view text) {
  const auto endpoint = base::Endpoint::parse(text);
  if (!endpoint || endpoint->port < key.least) return no();
  to.push_back(*endpoint);
  return {};
}

std::string list(const std::vector<std::string>& items) {
  static constexpr size_t kWidth = 100;
  std::string out = "[", line;
  bool broken = false;
  for (const std::string& item : items) {
    if (line.size() + item.size() + 2 > kWidth) {
      out += "\n  " + line + ',';
      line.clear();
      broken = true;
    }
    if (!line.empty()) line += ", ";
    line += item;
  }
  if (!broken) return out + line + ']';
  return out + "\n  " + line + ",\n]";
}

/// " from 1s to 1h".
std::string range(const Key& key, std::string (*text)(uint64_t)) {
  return " from " + text(key.least) + " to " + text(key.most) + (key.or_zero ? ", or 0" : "");
}

std::string number_text(uint64_t number) {
  return std::to_string(number);
}

std::string as_toml(const Key& key, const OwnSlot& own) {
  std::vector<std::string> texts = base::texts_of(own.texts(), in_quotes);
  return key.is_list ? list(texts) : texts.front();
}

}  // namespace

Taken take_text(const Key& key, std::string_view text, const Slot& slot) {
  switch (key.kind) {
    case Kind::allow_or_deny:
      if (text != "allow" && text != "deny") return no();
      *std::get<bool*>(slot) = text == "allow";
      return {};
    case Kind::duration: {
      const auto ms = base::parse_duration_ms(text);
      return ms ? put_number(key, *ms, slot) : no();
    }
    case Kind::size: {
      const auto bytes = base::parse_size(text);
      return bytes ? put_number(key, *bytes, slot) : no();
    }
    case Kind::token:
      if (!is_token(text)) return no();
      *std::get<std::string*>(slot) = text;
      return {};
    case Kind::path:
      if (!text.empty() && (text.front() != '/' || text.find('\0') != std::string_view::npos))
        return no();
      *std::get<std::string*>(slot) = text;
      return {};
    case Kind::endpoints:
      return add_endpoint(key, *std::get<std::vector<base::Endpoint>*>(slot), text);
    case Kind::networks: return base::add_network(*std::get<std::vector<base::Cidr>*>(slot), text);
    case Kind::files: return add_file(*std::get<std::vector<std::string>*>(slot), text);
    case Kind::own: return std::get<OwnSlot>(slot).take(text);
    case Kind::flag:
    case Kind::number:
    case Kind::ports: return no();
  }
  return no();
}

Taken take_number(const Key& key, int64_t number, const Slot& slot) {
  if (key.kind == Kind::duration) return no("the unit is missing");
  if (number < 0) return no();
  const auto value = static_cast<uint64_t>(number);
  if (key.kind == Kind::number || key.kind == Kind::size) return put_number(key, value, slot);
  if (key.kind != Kind::ports || value < key.least || value > key.most) return no();
  std::get<std::vector<uint16_t>*>(slot)->push_back(static_cast<uint16_t>(value));
  return {};
}

void clear(const Slot& slot) {
  if (const auto* own = std::get_if<OwnSlot>(&slot)) return own->clear();
  std::visit(
      [](auto value) {
        if constexpr (requires { value->push_back({}); }) value->clear();
      },
      slot);
}

void tidy(const Slot& slot) {
  if (auto* const* const ports = std::get_if<std::vector<uint16_t>*>(&slot)) {
    std::ranges::sort(**ports);
    (*ports)->erase(std::unique((*ports)->begin(), (*ports)->end()), (*ports)->end());
  }
}

namespace {

std::string flag_text(const Slot& slot) {
  auto* const* const optional = std::get_if<std::optional<bool>*>(&slot);
  if (optional && !**optional) return {};
  return (optional ? ***optional : *std::get<bool*>(slot)) ? "true" : "false";
}

}  // namespace

std::string as_toml(const Key& key, const Slot& slot) {
  const auto number = [&]() -> uint64_t {
    auto* const* const small = std::get_if<uint32_t*>(&slot);
    return small ? **small : *std::get<uint64_t*>(slot);
  };
  switch (key.kind) {
    case Kind::flag: return flag_text(slot);
    case Kind::allow_or_deny: return *std::get<bool*>(slot) ? "\"allow\"" : "\"deny\"";
    case Kind::number: return std::to_string(number());
    case Kind::duration: return in_quotes(base::duration_text(number()));
    case Kind::size: return in_quotes(base::size_text(number()));
    case Kind::token:
    case Kind::path: return in_quotes(*std::get<std::string*>(slot));
    case Kind::own: return as_toml(key, std::get<OwnSlot>(slot));
    case Kind::files:
      return list(base::texts_of(*std::get<std::vector<std::string>*>(slot), in_quotes));
    case Kind::ports:
      return list(base::texts_of(*std::get<std::vector<uint16_t>*>(slot), number_text));
    case Kind::endpoints:
      return list(base::texts_of(*std::get<std::vector<base::Endpoint>*>(slot),
                                 [](const auto& at) { return in_quotes(at.text()); }));
    case Kind::networks:
      return list(base::texts_of(*std::get<std::vector<base::Cidr>*>(slot), [](const auto& each) {
        return in_quotes(base::network_text(each));
      }));
  }
  return {};
}

std::string expectation(const Key& key) {
  switch (key.kind) {
    case Kind::flag: return "true or false";
    case Kind::allow_or_deny: return "\"allow\" or \"deny\"";
    case Kind::number: return "a whole number" + range(key, number_text);
    case Kind::duration:
      return "a duration such as \"500ms\", \"10s\", \"15min\" or \"2h\"," +
             range(key, base::duration_text);
    case Kind::size:
      return "a size such as \"64KiB\" or \"16MiB\", or a number of bytes," +
             range(key, base::size_text);
    case Kind::token: return "a word of letters, digits and `-._~!#$%&'*+^|`";
    case Kind::path: return "the absolute path of a file such as \"/run/weir/control\"";
    case Kind::ports: return "a list of ports" + range(key, number_text) + ", such as [25, 3306]";
    case Kind::endpoints:
      return "a string of address and port such as \"127.0.0.1:9876\" or \"[::1]:9876\", or a list "
             "of them";
    case Kind::networks:
      return "a list of networks and addresses such as [\"192.168.0.0/16\", \"fd00::/8\", "
             "\"192.0.2.7\"]";
    case Kind::files:
      return "a list of configuration files such as [\"listeners.toml\", \"/etc/weir/login.toml\"]";
    case Kind::own: return std::string(key.expectation);
  }
  return {};
}

}  // namespace weir::config
