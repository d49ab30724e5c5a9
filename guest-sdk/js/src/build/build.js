import { mkdir, readFile, rename, writeFile } from "node:fs/promises";
import { join, relative, resolve } from "node:path";
import { componentize } from "componentize-qjs";
import { parseManifest } from "../manifest.js";
import { bundle } from "./bundle.js";
import { withManifest } from "./section.js";
import { withWit } from "./wit.js";

/** Builds the bot in a folder to `dist/NAME.wasm` in it, where NAME is the name in its `bot.toml`. */
export async function build(folder) {
  const root = resolve(folder);
  const manifest = await readFile(join(root, "bot.toml"), "utf8");
  const { bot } = about(manifest);
  const jsSource = await bundle(root, await mainModule(root));
  const whole = withManifest(await compiled(jsSource), manifest);
  const path = join(root, "dist", `${fileName(bot.name)}.wasm`);
  await write(path, whole);
  return { path: relative(process.cwd(), path), bytes: whole.length };
}

// The engine runs the top level of the module while it does this.
function compiled(jsSource) {
  return withWit(async (witPath) => {
    const { component } = await componentize({ witPath, world: "component", jsSource, sync: true });
    return component;
  }).catch((error) => {
    throw new Error(error.message.replace(/^[: ]+/, "").trim());
  });
}

async function mainModule(root) {
  const { main } = JSON.parse(await readFile(join(root, "package.json"), "utf8"));
  if (typeof main === "string") return resolve(root, main);
  throw new TypeError("package.json has no `main`, which names the module that exports the bot");
}

function about(manifest) {
  try {
    return parseManifest(manifest);
  } catch (error) {
    throw new TypeError(`bot.toml: ${error.message}`);
  }
}

function fileName(name) {
  return name.replace(/[^\p{L}\p{N}._-]+/gu, "-");
}

// Whoever watches the file never sees half of it.
async function write(path, bytes) {
  await mkdir(join(path, ".."), { recursive: true });
  await writeFile(`${path}.new`, bytes);
  await rename(`${path}.new`, path);
}
