//! One Socket.IO connection: the packets it sends and what is done for them.

use super::{
    Speech, Wire,
    engine::{PING, PONG},
    link::Link,
    packet::{self, Packet, Reply},
};
use crate::{
    Realtime,
    end::{End, Left, problem},
    session::{Answered, Asked, Client, Out, Resumed, Session, prove, unauthenticated},
    web_socket::Broken,
};
use mesh_service::{Error, error::Code, token};
use mesh_types::{RequestId, RoomId, Timestamp, limits};
use serde::Deserialize;
use serde_json::{Map, Value, json, value::RawValue};
use std::{collections::BTreeMap, sync::Arc, time::Duration};
use tokio::time::timeout;

/// How long the client may take to say who it is.
const CONNECT: Duration = Duration::from_secs(10);
/// Batches that are sent before the client is heard.
const TURNS: u32 = 8;
/// The version of what is spoken here.
const PROTOCOL: u32 = 1;

/// What a client proves itself with.
#[derive(Deserialize)]
struct Auth {
    token: Option<String>,
    ticket: Option<String>,
    protocol: Option<u32>,
    streams: Option<BTreeMap<String, i64>>,
}

/// One connection, until it is over.
pub(super) async fn serve(realtime: &Arc<Realtime>, link: Link, speech: Speech, client: Client) {
    let mut talk = Talk {
        link,
        speech,
        pinged: None,
        awaited: None,
        replays: 0,
        attachments: 0,
    };
    let connected = timeout(CONNECT, talk.connect(realtime, client)).await;
    let left = match connected {
        Err(_) => Left::End(End::Protocol("The packet that connects did not come in time.".into())),
        Ok(Err(left)) => left,
        Ok(Ok(None)) => Left::Closed,
        Ok(Ok(Some(mut session))) => talk.run(&mut session).await,
    };
    talk.leave(left).await;
}

struct Talk {
    link: Link,
    speech: Speech,
    /// When the ping was sent that is not known to be answered.
    pinged: Option<i64>,
    /// The id of the stretch that the client is to acknowledge.
    awaited: Option<u64>,
    replays: u64,
    /// So many binary messages belong to a packet that was refused.
    attachments: usize,
}

impl Talk {
    async fn send(&mut self, wire: Wire) -> Result<(), Left> {
        self.link.feed(wire).await?;
        Ok(self.link.flush().await?)
    }

    /// Says why and ends. A client connects again by itself, unless it is told to go: then it is for its
    /// program to decide.
    async fn leave(mut self, left: Left) {
        match left {
            Left::Closed => self.link.close(1000, "").await,
            Left::Broken(broken) => {
                tracing::debug!(?broken, "a connection broke");
                match broken {
                    Broken::Gone => self.link.close(1000, "").await,
                    Broken::Stalled => self.link.close(End::SlowReader.code(), "slow reader").await,
                    Broken::Rules(code, why) => self.link.close(code, why).await,
                }
            }
            Left::End(end) => {
                tracing::debug!(?end, "a connection was ended");
                let error = end.error();
                let stays_away = matches!(end, End::Protocol(_) | End::Revoked | End::TooMany | End::Refused(_));
                let told = async {
                    let name = if matches!(end, End::Restart(_)) {
                        "server.notice"
                    } else {
                        "closing"
                    };
                    let notice = self.speech.emit(name, None, &json!(problem(&error, None)));
                    self.link.feed(notice).await?;
                    if stays_away {
                        self.link
                            .feed(self.speech.write(&reply(packet::DISCONNECT, None)))
                            .await?;
                    }
                    self.link.flush().await
                };
                let _ = timeout(Duration::from_secs(1), told).await;
                self.link.close(end.code(), error.code.as_str()).await;
            }
        }
    }

