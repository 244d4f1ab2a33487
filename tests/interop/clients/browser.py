"""Chromium, headless: one page that fetches each row."""

import json

from support.chromium import Chromium

from ..outcome import End
from .run import SECONDS, Run

FETCH = """(async (step, limit) => {
  const end = {status: null, fields: [], content: "", trailers: null, error: null, hung: false};
  const text = (bytes) => Array.from(bytes, (byte) => String.fromCharCode(byte)).join("");
  try {
    const bytes = (base64) => Uint8Array.from(atob(base64), (each) => each.charCodeAt(0));
    const response = await fetch(step.url, {
      method: step.method,
      headers: step.fields,
      body: step.body === null ? undefined : bytes(step.body),
      cache: "no-store",
      credentials: step.anonymous ? "omit" : "same-origin",
      signal: AbortSignal.timeout(limit),
    });
    end.status = response.status;
    end.fields = [...response.headers];
    if (response.body) {
      const reader = response.body.getReader();
      for (let part = await reader.read(); !part.done; part = await reader.read()) {
        end.content += text(part.value);
        saw(String(end.content.length));
      }
    }
  } catch (error) {
    end.error = `${error.name}: ${error.message}`;
    end.hung = error.name == "TimeoutError";
  }
  return JSON.stringify(end);
})(%s, %d)"""


class Told(Chromium):
    """Chromium whose pages call `saw`; calls arrive while others wait for an answer."""

    heard = None

    def _message(self, deadline):
        message = super()._message(deadline)
        if message.get("method") == "Runtime.bindingCalled" and self.heard:
            self.heard(message["params"]["payload"])
        return message


class Browser(Run):
    def __init__(self, *arguments):
        super().__init__(*arguments)
        self.chromium = Told(self.proxy)
        self.chromium.page("Runtime.addBinding", name="saw")
        self.chromium.open(self.server.url + "/page")

    def ask(self, row, at, step):
        self.chromium.heard = lambda count: self.server.saw(self.number, row.name, at, int(count))
        message = step.message(self.url(row, at), row.alone)
        said = self.chromium.evaluate(FETCH % (json.dumps(message), SECONDS * 1000))
        return End.of_message(json.loads(said))

    def close(self):
        self.chromium.close()
        super().close()
