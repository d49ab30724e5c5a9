import assert from "node:assert/strict";
import { test } from "node:test";
import { TestMesh } from "mesh-bot/testing";
import bot from "./bot.js";

test("answers and counts", () => {
  const mesh = new TestMesh(bot);
  assert.equal(mesh.mention("good morning"), "ack");
  mesh.restart();
  assert.equal(mesh.mention("hi", { by: "Bob" }), "ack");
  assert.deepEqual(mesh.replies, [
    "Hello Ada, you said: good morning (question 1)",
    "Hello Bob, you said: hi (question 2)",
  ]);
});
