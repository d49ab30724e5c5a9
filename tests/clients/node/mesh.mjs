// A server of its own for each test: the program itself, on a free port, with an empty data folder.

import { spawn } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:net";
import { once } from "node:events";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";

const PROGRAM = process.env.MESH_PROGRAM ?? "target/debug/mesh";

async function freePort() {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address();
  server.close();
  await once(server, "close");
  return port;
}

export class Mesh {
  static async start() {
    const mesh = new Mesh();
    mesh.data = await mkdtemp(join(tmpdir(), "mesh-clients-"));
    mesh.address = `127.0.0.1:${await freePort()}`;
    mesh.url = `http://${mesh.address}`;
    const code = await mesh.run(/\bmic_[\w-]+/);
    const who = { email: "ada@example.org", password: "correct horse battery staple", name: "Ada" };
    mesh.token = (await mesh.call("POST", "/auth/register", { ...who, invite_code: code })).access_token;
    const home = await mesh.call("POST", "/meshes", { name: "Home" });
    mesh.room = (await mesh.call("POST", `/meshes/${home.id}/rooms`, { name: "General" })).id;
    mesh.stream = `room:${mesh.room}`;
    return mesh;
  }

  // Starts the program and waits until it says this, or until it serves.
  async run(says = /listens|http:\/\//) {
    this.program = spawn(PROGRAM, ["serve", "--listen", this.address], {
      env: { ...process.env, MESH_DATA: this.data },
      stdio: ["ignore", "pipe", "ignore"],
    });
    this.ended = once(this.program, "exit");
    for await (const line of createInterface({ input: this.program.stdout })) {
      const said = line.match(says);
      if (said) {
        this.program.stdout.resume();
        return said[0];
      }
    }
    throw new Error("the server ended early");
  }

  async end(signal) {
    this.program.kill(signal);
    await this.ended;
  }

  async stop() {
    await this.end("SIGKILL");
    await rm(this.data, { recursive: true });
  }

  async call(method, path, body, token = this.token) {
    const headers = { "content-type": "application/json" };
    if (token) headers.authorization = `Bearer ${token}`;
    const answer = await fetch(`${this.url}/api/v1${path}`, { method, headers, body: body && JSON.stringify(body) });
    if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${await answer.text()}`);
    return answer.status === 204 ? null : answer.json();
  }

  post(text) {
    return this.call("POST", `/rooms/${this.room}/messages`, { text });
  }
}
