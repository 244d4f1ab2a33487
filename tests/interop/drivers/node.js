// Node's clients, driven by lines of JSON as python.py is: `node node.js CLIENT FORM PROXYPORT`.
// CLIENT is node (its module http) or undici, on which Node's fetch is built.
"use strict";
const http = require("http");
const readline = require("readline");

const [client, form, proxyPort] = [process.argv[2], process.argv[3], Number(process.argv[4])];
const kMilliseconds = 10000;

function say(message) {
  process.stdout.write(JSON.stringify(message) + "\n");
}

function pairs(raw) {
  const out = [];
  for (let at = 0; at + 1 < raw.length; at += 2)
    out.push([raw[at].toString("latin1"), raw[at + 1].toString("latin1")]);
  return out;
}

function take(end, piece) {
  end.content += Buffer.from(piece).toString("latin1");
  say({seen: end.content.length});
}

function halves(body) {
  const middle = body.length >> 1;
  return [body.subarray(0, middle), body.subarray(middle)];
}

// A connection through a tunnel, as programs make it to speak plain HTTP in it.
function tunnel(url) {
  return new Promise((done, fail) => {
    const where = {host: "127.0.0.1", port: proxyPort, agent: false};
    const request = http.request({...where, method: "CONNECT", path: url.host});
    request.on("connect", (response, socket) => {
      if (response.statusCode === 200) done(socket);
      else fail(new Error("the proxy answered " + response.statusCode));
    });
    request.on("error", fail);
    request.end();
  });
}

class TunnelAgent extends http.Agent {
  createConnection(options, made) {
    tunnel(options.through).then((socket) => made(null, socket), made);
  }
}

class Http {
  begin() {
    if (this.agent) this.agent.destroy();
    const kind = form === "connect" ? TunnelAgent : http.Agent;
    this.agent = new kind({keepAlive: true, maxSockets: 1});
  }

  ask(step, end) {
    return new Promise((done) => {
      const url = new URL(step.url);
      const fields = Object.fromEntries(step.fields);
      if (step.body && !step.chunked) fields["Content-Length"] = step.body.length;
      if (step.body && step.chunked) fields["Transfer-Encoding"] = "chunked";
      const options = {
        method: step.method,
        headers: fields,
        agent: this.agent,
        through: url,
        host: url.hostname,
        port: url.port,
        path: url.pathname + url.search,
      };
      if (step.login.length) options.auth = step.login[1] + ":" + step.login[2];
      if (form === "absolute") {
        options.headers = {Host: url.host, ...fields};
        Object.assign(options, {port: proxyPort, path: step.url});
      }
      const request = http.request(options);
      const finish = (error) => {
        clearTimeout(timer);
        if (error && !end.error) end.error = String(error.code || error.message);
        done();
      };
      const timer = setTimeout(() => {
        end.hung = true;
        request.destroy(new Error("timed out"));
        finish(new Error("timed out"));
      }, kMilliseconds);
      request.on("information", (head) => end.interim.push(head.statusCode));
      request.on("error", finish);
      request.on("response", (response) => {
        end.status = response.statusCode;
        end.fields = pairs(response.rawHeaders);
        response.on("data", (piece) => take(end, piece));
        response.on("error", finish);
        response.on("close", () => {
          end.trailers = pairs(response.rawTrailers);
          finish(response.complete ? null : new Error("ended early"));
        });
      });
      if (step.body && step.chunked) halves(step.body).forEach((piece) => request.write(piece));
      else if (step.body) request.write(step.body);
      request.end();
    });
  }
}

class Undici {
  begin() {
    const undici = require("/usr/share/nodejs/undici");
    if (this.dispatcher) this.dispatcher.destroy().catch(() => {});
    const proxy = `http://127.0.0.1:${proxyPort}`;
    this.dispatcher = form === "connect" ? new undici.ProxyAgent(proxy) : new undici.Agent();
    this.undici = undici;
  }

  async ask(step, end) {
    const abort = new AbortController();
    const timer = setTimeout(() => {
      end.hung = true;
      abort.abort();
    }, kMilliseconds);
    try {
      const fields = step.fields.flat();
      const stream = () => require("stream").Readable.from(halves(step.body));
      const body = step.body && step.chunked ? stream() : step.body;
      const response = await this.undici.request(step.url, {
        method: step.method,
        headers: fields,
        body,
        dispatcher: this.dispatcher,
        signal: abort.signal,
        responseHeaders: "raw",
        onInfo: (head) => end.interim.push(head.statusCode),
      });
      end.status = response.statusCode;
      end.fields = pairs(response.headers);
      for await (const piece of response.body) take(end, piece);
      end.trailers = Object.entries(response.trailers);
    } finally {
      clearTimeout(timer);
    }
  }
}

async function main() {
  const player = client === "undici" ? new Undici() : new Http();
  for await (const line of readline.createInterface({input: process.stdin})) {
    const step = JSON.parse(line);
    if (step.body) step.body = Buffer.from(step.body, "base64");
    const end = {status: null, fields: [], content: "", trailers: null, interim: []};
    Object.assign(end, {error: null, hung: false});
    try {
      if (step.first) player.begin();
      // Lets Node notice that a kept connection has ended before it uses it again.
      for (let turn = 0; turn < 3; turn++) await new Promise(setImmediate);
      await player.ask(step, end);
    } catch (error) {
      end.error = String(error.code || error.message);
    }
    say(end);
  }
  process.exit(0);
}

main().catch((error) => {
  process.stderr.write(String(error.stack) + "\n");
  process.exit(1);
});
