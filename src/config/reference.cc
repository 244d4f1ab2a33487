#include "config/reference.h"

#include <string_view>

#include "config/all_keys.h"
#include "config/value.h"

namespace weir::config {

namespace {

constexpr std::string_view kIntroduction = R"(# Configuration

Weir needs none: `weir 9876` listens on 127.0.0.1 and ::1 with the defaults below. A file
changes them:

```
weir --config weir.toml       start with it
weir check weir.toml          report every mistake in it, with its place
weir config --defaults        print a file with all defaults and what they mean
weir config --reference       print this page
```

The file is [TOML](https://toml.io). A key that Weir does not know is a mistake, not a comment, and
a file with a mistake is not used at all. Files to begin with are in [examples](../../examples).

- **Durations** are a whole number and a unit, in quotes: `"500ms"`, `"10s"`, `"15min"`, `"2h"`,
  `"1d"`. One blank between is fine: `"10 s"`.
- **Sizes** are a whole number and a unit, in quotes: `"512B"`, `"64KiB"`, `"16MiB"`, `"1 GiB"`;
  or a number of bytes.
- **Networks** are written as `"10.0.0.0/8"` or `"fc00::/7"`, single addresses without the
  slash. Bits beyond the prefix are a mistake.
- **Names** are exact (`"wiki.lan"`), or all names below one (`"*.lan"`, which does not include
  `lan` itself). Case does not count.

)";

/// The default of a key, as TOML text.
std::string default_of(const Key& key, Config& defaults) {
  const Object object =
      key.table == kListener ? Object(defaults.listeners.front()) : Object(defaults);
  return as_toml(key, key.slot(object));
}

/// Appends `text` in lines of at most 100 columns, each starting with `prefix`.
void append_lines(std::string& out, std::string_view prefix, std::string_view text) {
  const size_t width = 100 - prefix.size();
  while (!text.empty()) {
    size_t end = text.size();
    if (end > width) {
      end = text.rfind(' ', width);
      if (end == std::string_view::npos) end = text.size();
    }
    out.append(prefix).append(text.substr(0, end)) += '\n';
    text.remove_prefix(std::min(end + 1, text.size()));
  }
}

void append_comment(std::string& out, std::string_view text) {
  append_lines(out, "# ", text);
}

void append_paragraph(std::string& out, std::string_view text) {
  append_lines(out, "", text);
  out += '\n';
}

/// What a value may be, for the reference; the range is part of it.
std::string form(const Key& key) {
  std::string text = expectation(key);
  text.front() = static_cast<char>(text.front() >= 'a' && text.front() <= 'z' ? text.front() - 32
                                                                              : text.front());
  return text;
}

void append_key(std::string& out, const Key& key, Config& defaults) {
  out += "### `" + std::string(key.name) + "`\n\n";
  append_paragraph(out, key.doc);
  out += "- Value: " + form(key) + ".\n";
  if (key.required) {
    out += "- It must be there.\n\n";
    return;
  }
  if (key.needs_restart) out += "- A change needs a restart.\n";
  const std::string value = default_of(key, defaults);
  if (value.find('\n') == std::string::npos) {
    out += "- Default: `" + value + "`\n\n";
  } else {
    out += "- Default:\n\n```toml\n" + std::string(key.name) + " = " + value + "\n```\n\n";
  }
}

void append_keys(std::string& out, std::string_view table, Config& defaults) {
  for (const Key& key : all_keys().keys()) {
    if (key.table == table) append_key(out, key, defaults);
  }
}

}  // namespace

std::string commented_defaults() {
  Config defaults;
  std::string out =
      "# Weir's defaults. What is left out of a file is as here; what is unknown in it is a "
      "mistake.\n";
  const auto append = [&](std::string_view table) {
    for (const Key& key : all_keys().keys()) {
      if (key.table != table) continue;
      out += '\n';
      append_comment(out, key.doc);
      append_comment(out, "Value: " + expectation(key) +
                              (key.needs_restart ? ". A change needs a restart." : "."));
      out += std::string(key.name) + " = " + default_of(key, defaults) + '\n';
    }
  };
  append("");
  for (const Group& group : all_keys().groups()) {
    out += '\n';
    append_comment(out, group.doc);
    out += header(group) + '\n';
    append(group.name);
  }
  return out;
}

std::string reference() {
  Config defaults;
  std::string out(kIntroduction);
  out +=
      "This page is made from the descriptions that the reader itself uses.\n\n## At the top of "
      "the file\n\n";
  append_keys(out, "", defaults);
  for (const Group& group : all_keys().groups()) {
    out += "## `" + header(group) + "`\n\n";
    append_paragraph(out, group.doc);
    append_keys(out, group.name, defaults);
  }
  while (out.ends_with("\n\n")) out.pop_back();
  return out;
}

}  // namespace weir::config
