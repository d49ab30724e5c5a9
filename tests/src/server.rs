use crate::{Client, Engine};
use mesh_api::{AllowedHosts, Front, Service};
use mesh_realtime::Realtime;
use mesh_service::{
    Host, Keys, Settings,
    blobs::Blobs,
    outbound::Outbound,
    rate::{Rate, Rates},
};
use mesh_store::{Config, Store};
use sqlx::{Connection as _, PgConnection};
use std::{net::SocketAddr, path::PathBuf, sync::Arc};
use tokio::{net::TcpListener, task::JoinHandle};
use tokio_util::sync::CancellationToken;

/// How a test's server differs from the usual one.
#[derive(Debug, Clone)]
pub struct Options {
    /// Anyone may register; so it is in most tests.
    pub open_registration: bool,
    /// Rate limits.
    pub rates: Rates,
    /// Addresses of proxies whose `X-Forwarded-For` counts.
    pub proxies: Vec<String>,
    /// Pages elsewhere that may connect.
    pub origins: Vec<String>,
    /// The names that `Host` may have.
    pub hosts: AllowedHosts,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            open_registration: true,
            // Everybody in tests comes from one address.
            rates: Rates {
                address: Rate {
                    per_second: 10_000,
                    burst: 10_000,
                },
                // One person may ask for everything there is, several times.
                actor: Rate {
                    per_second: 10_000,
                    burst: 10_000,
                },
                sign_in_per_minute: 1000,
            },
            proxies: Vec::new(),
            origins: Vec::new(),
            hosts: AllowedHosts::loopback([]),
        }
    }
}

/// A real server in this process, listening on a free port of this machine.
pub struct TestServer {
    /// Where it listens.
    pub address: SocketAddr,
    /// Its inside. Tests go through the front door; this is for what no door shows, such as the clock.
    pub host: Arc<Host>,
    /// Its data folder.
    pub data: PathBuf,
    options: Options,
    database: Config,
    end: CancellationToken,
    serving: Option<JoinHandle<std::io::Result<()>>>,
    // Removed with the server.
    _folder: Arc<tempfile::TempDir>,
}

impl TestServer {
    /// A server with an empty database.
    pub async fn start(engine: Engine) -> Self {
        Self::start_with(engine, Options::default()).await
    }

    /// A server with an empty database and other options than usual.
    pub async fn start_with(engine: Engine, options: Options) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let database = engine.database(folder.path()).await;
        Self::open(
            Arc::new(folder),
            database,
            options,
            SocketAddr::from(([127, 0, 0, 1], 0)),
        )
        .await
    }

    /// Ends it in order and starts another one on the same data and the same port.
    pub async fn restart(mut self) -> Self {
        self.end.cancel();
        if let Some(serving) = self.serving.take() {
            serving
                .await
                .expect("the server ends without a panic")
                .expect("the server ends in order");
        }
        Self::open(
            self._folder.clone(),
            self.database.clone(),
            self.options.clone(),
            self.address,
        )
        .await
    }

    async fn open(folder: Arc<tempfile::TempDir>, database: Config, options: Options, listen: SocketAddr) -> Self {
        let data = folder.path().to_owned();
        let store = Store::open(&database).await.expect("the database opens");
        let listener = TcpListener::bind(listen).await.expect("a free port");
        let address = listener.local_addr().expect("an address");
        let settings = Settings {
            name: "Test".into(),
            public_url: format!("http://{address}"),
            open_registration: options.open_registration,
            operators: Vec::new(),
            rates: options.rates,
            blobs: Blobs::open(&data.join("blobs")).expect("a folder"),
            outbound: Outbound::new(&[]).expect("a client"),
        };
        let host = Host::new(
            store,
            settings,
            Keys {
                cursor: [7; 32],
                code_cache: [8; 32],
                secrets: [9; 32],
            },
        );
        let proxies = options
            .proxies
            .iter()
            .map(|one| one.parse().expect("an address"))
            .collect();
        let front = Front {
            hosts: options.hosts.clone(),
            origins: options.origins.clone(),
            proxies,
        };
        let end = CancellationToken::new();
        let realtime = Realtime::start(&host).expect("a thread");
        let service = Service::new(&host, front, realtime.router());
        let (ended, open, settled) = (end.clone(), realtime.clone(), host.clone());
        let serving = tokio::spawn(async move {
            let settling = async {
                tokio::select! {
                    () = ended.cancelled() => {}
                    () = mesh_service::approval::follow(settled.clone()) => {}
                    () = mesh_service::timer::follow(settled.clone()) => {}
                    () = mesh_service::message::follow(settled) => {}
                }
            };
            let ending = async {
                ended.cancelled().await;
                open.end().await;
            };
            tokio::join!(mesh_api::serve(listener, service, ended.clone()), ending, settling).0
        });
        Self {
            address,
            host,
            data,
            options,
            database,
            end,
            serving: Some(serving),
            _folder: folder,
        }
    }

    /// A connection of one's own to its PostgreSQL database.
    pub async fn connection(&self) -> PgConnection {
        let Config::Postgres(url) = &self.database else {
            panic!("this server has no PostgreSQL")
        };
        PgConnection::connect(url).await.expect("PostgreSQL answers")
    }

    /// Somebody without an account.
    pub fn anonymous(&self) -> Client {
        Client::new(self.address, None)
    }

    /// Somebody with this token.
    pub fn with_token(&self, token: &str) -> Client {
        Client::new(self.address, Some(token.to_owned()))
    }
}

impl Drop for TestServer {
    fn drop(&mut self) {
        self.end.cancel();
    }
}
