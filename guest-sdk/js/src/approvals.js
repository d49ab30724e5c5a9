import { id, json, list, optionalCount, optionalId, optionalText, text } from "./arguments.js";
import { parse } from "./imports.js";
import { Pages } from "./pages.js";

/** Questions to people. */
export class Approvals {
  #imports;

  constructor(imports) {
    this.#imports = imports;
  }

  ask({ question = "", choices = [], room, operation, input, expiresInS }) {
    const approval = parse(
      this.#imports.approvals.request({
        question: text(question, "a question"),
        choices: list(choices, "choices", text),
        room: optionalId(room, "a room"),
        operation: optionalText(operation, "an operation"),
        input: input === undefined || input === null ? null : json(input, "an input"),
        expiresInS: optionalCount(expiresInS, "a number of seconds"),
      }),
    );
    return approval.id;
  }

  list(state) {
    const wanted = optionalText(state, "a state");
    return new Pages((page) => {
      const { items, next_cursor: nextCursor } = parse(this.#imports.approvals.list(wanted, page));
      return { items, nextCursor };
    });
  }

  get(approval) {
    return parse(this.#imports.approvals.get(id(approval, "an approval")));
  }

  cancel(approval) {
    return parse(this.#imports.approvals.cancel(id(approval, "an approval")));
  }
}
