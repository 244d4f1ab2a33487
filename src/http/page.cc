#include "http/page.h"

#include "base/text.h"

namespace weir::http {
namespace {

constexpr std::string_view kStyle = R"(
:root { color-scheme: light dark; --ink: #1b2733; --soft: #566675; --line: #d9e0e6; --back: #f4f6f8;
  --card: #ffffff; --accent: #0b6e8f; --alert: #b4530a; }
@media (prefers-color-scheme: dark) {
  :root { --ink: #e4eaf0; --soft: #9aaab8; --line: #33414d; --back: #141b21; --card: #1d262e;
    --accent: #5cc3e0; --alert: #f0a35e; }
}
body { margin: 0; padding: 0 1rem; background: var(--back); color: var(--ink);
  font: 16px/1.55 system-ui, "Segoe UI", Roboto, sans-serif; }
main { max-width: 40rem; margin: min(12vh, 6rem) auto 1.5rem; padding: 2rem 2.25rem;
  background: var(--card); border: 1px solid var(--line); border-top: 4px solid var(--accent);
  border-radius: 6px; overflow-wrap: anywhere; }
main:has(> .status) { border-top-color: var(--alert); }
h1 { margin: 0 0 .75rem; font-size: 1.5rem; line-height: 1.25; }
p { margin: .6rem 0; }
a { color: var(--accent); }
.status { margin: 0 0 .25rem; color: var(--alert); font-size: .9rem; font-weight: 600; }
.remedy { margin: 1rem 0 0; padding: .1rem 0 .1rem .9rem; border-left: 3px solid var(--accent); }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .35rem 1.25rem;
  margin: 1.25rem 0 0; padding-top: 1rem; border-top: 1px solid var(--line); }
dt { color: var(--soft); }
h2 { margin: 1.5rem 0 .5rem; font-size: 1.1rem; }
dd { margin: 0; }
code, pre { font: .9em/1.6 ui-monospace, "SF Mono", Menlo, Consolas, "DejaVu Sans Mono",
  monospace; }
pre { margin: .4rem 0; padding: .6rem .8rem; background: var(--back); border: 1px solid var(--line);
  border-radius: 4px; white-space: pre-wrap; }
footer { max-width: 40rem; margin: 0 auto 2rem; padding: 0 2.25rem; color: var(--soft);
  font-size: .85rem; }
@media (max-width: 30rem) {
  main { margin-top: 1rem; padding: 1.25rem; }
  footer { padding: 0 1.25rem; }
  dl { grid-template-columns: 1fr; gap: 0; }
  dd { margin-bottom: .5rem; }
}
)";

/// `style`: the element that brings the style sheet.
std::string document(std::string_view title, std::string_view style, std::string_view body) {
  std::string page = R"(<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>)";
  page.append(base::escape_html(title)).append("</title>\n").append(style);
  page.append("\n</head>\n<body>\n<main>\n").append(body);
  page +=
      "</main>\n<footer>This page comes from Weir, the proxy between you and the "
      "web.</footer>\n</body>\n</html>\n";
  return page;
}

/// No script, no picture, no form, nothing framed, in no frame. None of the last three follows from
/// default-src.
constexpr std::string_view kOwnPolicy =
    "default-src 'none'; style-src 'self'; form-action 'none'; frame-ancestors 'none'; base-uri "
    "'none'";

}  // namespace

std::string html_page(std::string_view title, std::string_view body) {
  return document(title, "<style>" + std::string(kStyle) + "</style>", body);
}

Response own_page(std::string_view title, std::string_view body) {
  static const std::string link =
      "<link rel=\"stylesheet\" href=\"" + std::string(kStylePath) + "\">";
  Response response = text_response(200, "text/html; charset=utf-8", document(title, link, body));
  response.head->fields.set(FieldId::content_security_policy, kOwnPolicy);
  return response;
}

Response own_style_sheet() {
  return text_response(200, "text/css; charset=utf-8", std::string(kStyle));
}

}  // namespace weir::http
