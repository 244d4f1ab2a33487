#include "config/value.h"

#include <algorithm>

#include "base/text.h"
#include "config/mistake.h"
#include "config/units.h"

namespace weir::config {

namespace {

using Taken = std::expected<void, std::string>;
Taken no(std::string why = {}) {
  return std::unexpected(std::move(why));
}

/// Stores `value` in a uint32_t or uint64_t; the key's limits ensure that it fits.
Taken put_number(const Key& key, uint64_t value, Slot slot) {
  if ((value < key.least || value > key.most) && !(key.or_zero && value == 0)) return no();
  if (auto** const small = std::get_if<uint32_t*>(&slot)) {
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

bool looks_like_network(std::string_view text) {
  return text.find_first_of("/:") != std::string_view::npos ||
         text.find_first_not_of("0123456789.") == std::string_view::npos;
}

Taken add_network(std::vector<base::Cidr>& to, std::string_view text) {
  auto network = base::Cidr::parse(text);
  if (!network) return no(std::string(network.error().detail()));
  to.push_back(*network);
  return {};
}

Taken add_pattern(std::vector<match::HostPattern>& to, std::string_view text) {
  auto pattern = match::HostPattern::parse(text);
  if (!pattern) return no(std::string(pattern.error().detail()));
  to.push_back(*std::move(pattern));
  return {};
}

Taken add_endpoint(const Key& key, std::vector<base::Endpoint>& to, std::string_view text) {
  const auto endpoint = base::Endpoint::parse(text);
  if (!endpoint || endpoint->port < key.least) return no();
  to.push_back(*endpoint);
  return {};
}

constexpr std::pair<std::string_view, tunnel::Serve> kServe[] = {{"needed", tunnel::Serve::needed},
                                                                 {"always", tunnel::Serve::always},
                                                                 {"never", tunnel::Serve::never}};

Taken put_serve(std::string_view text, tunnel::Serve& to) {
  for (const auto& [word, serve] : kServe) {
    if (text != word) continue;
    to = serve;
    return {};
  }
  return no();
}

std::string_view serve_text(tunnel::Serve serve) {
  for (const auto& [word, each] : kServe) {
    if (each == serve) return word;
  }
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

template <class Items, class Text>
std::vector<std::string> texts(const Items& items, Text text) {
  std::vector<std::string> out;
  for (const auto& item : items) out.push_back(text(item));
  return out;
}

std::string network_text(const base::Cidr& network) {
  const bool single = network.prefix() == network.address().size() * 8;
  return in_quotes(single ? network.address().text() : network.text());
}

}  // namespace

bool takes_list(Kind kind) {
  return kind >= Kind::ports;
}

Taken take_text(const Key& key, std::string_view text, Slot slot) {
  switch (key.kind) {
    case Kind::allow_or_deny:
      if (text != "allow" && text != "deny") return no();
      *std::get<bool*>(slot) = text == "allow";
      return {};
    case Kind::duration: {
      const auto ms = parse_duration_ms(text);
      return ms ? put_number(key, *ms, slot) : no();
    }
    case Kind::size: {
      const auto bytes = parse_size(text);
      return bytes ? put_number(key, *bytes, slot) : no();
    }
    case Kind::host_name: {
      const auto name = match::HostPattern::parse(text);
      if (!name) return no(std::string(name.error().detail()));
      if (name->is_suffix()) return no("it is one name, not all below it");
      *std::get<std::string*>(slot) = name->name();
      return {};
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
    case Kind::log_format:
      if (text != "common" && text != "combined" && text != "json" && text != "squid") return no();
      *std::get<std::string*>(slot) = text;
      return {};
    case Kind::log_target:
      if (text != "stdout" && text != "syslog" &&
          (!text.starts_with('/') || text.find('\0') != std::string_view::npos))
        return no();
      *std::get<std::string*>(slot) = text;
      return {};
    case Kind::serve: return put_serve(text, *std::get<tunnel::Serve*>(slot));
    case Kind::endpoints:
      return add_endpoint(key, *std::get<std::vector<base::Endpoint>*>(slot), text);
    case Kind::networks: return add_network(*std::get<std::vector<base::Cidr>*>(slot), text);
    case Kind::host_patterns:
      return add_pattern(*std::get<std::vector<match::HostPattern>*>(slot), text);
    case Kind::destinations: {
      policy::Config& policy = *std::get<policy::Config*>(slot);
      return looks_like_network(text) ? add_network(policy.allowed_networks, text)
                                      : add_pattern(policy.allowed_names, text);
    }
    case Kind::flag:
    case Kind::number:
    case Kind::ports: return no();
  }
  return no();
}

Taken take_number(const Key& key, int64_t number, Slot slot) {
  if (key.kind == Kind::duration) return no("the unit is missing");
  if (number < 0) return no();
  const auto value = static_cast<uint64_t>(number);
  if (key.kind == Kind::number || key.kind == Kind::size) return put_number(key, value, slot);
  if (key.kind != Kind::ports || value < key.least || value > key.most) return no();
  std::get<std::vector<uint16_t>*>(slot)->push_back(static_cast<uint16_t>(value));
  return {};
}

void clear(Slot slot) {
  std::visit(
      [](auto* value) {
        if constexpr (requires { value->push_back({}); }) value->clear();
        if constexpr (requires { value->allowed_names; }) {
          value->allowed_names.clear();
          value->allowed_networks.clear();
        }
      },
      slot);
}

void tidy(Slot slot) {
  if (auto** const ports = std::get_if<std::vector<uint16_t>*>(&slot)) {
    std::ranges::sort(**ports);
    (*ports)->erase(std::unique((*ports)->begin(), (*ports)->end()), (*ports)->end());
  }
}

std::string as_toml(const Key& key, Slot slot) {
  const auto number = [&]() -> uint64_t {
    auto** const small = std::get_if<uint32_t*>(&slot);
    return small ? **small : *std::get<uint64_t*>(slot);
  };
  const auto pattern_text = [](const match::HostPattern& pattern) {
    return in_quotes(pattern.text());
  };
  switch (key.kind) {
    case Kind::flag: return *std::get<bool*>(slot) ? "true" : "false";
    case Kind::allow_or_deny: return *std::get<bool*>(slot) ? "\"allow\"" : "\"deny\"";
    case Kind::number: return std::to_string(number());
    case Kind::duration: return in_quotes(duration_text(number()));
    case Kind::size: return in_quotes(size_text(number()));
    case Kind::host_name:
    case Kind::token:
    case Kind::log_format:
    case Kind::log_target:
    case Kind::path: return in_quotes(*std::get<std::string*>(slot));
    case Kind::serve: return in_quotes(serve_text(*std::get<tunnel::Serve*>(slot)));
    case Kind::ports:
      return list(texts(*std::get<std::vector<uint16_t>*>(slot),
                        [](uint16_t port) { return std::to_string(port); }));
    case Kind::endpoints:
      return list(texts(*std::get<std::vector<base::Endpoint>*>(slot),
                        [](const auto& at) { return in_quotes(at.text()); }));
    case Kind::networks:
      return list(texts(*std::get<std::vector<base::Cidr>*>(slot), network_text));
    case Kind::host_patterns:
      return list(texts(*std::get<std::vector<match::HostPattern>*>(slot), pattern_text));
    case Kind::destinations: {
      const policy::Config& policy = *std::get<policy::Config*>(slot);
      std::vector<std::string> items = texts(policy.allowed_names, pattern_text);
      std::ranges::move(texts(policy.allowed_networks, network_text), std::back_inserter(items));
      return list(items);
    }
  }
  return {};
}

}  // namespace weir::config