    /// Waits for the packet that connects; none when the client closed before.
    async fn connect(&mut self, realtime: &Arc<Realtime>, client: Client) -> Result<Option<Session>, Left> {
        loop {
            let Some(packet) = self.read().await? else {
                return Ok(None);
            };
            let Some(packet) = packet else { continue };
            if packet.kind != packet::CONNECT {
                return Err(End::Protocol("The first packet connects.".into()).into());
            }
            if packet.namespace != "/" {
                self.refuse(&packet.namespace, "Invalid namespace", &Error::not_found())
                    .await?;
                continue;
            }
            match open(realtime, client.clone(), packet.data).await {
                Ok((session, mut ready, streams)) => {
                    let mut session = session.acknowledging();
                    let resumed = session.resume(&streams);
                    ready["resumed"] = json!(resumed.replaying);
                    ready["expired"] = json!(resumed.expired);
                    ready["forbidden"] = json!(resumed.forbidden);
                    let connected = reply(packet::CONNECT, Some(json!({ "sid": token::unguessable() })));
                    self.link.feed(self.speech.write(&connected)).await?;
                    self.send(self.speech.emit("ready", None, &ready)).await?;
                    return Ok(Some(session));
                }
                Err(end) => {
                    let error = end.error();
                    self.refuse("/", error.code.as_str(), &error).await?;
                    return Ok(None);
                }
            }
        }
    }

    async fn refuse(&mut self, namespace: &str, message: &str, error: &Error) -> Result<(), Left> {
        let refusal = Reply {
            kind: packet::CONNECT_ERROR,
            nsp: namespace,
            id: None,
            data: Some(json!({ "message": message, "data": problem(error, None) })),
        };
        self.send(self.speech.write(&refusal)).await
    }

    /// The next packet of Socket.IO; none when the client closed, and none within it for what Engine.IO
    /// says to itself.
    async fn read(&mut self) -> Result<Option<Option<Packet>>, Left> {
        let Some(wire) = self.link.read().await? else {
            return Ok(None);
        };
        if let Wire::Text(text) = &wire {
            match text.as_bytes().first() {
                Some(b'4') => {}
                Some(b'3' | b'6') => return Ok(Some(None)),
                Some(b'1') => return Ok(None),
                _ => return Err(End::Protocol("This is no packet of Engine.IO 4.".into()).into()),
            }
        } else if self.attachments > 0 {
            self.attachments -= 1;
            return Ok(Some(None));
        }
        Ok(Some(Some(self.speech.read(&wire)?)))
    }

    async fn run(&mut self, session: &mut Session) -> Left {
        match self.talk(session).await {
            Ok(()) => Left::Closed,
            Err(left) => left,
        }
    }

    async fn talk(&mut self, session: &mut Session) -> Result<(), Left> {
        session.wake_at(session.now() + PING);
        let mut turns = 0;
        loop {
            tokio::select! {
                biased;
                out = session.next(), if turns < TURNS => {
                    turns += 1;
                    let mut due = self.say(out).await?;
                    while let Some(out) = session.ready() {
                        due |= self.say(out).await?;
                    }
                    if due {
                        self.beat(session).await?;
                    }
                    self.link.flush().await?;
                }
                packet = self.read() => {
                    turns = 0;
                    let Some(packet) = packet? else { return Ok(()) };
                    session.hear();
                    if let Some(packet) = packet
                        && !self.obey(session, packet).await?
                    {
                        return Ok(());
                    }
                    self.link.flush().await?;
                }
                // What the client says must not wait for ever behind what it is sent.
                () = std::future::ready(()), if turns >= TURNS => turns = 0,
            }
        }
    }

    /// Pings, or ends when the last ping was not answered.
    async fn beat(&mut self, session: &mut Session) -> Result<(), Left> {
        let now = session.now();
        match self.pinged.take() {
            Some(pinged) if session.line.heard() < pinged => return Err(Broken::Gone.into()),
            Some(pinged) => session.wake_at(pinged + PING),
            None => {
                self.pinged = Some(now);
                self.link.feed(Wire::Text("2".into())).await?;
                session.wake_at(now + PONG);
            }
        }
        Ok(())
    }

