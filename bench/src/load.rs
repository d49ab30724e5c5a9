//! A load of posts over keep-alive connections, with as little client as possible.

use std::{
    net::SocketAddr,
    sync::atomic::{AtomicU64, Ordering},
    time::{Duration, Instant},
};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};

/// What a load found.
pub(crate) struct Found {
    pub(crate) per_second: f64,
    pub(crate) requests: u64,
    /// Milliseconds, sorted.
    pub(crate) latencies: Vec<f64>,
}

/// Posts over so many connections for so long. Each request has its own idempotency key.
pub(crate) async fn post(address: SocketAddr, path: String, token: String, connections: u64, time: Duration) -> Found {
    // A key that an earlier load used would be answered without a write.
    static NEXT: AtomicU64 = AtomicU64::new(0);
    let begun = Instant::now();
    let clients: Vec<_> = (0..connections)
        .map(|_| tokio::spawn(client(address, path.clone(), token.clone(), begun + time, &NEXT)))
        .collect();
    let mut latencies = Vec::new();
    for client in clients {
        latencies.extend(client.await.expect("a client"));
    }
    let took = begun.elapsed().as_secs_f64();
    latencies.sort_by(f64::total_cmp);
    #[allow(clippy::cast_precision_loss, reason = "far below 2^52")]
    let per_second = latencies.len() as f64 / took;
    Found {
        per_second,
        requests: latencies.len() as u64,
        latencies,
    }
}

async fn client(address: SocketAddr, path: String, token: String, end: Instant, next: &AtomicU64) -> Vec<f64> {
    let mut stream = TcpStream::connect(address).await.expect("a connection");
    stream.set_nodelay(true).expect("nodelay");
    let body = format!(r#"{{"text":"{}"}}"#, "x".repeat(100));
    let (mut latencies, mut answer) = (Vec::new(), vec![0; 16 << 10]);
    while Instant::now() < end {
        let key = next.fetch_add(1, Ordering::Relaxed);
        let request = format!(
            "POST {path} HTTP/1.1\r\nhost: 127.0.0.1\r\nauthorization: Bearer {token}\r\ncontent-type: application/json\r\nidempotency-key: k{key}\r\ncontent-length: {}\r\n\r\n{body}",
            body.len()
        );
        let begun = Instant::now();
        stream.write_all(request.as_bytes()).await.expect("written");
        read_answer(&mut stream, &mut answer).await;
        latencies.push(begun.elapsed().as_secs_f64() * 1000.0);
    }
    latencies
}

async fn read_answer(stream: &mut TcpStream, buffer: &mut [u8]) {
    let mut have = 0;
    loop {
        let read = stream.read(&mut buffer[have..]).await.expect("an answer");
        assert!(read > 0, "the server closed the connection");
        have += read;
        let Some(head) = buffer[..have].windows(4).position(|four| four == b"\r\n\r\n") else {
            continue;
        };
        let text = std::str::from_utf8(&buffer[..head]).expect("text").to_ascii_lowercase();
        assert!(
            text.starts_with("http/1.1 20"),
            "{}",
            String::from_utf8_lossy(&buffer[..have])
        );
        // An answer without content has no length.
        let length = text.lines().find_map(|line| line.strip_prefix("content-length: "));
        let length = length.map_or(0, |length| length.trim().parse::<usize>().expect("a length"));
        if have == head + 4 + length {
            return;
        }
    }
}

/// One connection that posts whatever it is given.
pub(crate) struct Poster {
    stream: TcpStream,
    head: String,
    answer: Vec<u8>,
}

impl Poster {
    pub(crate) async fn connect(address: SocketAddr, path: &str, token: &str) -> Self {
        let stream = TcpStream::connect(address).await.expect("a connection");
        stream.set_nodelay(true).expect("nodelay");
        let head = format!(
            "POST {path} HTTP/1.1\r\nhost: 127.0.0.1\r\nauthorization: Bearer {token}\r\ncontent-type: application/json\r\n"
        );
        Self {
            stream,
            head,
            answer: vec![0; 16 << 10],
        }
    }

    pub(crate) async fn post(&mut self, body: &str) {
        let request = format!("{}content-length: {}\r\n\r\n{body}", self.head, body.len());
        self.stream.write_all(request.as_bytes()).await.expect("written");
        read_answer(&mut self.stream, &mut self.answer).await;
    }
}
