//! What a bot says, as it says it: over broken connections, restarts and new tokens, without loss or repetition.

use crate::{Client, Error, Problem, Result, backoff::Backoff};
use mesh_types::{BotId, bot::BotLogLine};
use reqwest::Response;
use serde::de::DeserializeOwned;
use std::time::Duration;
use tokio::time::{Instant, sleep_until};

/// A connection that lasted so long was a good one: the next wait is a short one.
const GOOD: Duration = Duration::from_secs(10);

/// What somebody who follows a bot's log is told.
#[derive(Debug)]
#[non_exhaustive]
pub enum LogItem {
    /// A line: each one once, in order.
    Line(Box<BotLogLine>),
    /// The connection broke or could not be opened.
    Disconnected {
        /// Why.
        error: Error,
        /// When the next one is tried.
        again_in: Duration,
    },
}

/// Follows the log of a bot.
#[derive(Debug)]
pub struct BotLog {
    client: Client,
    bot: BotId,
    after: String,
    open: Option<Open>,
    again: Instant,
    backoff: Backoff,
    /// A token that was refused, and how; the next connection needs another one.
    refused: Option<(Option<String>, Error)>,
}

/// A connection.
#[derive(Debug)]
struct Open {
    response: Response,
    token: Option<String>,
    since: Instant,
    bytes: Vec<u8>,
}

impl BotLog {
    /// The lines behind the one with this id; `0` for all that the server keeps.
    pub fn after(client: &Client, bot: BotId, line: &str) -> Self {
        Self {
            client: client.clone(),
            bot,
            after: line.to_owned(),
            open: None,
            again: Instant::now(),
            backoff: Backoff::default(),
            refused: None,
        }
    }

    /// The next line. An error means that following is over: the caller may not see the log any more, or there is
    /// no other token. Nothing is lost when it is not awaited to its end.
    pub async fn next(&mut self) -> Result<LogItem> {
        loop {
            let Some(open) = &mut self.open else {
                sleep_until(self.again).await;
                match self.connect().await {
                    Ok(open) => self.open = Some(open),
                    Err((token, error)) => return self.failed(token, error, None),
                }
                continue;
            };
            match open.block().await {
                Ok(block) => {
                    if let Some(id) = block.id {
                        self.after = id;
                        self.refused = None;
                    }
                    if let Some(line) = block.line {
                        return Ok(LogItem::Line(line));
                    }
                }
                Err(error) => {
                    let (token, since) = (open.token.clone(), open.since);
                    self.open = None;
                    return self.failed(token, error, Some(since));
                }
            }
        }
    }

    async fn connect(&self) -> Result<Open, (Option<String>, Error)> {
        let ended = self.refused.as_ref().and_then(|(token, _)| token.as_deref());
        let token = self.client.tokens().token(ended).await.map_err(|error| (None, error))?;
        if let Some((shown, error)) = &self.refused
            && (token.is_none() || token == *shown)
        {
            return Err((token, error.clone()));
        }
        let path = format!("/bots/{}/logs/tail?after={}", self.bot, self.after);
        match self.client.open(&path, token.as_deref()).await {
            Ok(response) => Ok(Open {
                response,
                token,
                since: Instant::now(),
                bytes: Vec::new(),
            }),
            Err(error) => Err((token, error)),
        }
    }

    /// A connection ended, or could not be opened with this token.
    fn failed(&mut self, token: Option<String>, error: Error, since: Option<Instant>) -> Result<LogItem> {
        let ended = matches!(error.code(), Some("token_expired" | "unauthenticated"));
        let again_in = if ended && self.refused.is_none() {
            self.refused = Some((token, error.clone()));
            Duration::ZERO
        } else if error.passes() || error.code() == Some("limit_reached") {
            if since.is_some_and(|since| since.elapsed() >= GOOD) {
                self.backoff.reset();
            }
            let wait = self.backoff.wait();
            error.retry_after_ms().map_or(wait, Duration::from_millis)
        } else {
            return Err(error);
        };
        self.again = Instant::now() + again_in;
        Ok(LogItem::Disconnected { error, again_in })
    }
}

/// What stands between two empty lines.
#[derive(Debug, Default)]
struct Block {
    id: Option<String>,
    line: Option<Box<BotLogLine>>,
}

impl Open {
    async fn block(&mut self) -> Result<Block> {
        loop {
            if let Some(end) = self.bytes.windows(2).position(|two| two == b"\n\n") {
                let block: Vec<u8> = self.bytes.drain(..end + 2).collect();
                return read(&block);
            }
            match self.response.chunk().await {
                Ok(Some(chunk)) => self.bytes.extend_from_slice(&chunk),
                Ok(None) | Err(_) => return Err(Error::broken("the connection broke")),
            }
        }
    }
}

fn read(block: &[u8]) -> Result<Block> {
    let text = std::str::from_utf8(block).map_err(|_| Error::Protocol("an event is not UTF-8".into()))?;
    let (mut id, mut event, mut data, mut retry) = (None, "", "", None);
    for line in text.lines() {
        match line.split_once(": ") {
            Some(("id", value)) => id = Some(value.to_owned()),
            Some(("event", value)) => event = value,
            Some(("data", value)) => data = value,
            Some(("retry", value)) => retry = value.parse().ok(),
            _ => {}
        }
    }
    match event {
        "closing" => {
            let mut problem: Problem = parsed(data)?;
            problem.retry_after_ms = problem.retry_after_ms.or(retry);
            Err(Error::Refused(Box::new(problem)))
        }
        "" if !data.is_empty() => Ok(Block {
            id,
            line: Some(parsed(data)?),
        }),
        _ => Ok(Block { id, line: None }),
    }
}

fn parsed<T: DeserializeOwned>(data: &str) -> Result<T> {
    serde_json::from_str(data).map_err(|error| Error::Protocol(format!("an event cannot be read: {error}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_are_lines_places_signs_of_life_and_ends() {
        let line = r#"{"id":"0a","at":"2026-02-20T09:30:00.000Z","level":"info","text":"a: b","instance":""}"#;
        let block = read(format!("id: 0a\ndata: {line}\n\n").as_bytes()).unwrap();
        assert_eq!((block.id.as_deref(), &*block.line.unwrap().text), (Some("0a"), "a: b"));
        let block = read(b"id: 0b\n\n").unwrap();
        assert!(block.id.as_deref() == Some("0b") && block.line.is_none());
        assert!(read(b":\n\n").unwrap().id.is_none());
        let end = read(b"retry: 700\nevent: closing\ndata: {\"code\":\"maintenance\",\"status\":503}\n\n").unwrap_err();
        assert_eq!(
            (end.code(), end.retry_after_ms(), end.passes()),
            (Some("maintenance"), Some(700), true)
        );
        assert!(read(b"data: {}\n\n").is_err());
    }
}