    /// Sends it. True when it is time for the heartbeat.
    async fn say(&mut self, out: Out) -> Result<bool, Left> {
        let wire = match out {
            Out::Event(told) => {
                self.link.feed_event(self.speech, &told).await?;
                return Ok(false);
            }
            Out::Answer(answered) => return self.answer(answered).await.map(|()| false),
            Out::Due => return Ok(true),
            Out::Expiring(at) => self
                .speech
                .emit("auth_expiring", None, &json!({ "expires_at": Timestamp(at) })),
            Out::Replay { stream, events, more } => {
                self.replays += 1;
                self.awaited = Some(self.replays);
                let events: Vec<Value> = events
                    .iter()
                    .filter_map(|told| serde_json::from_str(&told.json).ok())
                    .collect();
                let replay = json!({ "stream": stream.to_string(), "events": events, "more": more });
                self.speech.emit("replay", Some(self.replays), &replay)
            }
            Out::End(end) => return Err(Left::End(*end)),
        };
        self.link.feed(wire).await?;
        Ok(false)
    }

    /// The acknowledgement of an operation; nothing when the client did not ask for one.
    async fn answer(&mut self, answered: Box<Answered>) -> Result<(), Left> {
        let Ok(id) = answered.tag.parse() else { return Ok(()) };
        let wire = match &answered.result {
            Ok(reply) if reply.body.0 == "application/json" && reply.body.1.len() <= limits::SOCKET_ANSWER => {
                #[derive(serde::Serialize)]
                struct Good<'a, D> {
                    ok: bool,
                    status: u16,
                    data: D,
                    #[serde(skip_serializing_if = "Option::is_none")]
                    etag: Option<&'a str>,
                }
                let (status, etag, body) = (answered.status, reply.etag.as_deref(), &reply.body.1);
                if self.speech == Speech::Text {
                    let data: Option<&RawValue> = serde_json::from_slice(body).ok();
                    self.speech.acknowledge(
                        id,
                        &Good {
                            ok: true,
                            status,
                            data,
                            etag,
                        },
                    )
                } else {
                    let data: Value = serde_json::from_slice(body).unwrap_or_default();
                    self.speech.acknowledge(
                        id,
                        &Good {
                            ok: true,
                            status,
                            data,
                            etag,
                        },
                    )
                }
            }
            Ok(_) => {
                let error = Error::new(Code::TooLarge, "The answer is too large for a socket; ask over REST.");
                self.speech.acknowledge(id, &bad(&error, answered.request))
            }
            Err(error) => self.speech.acknowledge(id, &bad(error, answered.request)),
        };
        Ok(self.link.feed(wire).await?)
    }

    async fn acknowledge(&mut self, id: Option<u64>, result: Result<Value, Error>) -> Result<(), Left> {
        let Some(id) = id else { return Ok(()) };
        let wire = match result {
            Ok(data) => self.speech.acknowledge(id, &data),
            Err(error) => self.speech.acknowledge(id, &bad(&error, None)),
        };
        Ok(self.link.feed(wire).await?)
    }

    /// Does what a packet says. False when the client leaves.
    async fn obey(&mut self, session: &mut Session, packet: Packet) -> Result<bool, Left> {
        if packet.namespace != "/" {
            if packet.kind == packet::CONNECT {
                self.refuse(&packet.namespace, "Invalid namespace", &Error::not_found())
                    .await?;
            }
            return Ok(true);
        }
        match packet.kind {
            packet::DISCONNECT => return Ok(false),
            packet::EVENT => self.event(session, packet).await?,
            packet::ACK => {
                if packet.id.is_some() && packet.id == self.awaited {
                    self.awaited = None;
                    session.acknowledge();
                }
            }
            packet::BINARY_EVENT | packet::BINARY_ACK => {
                self.attachments = packet.attachments;
                let error = Error::new(Code::BadRequest, "Operations take JSON here; bytes go over REST.");
                let id = packet.id.filter(|_| packet.kind == packet::BINARY_EVENT);
                self.acknowledge(id, Err(error)).await?;
            }
            _ => return Err(End::Protocol("One connects once.".into()).into()),
        }
        Ok(true)
    }

    async fn event(&mut self, session: &mut Session, packet: Packet) -> Result<(), Left> {
        let id = packet.id;
        let Value::Array(arguments) = packet.data else {
            return Err(End::Protocol("An event has a name.".into()).into());
        };
        let mut arguments = arguments.into_iter();
        let (name, input) = (arguments.next(), arguments.next().unwrap_or_else(|| json!({})));
        let Some(Value::String(name)) = name else {
            return Err(End::Protocol("An event has a name.".into()).into());
        };
        match name.as_str() {
            "resume" => {
                let streams = input.get("streams").cloned().unwrap_or_default();
                let resumed = match serde_json::from_value(streams) {
                    Ok(streams) => {
                        self.awaited = None;
                        Ok(json!(session.resume(&streams)))
                    }
                    Err(_) => Err(Error::invalid("/streams", "streams with their last `seq`")),
                };
                self.acknowledge(id, resumed).await
            }
            "subscribe" | "unsubscribe" => {
                let room = input.get("room_id").and_then(Value::as_str).map(str::parse::<RoomId>);
                let resumed = match room {
                    Some(Ok(room)) if name == "subscribe" => session.view(room).await,
                    Some(Ok(room)) => {
                        session.unview(room);
                        Ok(Resumed::default())
                    }
                    _ => Err(Error::invalid("/room_id", "a room")),
                };
                self.acknowledge(id, resumed.map(|resumed| json!(resumed))).await
            }
            "reauth" => {
                let token = input.get("token").and_then(Value::as_str).unwrap_or_default();
                let opened = session.renew(token).await?;
                self.acknowledge(id, Ok(json!(opened))).await
            }
            _ => {
                session.start(asked(id, name, input));
                Ok(())
            }
        }
    }
}

