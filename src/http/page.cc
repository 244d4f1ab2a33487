#include "http/page.h"

#include "base/text.h"

namespace weir::http {

std::string html_page(std::string_view title, std::string_view body) {
  std::string page = R"(<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>)";
  page += base::escape_html(title);
  page += R"(</title>
<style>
:root { color-scheme: light dark; --ink: #1b2733; --soft: #5b6b7a; --line: #d9e0e6; --back: #f4f6f8; --card: #ffffff; --accent: #0b6e8f; }
@media (prefers-color-scheme: dark) {
  :root { --ink: #e4eaf0; --soft: #93a3b1; --line: #33414d; --back: #141b21; --card: #1d262e; --accent: #5cc3e0; }
}
body { margin: 0; background: var(--back); color: var(--ink); font: 16px/1.55 system-ui, "Segoe UI", Roboto, sans-serif; }
main { max-width: 40rem; margin: 12vh auto 2rem; padding: 2rem 2.25rem; background: var(--card); border: 1px solid var(--line);
  border-top: 4px solid var(--accent); border-radius: 6px; overflow-wrap: anywhere; }
h1 { margin: 0 0 .75rem; font-size: 1.5rem; line-height: 1.25; }
p { margin: .6rem 0; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .35rem 1.25rem; margin: 1.25rem 0 0; padding-top: 1rem;
  border-top: 1px solid var(--line); }
dt { color: var(--soft); }
dd { margin: 0; }
code, pre { font: .9em ui-monospace, "SF Mono", Menlo, Consolas, monospace; }
pre { margin: .4rem 0; padding: .6rem .8rem; background: var(--back); border: 1px solid var(--line); border-radius: 4px; white-space: pre-wrap; }
footer { max-width: 40rem; margin: 0 auto; padding: 0 2.25rem; color: var(--soft); font-size: .85rem; }
</style>
</head>
<body>
<main>
)";
  page += body;
  page += "</main>\n<footer>This page comes from Weir, the proxy between you and the web.</footer>\n</body>\n</html>\n";
  return page;
}

}  // namespace weir::http
