let write = () => {};

/** Sends lines somewhere from now on: to the mesh in a component, to the test mesh in a test. */
export function sendTo(sink) {
  write = sink;
}

/** What only helps when following every step. */
export function trace(text, fields) {
  write("trace", line(text, fields));
}

/** What helps to find a fault. */
export function debug(text, fields) {
  write("debug", line(text, fields));
}

/** What the keeper of the bot may like to know. */
export function info(text, fields) {
  write("info", line(text, fields));
}

/** What should be looked into. */
export function warn(text, fields) {
  write("warn", line(text, fields));
}

/** What did not work. */
export function error(text, fields) {
  write("error", line(text, fields));
}

function line(text, fields = {}) {
  return [String(text), ...Object.entries(fields).map(([name, value]) => `${name}=${quoted(String(value))}`)].join(" ");
}

// Only where it would otherwise be unclear where the value ends.
function quoted(value) {
  return value === "" || /[\s"=]/.test(value) ? JSON.stringify(value) : value;
}
