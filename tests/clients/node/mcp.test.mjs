// The official client of the Model Context Protocol, in the version of 2026 and as clients spoke before.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { Client, StreamableHTTPClientTransport } from "@modelcontextprotocol/client";
import { Mesh } from "./mesh.mjs";

const VERSIONS = { "2026-07-28": { mode: { pin: "2026-07-28" } }, "2025-11-25": { mode: "legacy" } };

let mesh;
before(async () => (mesh = await Mesh.start()));
after(() => mesh.stop());

async function connect(versionNegotiation, token = mesh.token) {
  const client = new Client({ name: "test", version: "1" }, { versionNegotiation });
  const requestInit = { headers: { authorization: `Bearer ${token}` } };
  await client.connect(new StreamableHTTPClientTransport(new URL(`${mesh.url}/mcp`), { requestInit }));
  return client;
}

for (const [version, negotiation] of Object.entries(VERSIONS)) {
  test(`an agent reads, posts and searches, speaking ${version}`, async () => {
    const client = await connect(negotiation);
    assert.equal(client.getServerVersion().name, "the-mesh");
    assert.equal(client.getNegotiatedProtocolVersion(), version);
    assert.match(client.getInstructions(), /message_post/);

    const { tools } = await client.listTools();
    const post = tools.find((tool) => tool.name === "message_post");
    assert.deepEqual(post.inputSchema.required, ["room_id", "text"]);
    assert.equal(post.annotations.readOnlyHint, false);
    for (const { name } of tools) assert.match(name, /^[a-z0-9_]{1,40}$/);

    const call = (name, input, _meta) => client.callTool({ name, arguments: input, _meta });
    const input = { room_id: mesh.room, text: `said with ${version}` };
    const posted = await call("message_post", input, { idempotency_key: version });
    assert.ok(!posted.isError, JSON.stringify(posted));
    assert.deepEqual(JSON.parse(posted.content[0].text), posted.structuredContent);
    const again = await call("message_post", input, { idempotency_key: version });
    assert.equal(again.structuredContent.id, posted.structuredContent.id);
    const listed = await call("message_list", { room_id: mesh.room, limit: 1 });
    assert.equal(listed.structuredContent.items[0].text, input.text);

    const { resourceTemplates } = await client.listResourceTemplates();
    assert.equal(resourceTemplates.length, 3);
    const read = await client.readResource({ uri: `mesh://messages/${posted.structuredContent.id}` });
    assert.equal(JSON.parse(read.contents[0].text).text, input.text);
    await client.close();
  });
}

test("what is wrong is said, and disturbs nothing", async () => {
  const client = await connect(VERSIONS["2026-07-28"]);
  const empty = await client.callTool({ name: "message_post", arguments: { room_id: mesh.room } });
  assert.deepEqual([empty.isError, empty.structuredContent.code], [true, "validation_failed"]);
  const hidden = await client.callTool({ name: "room_get", arguments: { room_id: "room_01h455vb4pex5vsknk084sn02q" } });
  assert.deepEqual([hidden.isError, hidden.structuredContent.code], [true, "not_found"]);
  await assert.rejects(client.callTool({ name: "message_shout", arguments: {} }), /no tool `message_shout`/);
  await assert.rejects(client.callTool({ name: "auth_register", arguments: {} }), /no tool/);
  await assert.rejects(client.readResource({ uri: "mesh://rooms/room_01h455vb4pex5vsknk084sn02q" }), /no resource/);
  assert.equal((await client.listTools()).tools.length > 20, true);
  await client.close();
});

test("nobody in particular gets nothing", async () => {
  await assert.rejects(connect(VERSIONS["2025-11-25"], "mst_wrong"), /401|Unauthorized|sign in/i);
});
