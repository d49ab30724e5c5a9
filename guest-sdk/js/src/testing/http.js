import { DeniedError, InvalidError, UnavailableError } from "../errors.js";

export function http(state) {
  return { fetch: state.gated("bot.network", "outbound.fetch", (request) => fetch(state, request)) };
}

function fetch(state, { method, url, headers, secrets, body }) {
  const { protocol, hostname } = parsed(url);
  if (protocol !== "https:") throw new InvalidError("the URL has to begin with https://");
  if (!state.reaches(hostname)) throw new DeniedError("grant", `bot.toml does not name the host \`${hostname}\``);
  const hidden = secrets.map(({ name, prefix, secret }) => [name, prefix + state.secretToSend(secret, hostname)]);
  const sent = Object.fromEntries([...headers, ...hidden]);
  state.requests.push({ method, url, headers: sent, body: new TextDecoder().decode(body) });
  const answer = state.answers.get(url);
  if (!answer) throw new UnavailableError(`the test has no answer for ${url}`);
  return answer;
}

function parsed(url) {
  try {
    return new URL(url);
  } catch {
    throw new InvalidError(`\`${url}\` is no URL`);
  }
}
