//! The table of figures.

use std::fmt::Write as _;

/// Every figure of a run.
#[derive(Default)]
pub(crate) struct Report {
    rows: Vec<[String; 4]>,
}

impl Report {
    /// A figure, what it was measured against, and its limit. An empty limit says that there is none.
    pub(crate) fn add(&mut self, what: &str, measured: String, limit: &str, within: bool) {
        let verdict = match (limit.is_empty(), within) {
            (true, _) => "",
            (false, true) => "within",
            (false, false) => "**over**",
        };
        println!("{what}: {measured}  {limit} {verdict}");
        self.rows.push([what.into(), measured, limit.into(), verdict.into()]);
    }

    /// Writes `docs/performance.md`.
    pub(crate) fn write(&self) {
        let mut text = String::from(
            "# Performance\n\n\
             Measured by `make bench` in one run, client and server on the same machine. Absolute figures are of that\n\
             machine; ratios and figures beside a bare part are what to look at. The load has 32 connections, each with\n\
             an idempotency key of its own per request; the bare handler takes and gives the same JSON. Both use the\n\
             same allocator. The echo bot is measured with nothing else to do, inside one process.\n\n\
             | What | Measured | Limit | |\n|---|---|---|---|\n",
        );
        for [what, measured, limit, verdict] in &self.rows {
            let _ = writeln!(text, "| {what} | {measured} | {limit} | {verdict} |");
        }
        let place = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/performance.md");
        std::fs::write(place, text).expect("docs/performance.md can be written");
    }
}
