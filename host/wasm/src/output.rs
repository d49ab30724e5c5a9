//! What a bot says about itself: log lines, standard output and standard error, within one budget.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use tokio::io::{AsyncWrite, sink};
use wasmtime_wasi::cli::{IsTerminal, StdoutStream};
use wasmtime_wasi::p2::{OutputStream, Pollable, StreamResult};

/// What keeping a line costs besides its bytes, so that a flood of empty lines ends too.
const LINE_COST: usize = 16;
/// Bytes a guest may hand over in one write to standard output or standard error.
const WRITE_PERMIT: usize = 64 << 10;

/// Where a line came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogSource {
    /// The server, about how the bot stopped. Its text can have several lines: a backtrace.
    Server,
    /// The function `log.write`, with its level.
    Log(LogLevel),
    /// Standard output.
    Stdout,
    /// Standard error; a panic message arrives here.
    Stderr,
}

/// The levels of the contract.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[expect(missing_docs, reason = "the names say it")]
pub enum LogLevel {
    Trace,
    Debug,
    Info,
    Warn,
    Error,
}

/// One line of a bot. Its text is the guest's: escape it where it is shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogLine {
    /// Where it came from.
    pub source: LogSource,
    /// The text, without the line's end.
    pub text: String,
}

/// What a bot said during one call.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LogOutput {
    /// The lines in order.
    pub lines: Vec<LogLine>,
    /// Lines, or pieces of them, that were over the budget and are lost.
    pub dropped: u32,
}

/// Collects what a bot says. Clones share one budget.
#[derive(Debug, Clone)]
pub(crate) struct LogBook(Arc<Mutex<Pages>>);

#[derive(Debug)]
struct Pages {
    limit: usize,
    left: usize,
    kept: LogOutput,
    stdout: Vec<u8>,
    stderr: Vec<u8>,
}

impl LogBook {
    /// A book that takes this many bytes for each call.
    pub(crate) fn new(limit: u64) -> Self {
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        let pages = Pages {
            limit,
            left: limit,
            kept: LogOutput::default(),
            stdout: Vec::new(),
            stderr: Vec::new(),
        };
        Self(Arc::new(Mutex::new(pages)))
    }

    /// Keeps one log line, or counts it as dropped.
    pub(crate) fn write(&self, level: LogLevel, text: String) {
        self.pages().keep(LogSource::Log(level), text);
    }

    /// Writes why the bot stopped. Always kept: it is one line, and the caller bounds its length.
    pub(crate) fn epitaph(&self, text: String) {
        let mut pages = self.pages();
        pages.flush();
        pages.kept.lines.push(LogLine {
            source: LogSource::Server,
            text,
        });
    }

    /// Everything since the last call of this, unfinished lines included; the budget is full again.
    pub(crate) fn take(&self) -> LogOutput {
        let mut pages = self.pages();
        pages.flush();
        pages.left = pages.limit;
        std::mem::take(&mut pages.kept)
    }

    /// A stream for the guest whose lines end here.
    pub(crate) fn stream(&self, source: LogSource) -> BookStream {
        BookStream {
            book: self.clone(),
            source,
        }
    }

    fn pages(&self) -> MutexGuard<'_, Pages> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Pages {
    fn keep(&mut self, source: LogSource, text: String) {
        let cost = text.len().saturating_add(LINE_COST);
        if cost > self.left {
            self.kept.dropped = self.kept.dropped.saturating_add(1);
            return;
        }
        self.left -= cost;
        self.kept.lines.push(LogLine { source, text });
    }

    /// Takes bytes of a stream: whole lines are kept, the rest waits for its end within the budget.
    fn write(&mut self, source: LogSource, bytes: &[u8]) {
        let room = self.left.saturating_sub(self.stdout.len() + self.stderr.len());
        let taken = &bytes[..bytes.len().min(room)];
        if taken.len() < bytes.len() {
            self.kept.dropped = self.kept.dropped.saturating_add(1);
        }
        self.pending(source).extend_from_slice(taken);
        while let Some(end) = self.pending(source).iter().position(|byte| *byte == b'\n') {
            let line: Vec<u8> = self.pending(source).drain(..=end).collect();
            self.push(source, &line[..end]);
        }
    }

    /// Keeps the bytes of one line. They were within the budget when they were taken, so a line
    /// that no longer fits with its own cost is cut rather than lost.
    fn push(&mut self, source: LogSource, line: &[u8]) {
        let room = self.left.saturating_sub(LINE_COST);
        let mut text = String::from_utf8_lossy(line).into_owned();
        text.truncate(text.floor_char_boundary(room));
        self.keep(source, text);
    }

    /// Keeps the lines that have no end yet.
    fn flush(&mut self) {
        for stream in [LogSource::Stdout, LogSource::Stderr] {
            let rest = std::mem::take(self.pending(stream));
            if !rest.is_empty() {
                self.push(stream, &rest);
            }
        }
    }

    fn pending(&mut self, source: LogSource) -> &mut Vec<u8> {
        if source == LogSource::Stdout {
            &mut self.stdout
        } else {
            &mut self.stderr
        }
    }
}

/// A guest's standard output or standard error. Never full and never waiting: what is over the
/// budget is dropped, because a guest that cannot print must not fail for it.
#[derive(Debug, Clone)]
pub(crate) struct BookStream {
    book: LogBook,
    source: LogSource,
}

#[wasmtime_wasi::async_trait]
impl Pollable for BookStream {
    async fn ready(&mut self) {}
}

impl OutputStream for BookStream {
    fn write(&mut self, bytes: Bytes) -> StreamResult<()> {
        self.book.pages().write(self.source, &bytes);
        Ok(())
    }

    fn flush(&mut self) -> StreamResult<()> {
        Ok(())
    }

    fn check_write(&mut self) -> StreamResult<usize> {
        Ok(WRITE_PERMIT)
    }
}

impl IsTerminal for BookStream {
    fn is_terminal(&self) -> bool {
        false
    }
}

impl StdoutStream for BookStream {
    fn p2_stream(&self) -> Box<dyn OutputStream> {
        Box::new(self.clone())
    }

    /// Only WASI 0.3 asks for this one, which is not linked.
    fn async_stream(&self) -> Box<dyn AsyncWrite + Send + Sync> {
        Box::new(sink())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(output: &LogOutput) -> Vec<&str> {
        output.lines.iter().map(|line| line.text.as_str()).collect()
    }

    #[test]
    fn lines_are_split_and_the_last_needs_no_end() {
        let book = LogBook::new(1000);
        book.stream(LogSource::Stdout)
            .write(Bytes::from_static(b"one\ntw"))
            .expect("never fails");
        book.stream(LogSource::Stdout)
            .write(Bytes::from_static(b"o\nthree"))
            .expect("never fails");
        book.write(LogLevel::Info, "logged".into());
        assert_eq!(texts(&book.take()), ["one", "two", "logged", "three"]);
        assert_eq!(book.take(), LogOutput::default());
    }

    #[test]
    fn a_flood_is_dropped_and_counted_and_the_next_call_may_speak_again() {
        let book = LogBook::new(100);
        for _ in 0..1000 {
            book.write(LogLevel::Info, String::new());
            book.stream(LogSource::Stderr)
                .write(Bytes::from_static(&[b'x'; 500]))
                .expect("never fails");
        }
        let output = book.take();
        assert!(output.lines.len() <= 7 && output.dropped > 1000, "{output:?}");
        assert!(output.lines.iter().map(|line| line.text.len()).sum::<usize>() <= 100);
        book.write(LogLevel::Info, "again".into());
        assert_eq!(texts(&book.take()), ["again"]);
    }
}