/// An operation: its fields, and beside them what REST has in headers.
fn asked(id: Option<u64>, op: String, input: Value) -> Asked {
    let mut fields = match input {
        Value::Object(fields) => fields,
        Value::Null => Map::new(),
        // The operation says what is wrong with it.
        other => Map::from_iter([(String::new(), other)]),
    };
    let mut take = |name: &str| match fields.remove(name) {
        Some(Value::String(text)) => Some(text),
        _ => None,
    };
    let (idempotency_key, if_match) = (take("idempotency_key"), take("if_match"));
    Asked {
        tag: id.map_or_else(String::new, |id| id.to_string()),
        op,
        input: serde_json::to_vec(&fields).unwrap_or_default().into(),
        idempotency_key,
        if_match,
    }
}

/// Proves who connects and opens the connection, with what it is told first and where it resumes.
async fn open(
    realtime: &Arc<Realtime>,
    client: Client,
    auth: Value,
) -> Result<(Session, Value, BTreeMap<String, i64>), End> {
    let auth: Auth = match auth {
        Value::Object(_) => serde_json::from_value(auth).map_err(|error| End::Protocol(error.to_string()))?,
        _ => return Err(End::Refused(unauthenticated())),
    };
    if auth.protocol.is_some_and(|protocol| protocol != PROTOCOL) {
        return Err(End::Protocol(format!("This server speaks protocol {PROTOCOL}.")));
    }
    let known = prove(&realtime.host, &client, auth.token.as_deref(), auth.ticket.as_deref()).await?;
    let (session, opened) = Session::open(realtime.clone(), client, known).await?;
    Ok((session, json!(opened), auth.streams.unwrap_or_default()))
}

const fn reply(kind: u8, data: Option<Value>) -> Reply<'static, Value> {
    Reply {
        kind,
        nsp: "/",
        id: None,
        data,
    }
}

fn bad(error: &Error, request: Option<RequestId>) -> Value {
    json!({ "ok": false, "error": problem(error, request) })
}
