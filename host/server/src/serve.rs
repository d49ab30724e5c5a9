//! `mesh serve`: puts the server together and runs it until it is told to end.

use crate::{
    config::{Config, Flags},
    first_start, keys,
};
use anyhow::{Context as _, Result, anyhow};
use mesh_api::{AllowedHosts, Front, Service};
use mesh_realtime::Realtime;
use mesh_service::{Host, Settings, blobs::Blobs, outbound::Outbound};
use mesh_store::Store;
use mesh_wasm::{EngineConfig, Limits, Supervisor, SupervisorConfig, compile::CompilerConfig};
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder};
use secrecy::ExposeSecret as _;
use std::{io::Write as _, net::SocketAddr, sync::Arc, sync::atomic::Ordering, time::Duration};
use tokio::{
    net::{TcpListener, TcpSocket},
    signal::unix::{SignalKind, signal},
};
use tokio_util::sync::CancellationToken;
use tracing_subscriber::{EnvFilter, fmt};

/// How often what is old is cleared away.
const HOUSEKEEPING: Duration = Duration::from_mins(1);
const DAY: Duration = Duration::from_hours(24);

pub(crate) async fn run(flags: Flags) -> Result<()> {
    let config = Config::load(&flags)?;
    start_log(&config)?;
    let data = config.server.data.clone();
    keys::data_folder(&data)?;
    let database = match &config.database.url {
        Some(url) => mesh_store::Config::Postgres(url.expose_secret().to_owned()),
        None => mesh_store::Config::Sqlite(data.join("mesh.db")),
    };
    let store = Store::open(&database).await.context("the database cannot be opened")?;
    let listener =
        listen(config.server.listen).with_context(|| format!("cannot listen on {}", config.server.listen))?;
    let address = listener.local_addr()?;
    let url = if config.server.public_url.is_empty() {
        format!("http://{address}")
    } else {
        config.server.public_url.clone()
    };
    let settings = Settings {
        name: config.server.name.clone(),
        public_url: url.trim_end_matches('/').to_owned(),
        open_registration: config.auth.open_registration,
        operators: config.auth.operators.clone(),
        rates: config.rates(),
        blobs: Blobs::open(&data.join("blobs")).context("the folder of files cannot be used")?,
        outbound: Outbound::new(&config.bots.internal_origins)
            .map_err(|error| anyhow!("`bots.internal_origins`: {error}"))?,
    };
    let keys = keys::load(&data)?;
    let code_cache = keys.code_cache;
    let host = Host::new(store, settings, keys);
    keep_metrics(&host).context("the metrics cannot be kept")?;
    let supervisor = SupervisorConfig {
        engine: EngineConfig {
            instances: config.bots.instances,
            ..EngineConfig::default()
        },
        compiler: CompilerConfig::new(data.join("compiled"), code_cache.into())?,
        limits: Limits::default(),
        idle: Duration::from_secs(config.bots.idle_s),
    };
    let runtime = Supervisor::start(host.clone(), supervisor)
        .await
        .context("bots cannot be run")?;
    let _ = host.runtime.set(runtime);
    let front = Front {
        hosts: hosts(&config, address),
        origins: config.server.origins.clone(),
        proxies: config.proxies()?,
    };
    let realtime = Realtime::start(&host)?;
    let service = Service::new(&host, front, realtime.router());
    // For whoever wants to tell this server something; never read by it.
    std::fs::write(data.join("mesh.pid"), std::process::id().to_string())
        .context("the data folder cannot be written")?;
    announce(&host, address).await?;
    let end = CancellationToken::new();
    tokio::spawn(housekeeping(host.clone()));
    tokio::spawn(mesh_service::search::follow(host.clone()));
    tokio::spawn(mesh_service::approval::follow(host.clone()));
    tokio::spawn(mesh_service::timer::follow(host.clone()));
    tokio::spawn(mesh_service::message::follow(host.clone()));
    tokio::spawn(until_told(host.clone(), end.clone()));
    let last = CancellationToken::new();
    let serving = mesh_api::serve(listener, service, last.clone());
    let ending = async {
        end.cancelled().await;
        // Who polls comes once more to hear that it is over.
        realtime.end().await;
        last.cancel();
    };
    tokio::join!(serving, ending).0?;
    tracing::info!("the server ended");
    Ok(())
}

/// Seconds that calls and events are sorted by.
const SECONDS: [f64; 12] = [
    0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0,
];
/// Fuel that events are sorted by.
const FUEL: [f64; 6] = [1e5, 1e6, 1e7, 1e8, 1e9, 1e10];

