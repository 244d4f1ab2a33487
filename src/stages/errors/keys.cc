#include "stages/errors/keys.h"

#include <algorithm>

namespace weir::errors {
namespace {

using Kind = base::ValueKind;

base::Taken take_contact(Config& config, std::string_view text) {
  constexpr size_t kLongest = 300;
  if (text.size() > kLongest) return std::unexpected("it is longer than 300 bytes");
  const auto is_control = [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; };
  if (std::ranges::any_of(text, is_control)) return std::unexpected("it has a control character");
  config.contact = text;
  return {};
}

constexpr base::OwnValue<Config> kContact{
    .expectation = "a text such as \"Ada, room 12, ada@example.com\"",
    .take = take_contact,
    .texts = [](const Config& config) { return std::vector{config.contact}; },
};

constexpr base::Setting<Config> kKeys[] = {
    {.table = "pages",
     .name = "contact",
     .kind = Kind::own,
     .member = kContact,
     .doc = "Whom people may ask about what was denied to them: a name, a telephone number, a mail "
            "address, a URL. The pages about denials show it."},
    {.table = "pages",
     .name = "folder",
     .kind = Kind::path,
     .member = &Config::folder,
     .doc = "The folder of pages that replace Weir's own: denied.html, error.html or both. They "
            "are read at start and at each reload. See pages.md."},
};

}  // namespace

std::span<const base::Setting<Config>> keys() {
  return kKeys;
}

}  // namespace weir::errors
