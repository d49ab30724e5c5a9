// A mesh in memory, to test a bot on. What is here is described in testing.d.ts.

export { parseManifest } from "./src/manifest.js";
export { HandlerFailed } from "./src/runner.js";
export { message } from "./src/testing/message.js";
export { TestMesh } from "./src/testing/mesh.js";
