import { fromRaw, MalformedError } from "./errors.js";

/** The interfaces of `mesh:bot`, with each function throwing the errors of this package. */
export function translated(imports) {
  const interfaces = {};
  for (const [name, functions] of Object.entries(imports)) {
    interfaces[name] = {};
    for (const [called, call] of Object.entries(functions)) {
      if (typeof call === "function") interfaces[name][called] = (...args) => answer(() => call(...args));
    }
  }
  return interfaces;
}

/** What a call of the mesh gives, or one of the errors of this package. */
export function answer(call) {
  try {
    return call();
  } catch (error) {
    throw fromRaw(error);
  }
}

/** Reads an answer of the mesh that is a JSON document. */
export function parse(json) {
  try {
    return JSON.parse(json);
  } catch (error) {
    throw new MalformedError(error.message);
  }
}
