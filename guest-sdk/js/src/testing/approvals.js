import { ConflictError, InvalidError } from "../errors.js";
import { paged } from "./paged.js";

export function approvals(state) {
  return {
    list: state.gated("approval.read", "approval.list", (wanted, page) => {
      const all = state.approvals
        .map(({ approval }) => approval)
        .filter((approval) => wanted === null || approval.state === wanted);
      const { items, nextCursor } = paged(all.reverse(), page);
      return JSON.stringify({ items, next_cursor: nextCursor });
    }),
    request: state.gated("approval.request", "approval.request", ({ question, choices, room, operation, input }) => {
      if (question === "" && operation === null) throw new InvalidError("there is neither a question nor an operation");
      if (choices.length === 1 || choices.length > 10) throw new InvalidError("there are 2 to 10 choices, or none");
      const held = { question, choices, room, input: input === null ? null : JSON.parse(input) };
      return JSON.stringify(state.hold(operation, () => {}, held));
    }),
    get: state.gated("approval.read", "approval.get", (id) => JSON.stringify(found(state, id).approval)),
    cancel: state.gated("approval.request", "approval.cancel", (id) => JSON.stringify(settle(state, id, "cancelled"))),
  };
}

/** Decides a question and makes the call that waited for it; gives the question and the call's HTTP status. */
export function decide(state, id, answer, choice) {
  const { run } = found(state, id);
  const approval = settle(state, id, answer);
  approval.choice = choice;
  if (answer !== "approved" || approval.held === null) return { approval, status: null };
  run();
  approval.held.result = { status: 200 };
  return { approval, status: 200 };
}

function settle(state, id, outcome) {
  const { approval } = found(state, id);
  if (approval.state !== "pending") throw new ConflictError(`it is ${approval.state} already`);
  approval.state = outcome;
  return approval;
}

function found(state, id) {
  state.find(
    state.approvals.map(({ approval }) => approval),
    id,
  );
  return state.approvals.find(({ approval }) => approval.id === id);
}
