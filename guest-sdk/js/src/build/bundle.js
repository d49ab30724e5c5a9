import { fileURLToPath } from "node:url";
import * as esbuild from "esbuild";

const SDK = fileURLToPath(new URL("../../index.js", import.meta.url));
const COMPONENT = fileURLToPath(new URL("../component/index.js", import.meta.url));

/** The bot, the packages it uses and this SDK as one module, which is what the engine takes. */
export async function bundle(root, main) {
  const contents = [
    `import { exported } from ${JSON.stringify(COMPONENT)};`,
    `import bot from ${JSON.stringify(main)};`,
    "export const handler = exported(bot);",
  ].join("\n");
  const { outputFiles } = await esbuild
    .build({
      stdin: { contents, resolveDir: root, sourcefile: "component" },
      absWorkingDir: root,
      bundle: true,
      write: false,
      format: "esm",
      platform: "neutral",
      mainFields: ["module", "main"],
      target: "es2023",
      charset: "utf8",
      keepNames: true,
      external: ["mesh:*", "wasi:*"],
      // One copy, whichever the project links to: bots are told from other objects by it.
      alias: { "mesh-bot": SDK },
      logLevel: "silent",
    })
    .catch((error) => {
      throw new Error(describe(error));
    });
  return outputFiles[0].text;
}

function describe({ errors = [], message }) {
  const found = errors.map(({ text, location }) => (location ? `${location.file}:${location.line}: ${text}` : text));
  return found.join("\n") || message;
}
