import { bytes, optionalCount, text } from "./arguments.js";
import { parse } from "./imports.js";

/** Asks another server, one that `bot.toml` names. */
export function fetch(imports, url, { method = "GET", headers = {}, secrets = {}, body = "", timeoutMs } = {}) {
  return new Response(
    imports.http.fetch({
      method: text(method, "a method"),
      url: text(url instanceof Object ? url.href : url, "a URL"),
      headers: pairs(headers).map(([name, value]) => [text(name, "a header's name"), text(value, "a header")]),
      secrets: Object.entries(secrets).map(([name, { prefix = "", secret }]) => ({
        name,
        prefix: text(prefix, "what stands before a secret"),
        secret: text(secret, "the name of a secret"),
      })),
      body: bytes(body, "a body"),
      timeoutMs: optionalCount(timeoutMs, "a time to wait", 0xffffffff),
    }),
  );
}

/** What the other side answered, whatever its status. */
class Response {
  constructor({ status, headers, body }) {
    this.status = status;
    this.headers = headers;
    this.body = body;
  }

  get ok() {
    return this.status >= 200 && this.status < 300;
  }

  header(name) {
    const values = this.headers.filter(([called]) => called.toLowerCase() === name.toLowerCase());
    return values.length === 0 ? null : values.map(([, value]) => value).join(", ");
  }

  text() {
    return new TextDecoder().decode(this.body);
  }

  json() {
    return parse(this.text());
  }
}

function pairs(headers) {
  return typeof headers[Symbol.iterator] === "function" ? [...headers] : Object.entries(headers);
}
