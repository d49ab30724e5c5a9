// Write bots for The Mesh in JavaScript. What is here is described in index.d.ts.

export { defineBot } from "./src/bot.js";
export {
  ConflictError,
  DeniedError,
  FailedError,
  InvalidError,
  MalformedError,
  MeshError,
  NotFoundError,
  PendingError,
  RateLimitedError,
  Reject,
  Retry,
  UnavailableError,
} from "./src/errors.js";
export * as log from "./src/log.js";
export { Mesh } from "./src/mesh.js";
export { Message } from "./src/message.js";
export { Pages } from "./src/pages.js";
export { MessageWriter } from "./src/writer.js";
