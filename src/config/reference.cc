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

/// True if a configuration has a table of the group by default.
bool is_there(const Group& group, Object defaults) {
  return group.tables.form == Tables::Form::single || group.tables.first(defaults);
}

/// The struct that has the defaults of the group's keys. Adds one if there is none by default.
Object defaults_of(const Group& group, Object defaults) {
  if (group.tables.form == Tables::Form::single) return defaults;
  const auto first = group.tables.first(defaults);
  return first ? *first : group.tables.add(defaults, {});
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

void append_key(std::string& out, const Key& key, Object defaults) {
  out += "### `" + std::string(key.name) + "`\n\n";
  append_paragraph(out, key.doc);
  out += "- Value: " + form(key) + ".\n";
  if (key.required) {
    out += "- It must be there.\n\n";
    return;
  }
  if (key.needs_restart) out += "- A change needs a restart.\n";
  const std::string value = as_toml(key, key.slot(defaults));
  if (value.empty()) {
    out += "- It may be left out.\n\n";
  } else if (value.find('\n') == std::string::npos) {
    out += "- Default: `" + value + "`\n\n";
  } else {
    out += "- Default:\n\n```toml\n" + std::string(key.name) + " = " + value + "\n```\n\n";
  }
}

/// The defaults of a table's keys, each below a comment.
std::string commented_keys(const Schema& schema, std::string_view table, Object defaults) {
  std::string out;
  for (const Key& key : schema.keys()) {
    if (key.table != table) continue;
    out += '\n';
    append_comment(out, key.doc);
    append_comment(out, "Value: " + expectation(key) +
                            (key.needs_restart ? ". A change needs a restart." : "."));
    const std::string value = as_toml(key, key.slot(defaults));
    // A flag that is left out by default is shown as a comment.
    out += value.empty() ? "# " + std::string(key.name) + " = true\n"
                         : std::string(key.name) + " = " + value + '\n';
  }
  return out;
}

/// `text` with each of its lines made a comment.
std::string as_comment(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    const size_t end = text.find('\n') + 1;
    out.append(end == 1 ? "#" : "# ").append(text.substr(0, end));
    text.remove_prefix(end);
  }
  return out;
}

}  // namespace

std::string commented_defaults(const Schema& schema, Object defaults) {
  std::string out =
      "# Weir's defaults. What is left out of a file is as here; what is unknown in it is a "
      "mistake.\n";
  out += commented_keys(schema, "", defaults);
  for (const Group& group : schema.groups()) {
    out += '\n';
    append_comment(out, group.doc);
    const bool there = is_there(group, defaults);
    const std::string table =
        header(group) + '\n' + commented_keys(schema, group.name, defaults_of(group, defaults));
    out += there ? table : as_comment(table);
  }
  return out;
}

std::string commented_defaults() {
  Config defaults;
  return commented_defaults(all_keys(), Object(defaults));
}

std::string reference() {
  Config config;
  const Object defaults(config);
  std::string out(kIntroduction);
  out +=
      "This page is made from the descriptions that the reader itself uses.\n\n## At the top of "
      "the file\n\n";
  const auto append_keys = [&](std::string_view table, Object of_table) {
    for (const Key& key : all_keys().keys()) {
      if (key.table == table) append_key(out, key, of_table);
    }
  };
  append_keys("", defaults);
  for (const Group& group : all_keys().groups()) {
    out += "## `" + header(group) + "`\n\n";
    append_paragraph(out, group.doc);
    append_keys(group.name, defaults_of(group, defaults));
  }
  while (out.ends_with("\n\n")) out.pop_back();
  return out;
}

}  // namespace weir::config
