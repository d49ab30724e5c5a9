//! What a worker reads from its bot's inbox.

use super::{
    Worker,
    agenda::{AHEAD, Fresh},
};
use mesh_service::{
    Error, Result,
    event::{Delivery, contract_name, is_own, next_for_bot},
    inbox::{self, Parked},
};
use mesh_types::{ActorId, Timestamp, limits::HOPS, view};

impl Worker {
    /// Reads the next events of a stream that may have some. False when there is none to read.
    pub(super) async fn read_on(&mut self) -> Result<bool> {
        let generation = self.generation()?;
        if self.followed != Some(generation) {
            // A change of rights may have opened or closed streams.
            self.agenda.follow(inbox::streams(&self.shared.host, self.bot).await?);
            self.followed = Some(generation);
        }
        let Some((stream, after)) = self.agenda.next_stream() else {
            return Ok(false);
        };
        let most = i64::try_from(AHEAD).unwrap_or(i64::MAX);
        let found = next_for_bot(&self.shared.host, self.whose()?, stream, after, most).await?;
        let more = found.len() == AHEAD;
        for delivery in found {
            let seq = delivery.seq;
            if let Some(event) = self.wanted(&delivery) {
                let place = Parked {
                    stream,
                    seq,
                    lane: lane(&delivery, &event),
                    attempts: 0,
                    due_at: Timestamp::default(),
                    gap_to: None,
                };
                self.agenda.add(Fresh {
                    place,
                    event: Box::new(event),
                    generation,
                });
            }
            self.agenda.was_read(stream, seq, more);
        }
        self.note_cursor(stream)?;
        Ok(true)
    }

    /// An event that was read before, with the rights of now; none when it is not for the bot any more.
    pub(super) async fn find(&mut self, place: &Parked) -> Result<Option<view::Event>> {
        if let Some(to) = place.gap_to {
            return Ok(Some(gap(place, to, self.shared.host.clock.now())));
        }
        let found = next_for_bot(&self.shared.host, self.whose()?, place.stream, place.seq - 1, 1)
            .await?
            .pop();
        Ok(found
            .filter(|delivery| delivery.seq == place.seq)
            .and_then(|delivery| self.wanted(&delivery)))
    }

    fn generation(&self) -> Result<u64> {
        let loaded = self.loaded.as_ref();
        loaded
            .map(|loaded| loaded.generation)
            .ok_or_else(|| Error::internal("not loaded"))
    }

    fn whose(&self) -> Result<(mesh_types::BotId, mesh_types::MeshId)> {
        let mesh = self.loaded.as_ref().map(|loaded| loaded.row.mesh);
        Ok((self.bot, mesh.ok_or_else(|| Error::internal("not loaded"))?))
    }

    /// The event, if this bot is to have it: allowed, subscribed to, and not its own echo.
    fn wanted(&self, delivery: &Delivery) -> Option<view::Event> {
        let loaded = self.loaded.as_ref()?;
        let event = delivery.event.clone()?;
        match delivery.actor {
            Some(ActorId::Bot(author)) if author == self.bot => return None,
            Some(ActorId::Bot(_))
                if !loaded.manifest.events.from_bots
                    && (event.kind.starts_with("message.") || event.kind == "command.invoked") =>
            {
                return None;
            }
            _ => {}
        }
        let hops = event.data.get("hops").and_then(serde_json::Value::as_u64).unwrap_or(0);
        if hops > u64::from(HOPS) {
            return None;
        }
        if is_own(&event.kind) {
            // Nobody waits any more for what was cancelled or forgotten since.
            return (event.data.get("redacted").is_none()).then_some(event);
        }
        let offered = &loaded.manifest.events.subscribe;
        let asked = |name: &str| {
            let offered = offered.is_empty() || offered.iter().any(|one| one == name);
            offered && loaded.chosen.takes(name, delivery.lane)
        };
        // Whoever asks for new messages gets those that came bit by bit too, when they are complete.
        let wanted =
            asked(&contract_name(&event.kind)) || (event.kind == "message.completed" && asked("message-created"));
        wanted.then_some(event)
    }
}

/// What an event must keep its order with: its room. Questions to the bot have no order.
fn lane(delivery: &Delivery, event: &view::Event) -> String {
    match delivery.lane {
        Some(room) => room.to_string(),
        None if event.kind == "bot.called" => format!("{}/{}", event.kind, event.seq),
        None => String::new(),
    }
}

/// The news that everything of a lane from there to here was too much to keep.
fn gap(place: &Parked, to: i64, now: Timestamp) -> view::Event {
    let stream = place.stream.to_string();
    view::Event {
        seq: place.seq,
        kind: "gap".into(),
        at: now,
        actor: None,
        op: String::new(),
        request_id: String::new(),
        data: serde_json::json!({ "stream": stream, "from_seq": place.seq, "to_seq": to }),
        stream,
    }
}
