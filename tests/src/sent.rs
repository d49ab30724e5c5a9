//! Server-sent events, block by block.

use reqwest::{RequestBuilder, Response};
use serde_json::Value;
use std::{collections::VecDeque, time::Duration};
use tokio::time::timeout;

/// How long a block may take that has to come.
const SOON: Duration = Duration::from_secs(10);

/// An answer that goes on.
pub struct Sent {
    response: Response,
    text: String,
    blocks: VecDeque<Block>,
}

/// What stands between two empty lines.
#[derive(Debug, Default, Clone, PartialEq)]
pub struct Block {
    /// The field `id`.
    pub id: Option<String>,
    /// The field `event`.
    pub event: Option<String>,
    /// The field `data`, as JSON.
    pub data: Value,
}

impl Sent {
    /// Sends the request; the answer has to be a good one.
    pub async fn open(request: RequestBuilder) -> Self {
        let response = request.send().await.expect("an answer");
        assert_eq!(response.status(), 200);
        assert_eq!(response.headers()["content-type"], "text/event-stream");
        Self {
            response,
            text: String::new(),
            blocks: VecDeque::new(),
        }
    }

    /// The next block; none when the server is done.
    pub async fn next(&mut self) -> Option<Block> {
        while self.blocks.is_empty() {
            let chunk = timeout(SOON, self.response.chunk()).await.expect("a block in time");
            let chunk = chunk.expect("a whole answer")?;
            self.text.push_str(std::str::from_utf8(&chunk).expect("text"));
            while let Some((block, rest)) = self.text.split_once("\n\n") {
                self.blocks.push_back(read(block));
                self.text = rest.into();
            }
        }
        self.blocks.pop_front()
    }
}

fn read(text: &str) -> Block {
    let mut block = Block::default();
    for line in text.lines() {
        let (field, value) = line.split_once(": ").unwrap_or((line, ""));
        match field {
            "id" => block.id = Some(value.to_owned()),
            "event" => block.event = Some(value.to_owned()),
            "data" => block.data = serde_json::from_str(value).expect("JSON"),
            "retry" | ":" => {}
            other => panic!("the field {other}"),
        }
    }
    block
}