fn keep_metrics(host: &Host) -> Result<()> {
    let metrics = PrometheusBuilder::new()
        .set_buckets_for_metric(Matcher::Suffix("_seconds".into()), &SECONDS)?
        .set_buckets_for_metric(Matcher::Suffix("_fuel".into()), &FUEL)?
        .install_recorder()?;
    let rendered = metrics.clone();
    let _ = host.metrics.set(Box::new(move || rendered.render()));
    // What was measured is kept one by one until it is counted, here or when somebody asks.
    tokio::spawn(async move {
        loop {
            tokio::time::sleep(Duration::from_secs(5)).await;
            metrics.run_upkeep();
        }
    });
    Ok(())
}

fn start_log(config: &Config) -> Result<()> {
    // The library tells of every message.
    let filter = format!("rmcp=error,{}", config.log.level);
    let filter = EnvFilter::try_new(filter).context("`log.level` is no filter")?;
    let log = fmt().with_env_filter(filter).with_writer(std::io::stderr);
    if config.log.format == "json" {
        log.json().init();
    } else {
        log.init();
    }
    Ok(())
}

fn listen(address: SocketAddr) -> Result<TcpListener> {
    let socket = if address.is_ipv4() {
        TcpSocket::new_v4()?
    } else {
        TcpSocket::new_v6()?
    };
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    Ok(socket.listen(4096)?)
}

fn hosts(config: &Config, address: SocketAddr) -> AllowedHosts {
    let public = config
        .server
        .public_url
        .split_once("://")
        .map(|(_, rest)| rest.split(['/', ':']).next().unwrap_or_default());
    let named = config.server.hosts.iter().cloned().chain(public.map(str::to_owned));
    if address.ip().is_loopback() || !config.server.hosts.is_empty() || public.is_some() {
        AllowedHosts::loopback(named.chain([address.ip().to_string()]))
    } else {
        AllowedHosts::addresses()
    }
}

async fn announce(host: &Arc<Host>, address: SocketAddr) -> Result<()> {
    let mut text = format!("The Mesh listens on http://{address}\n  documents   http://{address}/api/v1/docs\n");
    if let Some(code) = first_start::code(host).await? {
        let command =
            format!("mesh init --url http://{address} --code {code} --email YOU@EXAMPLE.ORG --name YOU --mesh home");
        text += &[
            "\nNobody has an account yet. This code makes the first one, once:\n\n  ",
            &command,
            "\n\n",
        ]
        .concat();
    }
    // Whoever started the server may not be reading, which is no reason to end.
    let mut out = std::io::stdout().lock();
    let _ = out.write_all(text.as_bytes()).and_then(|()| out.flush());
    Ok(())
}

/// Waits for the signals that end a server. Readiness fails first, so that no new work arrives.
async fn until_told(host: Arc<Host>, end: CancellationToken) {
    let (Ok(mut terminate), Ok(mut interrupt)) = (signal(SignalKind::terminate()), signal(SignalKind::interrupt()))
    else {
        tracing::error!("signals cannot be heard; end the server with SIGKILL, nothing is lost");
        return;
    };
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
    tracing::info!("ending: open requests are finished first");
    host.ending.store(true, Ordering::Release);
    end.cancel();
}

async fn housekeeping(host: Arc<Host>) {
    let mut every = tokio::time::interval(HOUSEKEEPING);
    let mut daily = tokio::time::interval(DAY);
    loop {
        tokio::select! {
            _ = every.tick() => {
                host.limiter.tidy();
                mesh_service::housekeeping::forget_old(&host);
            }
            _ = daily.tick() => match mesh_service::housekeeping::sweep_blobs(&host).await {
                Ok(removed) => tracing::debug!(removed, "bytes that nothing names were removed"),
                Err(error) => tracing::warn!(%error, "bytes that nothing names could not be removed"),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_a_name_a_server_reached_from_outside_answers_to_addresses() {
        let hosts_of = |server: &str, address: &str| {
            let config: Config = toml::from_str(&format!("[server]\n{server}")).unwrap();
            format!("{:?}", hosts(&config, address.parse().unwrap()))
        };
        let (outside, addresses) = ("0.0.0.0:8080", format!("{:?}", AllowedHosts::addresses()));
        assert_eq!(hosts_of("", outside), addresses);
        assert_eq!(hosts_of("", "192.0.2.1:8080"), addresses);
        assert_ne!(hosts_of("", "127.0.0.1:8080"), addresses);
        for named in ["hosts = [\"mesh.example\"]", "public_url = \"https://mesh.example/\""] {
            let known = hosts_of(named, outside);
            assert!(known != addresses && known.contains("\"mesh.example\""), "{known}");
        }
    }
}
