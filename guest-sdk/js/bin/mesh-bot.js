#!/usr/bin/env node
// The command of this package: `mesh-bot build [FOLDER]`.

import { build } from "../src/build/build.js";

const [command, folder = "."] = process.argv.slice(2);
if (command !== "build") {
  console.error("usage: mesh-bot build [FOLDER]\n\nMakes dist/NAME.wasm of the bot in the folder.");
  process.exit(2);
}
try {
  const { path, bytes } = await build(folder);
  console.log(`${path} (${Math.ceil(bytes / 1024)} KiB)`);
} catch (error) {
  console.error(`The bot was not built: ${error.message}`);
  process.exit(1);
}
