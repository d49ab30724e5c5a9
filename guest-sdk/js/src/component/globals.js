// What packages expect to find and QuickJS does not bring: UTF-8 and a console.

import * as log from "../log.js";
import { TextDecoder, TextEncoder } from "./utf8.js";

globalThis.TextEncoder ??= TextEncoder;
globalThis.TextDecoder ??= TextDecoder;
globalThis.console ??= {
  debug: (...parts) => log.debug(inOneLine(parts)),
  log: (...parts) => log.info(inOneLine(parts)),
  info: (...parts) => log.info(inOneLine(parts)),
  warn: (...parts) => log.warn(inOneLine(parts)),
  error: (...parts) => log.error(inOneLine(parts)),
};

function inOneLine(parts) {
  return parts.map(shown).join(" ");
}

function shown(part) {
  if (typeof part !== "object" || part === null || part instanceof Error) return String(part);
  try {
    return JSON.stringify(part);
  } catch {
    return String(part);
  }
}
