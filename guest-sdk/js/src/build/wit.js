import { cp, mkdtemp, mkdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const CONTRACT = fileURLToPath(new URL("../../wit", import.meta.url));

// The engine needs WASI anyway; `random` is named because the bot's own numbers come from it.
const WORLD = `package mesh:javascript;

world component {
  include mesh:bot/bot@0.1.0;
  import wasi:random/random@0.2.12;
}
`;

const RANDOM = `package wasi:random@0.2.12;

interface random {
  get-random-bytes: func(len: u64) -> list<u8>;
}
`;

/** Calls `use` with a folder that holds the contract and the world of a component in JavaScript. */
export async function withWit(use) {
  const folder = await mkdtemp(join(tmpdir(), "mesh-bot-wit-"));
  try {
    await mkdir(join(folder, "deps", "random"), { recursive: true });
    await cp(CONTRACT, join(folder, "deps", "bot"), { recursive: true, dereference: true });
    await writeFile(join(folder, "deps", "random", "random.wit"), RANDOM);
    await writeFile(join(folder, "world.wit"), WORLD);
    return await use(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
