//! What a bot says, as it says it. The `id` of an event is that of its line, and lines come in the order in which
//! they were kept, so whoever connects again with the last one misses none and sees none twice.

use super::channel::{Channel, SIGN, bearer, respond};
use crate::{
    Realtime,
    end::End,
    handshake,
    held::Held,
    session::{Client, prove},
};
use axum::{extract::Query, response::Response};
use http::{HeaderMap, request::Parts};
use mesh_authz::Caller;
use mesh_service::{
    Asked, Door, Envelope, Error, Host,
    bot::{LogStretch, TailBotLogs, TailBotLogsIn},
    call,
    error::Code,
};
use mesh_types::RequestId;
use serde_json::{Map, Value, json};
use std::{collections::HashMap, sync::Arc, time::Duration};
use tokio::{
    sync::watch,
    time::{Instant, interval_at, sleep},
};

/// Lines that come nearer together than this are looked for together: each look is a call.
const GATHERING: Duration = Duration::from_millis(50);

/// Answers a request with the lines of a bot's log until one side has enough.
pub(crate) async fn answer(realtime: &Arc<Realtime>, bot: String, request: Parts) -> Response {
    let asked = request.extensions.get::<Asked>().copied();
    match open(realtime, asked, bot, &request).await {
        Err(error) => handshake::refuse(&error, asked),
        Ok((held, tail, first)) => respond(realtime, move |channel| Box::pin(serve(channel, held, tail, first))),
    }
}

async fn open(
    realtime: &Arc<Realtime>,
    asked: Option<Asked>,
    bot: String,
    request: &Parts,
) -> Result<(Held, Tail, LogStretch), Error> {
    let headers = &request.headers;
    let client = Client {
        address: asked.map(|asked| asked.address),
        agent: handshake::agent(headers),
    };
    let query: Query<HashMap<String, String>> =
        Query::try_from_uri(&request.uri).map_err(|error| Error::invalid("", error.body_text()))?;
    let ticket = query.0.get("ticket").map(String::as_str);
    let (known, token) = prove(&realtime.host, &client, bearer(headers), ticket)
        .await
        .map_err(|end| end.error())?;
    let asks = fields(bot, &query.0, headers)?;
    let bot = asks.bot_id;
    let mut tail = Tail {
        // From here on nothing is missed, so the first look comes after it.
        said: realtime.host.tails.listen(bot),
        rights: realtime.host.authority.changes(),
        host: realtime.host.clone(),
        caller: known.caller.clone(),
        client,
        asks,
        due: true,
    };
    let first = tail.look().await?;
    let held = Held::open(realtime, (&known, token)).map_err(|end| end.error())?;
    Ok((held, tail, first))
}

/// The fields of the operation, wherever the request has them.
fn fields(bot: String, query: &HashMap<String, String>, headers: &HeaderMap) -> Result<TailBotLogsIn, Error> {
    let mut fields: Map<String, Value> = query.iter().map(|(name, text)| (name.clone(), json!(text))).collect();
    if mesh_types::id::prefix_of(&bot) != Some("bot") {
        return Err(Error::not_found());
    }
    fields.insert("bot_id".into(), json!(bot));
    if let Some(last) = headers.get("last-event-id") {
        let last = last.to_str().unwrap_or_default();
        fields.insert("after".into(), json!(last));
    }
    serde_json::from_value(fields.into()).map_err(|error| Error::invalid("", error))
}

/// Where somebody stands in a bot's log.
struct Tail {
    host: Arc<Host>,
    caller: Caller,
    client: Client,
    asks: TailBotLogsIn,
    said: watch::Receiver<()>,
    rights: watch::Receiver<()>,
    /// There may be lines that were not looked for, or the right to them may have ended.
    due: bool,
}

impl Tail {
    /// Looks once: what is behind the last look, if the caller may still see it.
    async fn look(&mut self) -> Result<LogStretch, Error> {
        let request = RequestId::new(self.host.ids.next());
        let mut envelope = Envelope::new(self.caller.clone(), Door::Socket, request);
        (envelope.address, envelope.agent) = (self.client.address, self.client.agent.clone());
        let stretch = call::<TailBotLogs>(&self.host, envelope, self.asks.clone()).await?.out;
        self.asks.after = Some(stretch.after.clone());
        self.due = stretch.more;
        Ok(stretch)
    }

    /// What comes next. Nothing is lost when it is not awaited to its end.
    async fn next(&mut self) -> Result<LogStretch, Error> {
        loop {
            if !self.due {
                tokio::select! {
                    _ = self.said.changed() => {}
                    _ = self.rights.changed() => {}
                }
                self.due = true;
                sleep(GATHERING).await;
            }
            match self.look().await {
                Ok(stretch) if stretch.lines.is_empty() => {}
                Err(error) if error.code == Code::RateLimited => {
                    sleep(Duration::from_millis(error.retry_after_ms.unwrap_or(1000))).await;
                }
                looked => return looked,
            }
        }
    }
}

async fn serve(mut channel: Channel, mut held: Held, mut tail: Tail, first: LogStretch) {
    put(&mut channel, &first);
    if let Some(end) = run(&mut channel, &mut held, &mut tail).await {
        channel.close(&end).await;
    }
}

/// Goes on until it has to end; with nothing, when the client is gone.
async fn run(channel: &mut Channel, held: &mut Held, tail: &mut Tail) -> Option<End> {
    let sign = Duration::from_millis(SIGN.unsigned_abs());
    let mut signs = interval_at(Instant::now() + sign, sign);
    loop {
        if channel.flush().await.is_err() {
            return None;
        }
        held.hear();
        tokio::select! {
            end = held.end() => return Some(end),
            stretch = tail.next() => match stretch {
                Ok(stretch) => put(channel, &stretch),
                Err(error) => return Some(End::Refused(error)),
            },
            _ = signs.tick() => channel.put(":\n\n"),
            () = channel.closed() => return None,
        }
    }
}

/// The lines, each with its id; at the end the place that was looked at, which may be behind them.
fn put(channel: &mut Channel, stretch: &LogStretch) {
    for line in &stretch.lines {
        channel.put(&format!("id: {}\ndata: {}\n\n", line.id, json!(line)));
    }
    channel.put(&format!("id: {}\n\n", stretch.after));
}
