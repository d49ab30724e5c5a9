import { id } from "./arguments.js";
import { Pages } from "./pages.js";

/** The people and bots of the mesh. */
export class Members {
  #imports;

  constructor(imports) {
    this.#imports = imports;
  }

  list() {
    return new Pages((page) => {
      const { members, nextCursor } = this.#imports.members.list(page);
      return { items: members, nextCursor };
    });
  }

  get(member) {
    return this.#imports.members.get(id(member, "a member"));
  }
}
