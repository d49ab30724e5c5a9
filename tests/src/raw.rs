use std::{net::SocketAddr, time::Duration};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    time::timeout,
};

/// A connection on which a test writes what no HTTP library would.
pub struct Raw {
    stream: TcpStream,
}

impl Raw {
    /// Connects.
    pub async fn connect(address: SocketAddr) -> Self {
        Self {
            stream: TcpStream::connect(address).await.expect("the server listens"),
        }
    }

    /// Writes; a server that has hung up is no failure of the test.
    pub async fn write(&mut self, bytes: impl AsRef<[u8]>) -> bool {
        self.stream.write_all(bytes.as_ref()).await.is_ok()
    }

    /// Reads until the server hangs up, or for so long.
    pub async fn read(&mut self, wait: Duration) -> String {
        let mut all = Vec::new();
        let _ = timeout(wait, self.stream.read_to_end(&mut all)).await;
        String::from_utf8_lossy(&all).into_owned()
    }

    /// Whether the server hangs up within this time.
    pub async fn is_closed_within(&mut self, wait: Duration) -> bool {
        let mut all = Vec::new();
        timeout(wait, self.stream.read_to_end(&mut all)).await.is_ok()
    }
}

/// Sends a request as text (`\n` becomes `\r\n`) and reads the answer.
pub async fn raw(address: SocketAddr, request: &str) -> String {
    let mut connection = Raw::connect(address).await;
    connection.write(request.replace('\n', "\r\n")).await;
    connection.read(Duration::from_secs(2)).await
}
