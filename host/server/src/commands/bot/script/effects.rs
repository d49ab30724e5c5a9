//! What a bot did in one step of a script.

use super::{
    CREATOR,
    world::{Room, World},
};
use crate::client::Result;
use mesh_types::LogLevel;
use mesh_wasm::link::REFUSED;
use serde_json::{Value, json};

/// All of it.
#[derive(Debug, Default)]
pub(super) struct Effects {
    /// The messages that it posted.
    pub(super) replies: Vec<String>,
    /// The reactions that it added.
    pub(super) reactions: Vec<String>,
    /// What else it changed in its rooms, by the names of the events.
    pub(super) others: Vec<String>,
    /// What it logged, and what the host says about it.
    pub(super) logs: Vec<(LogLevel, String)>,
    /// The operations that it was refused.
    pub(super) denied: Vec<Denied>,
    /// Why it failed at what it was handed.
    pub(super) failed: Option<String>,
    /// Something is handed to it again later.
    pub(super) again: bool,
}

/// A call that was refused.
#[derive(Debug)]
pub(super) struct Denied {
    /// The operation.
    pub(super) op: String,
    /// Why.
    pub(super) why: String,
}

/// How much was looked at.
pub(super) struct Seen {
    line: String,
    decision: String,
    dead: i64,
}

impl Default for Seen {
    fn default() -> Self {
        Self {
            line: "0".into(),
            decision: String::new(),
            dead: 0,
        }
    }
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

impl Seen {
    /// What the bot did since the last look.
    pub(super) async fn look(&mut self, world: &mut World) -> Result<Effects> {
        let mut effects = Effects::default();
        let mut rooms = std::mem::take(&mut world.rooms);
        for room in rooms.values_mut() {
            look_into(world, room, &mut effects).await?;
        }
        world.rooms = rooms;
        self.log(world, &mut effects).await?;
        self.decisions(world, &mut effects).await?;
        let backlog = world.settle().await?;
        effects.again = backlog.parked > 0;
        let crashed = effects.logs.iter().any(|(level, _)| *level == LogLevel::Error);
        if backlog.dead > self.dead {
            self.dead = backlog.dead;
            let letters = world.all("dead_letter.list", json!({ "bot_id": world.bot })).await?;
            effects.failed = letters.first().map(|letter| text(&letter["error"]));
        } else if effects.again && crashed {
            let last = effects.logs.iter().rev().find(|(level, _)| *level == LogLevel::Error);
            effects.failed = last.map(|(_, text)| text.clone());
        }
        Ok(effects)
    }

    async fn log(&mut self, world: &World, effects: &mut Effects) -> Result<()> {
        for line in world.lines(&mut self.line).await? {
            match line.text.strip_prefix(REFUSED) {
                Some(op) => effects.denied.push(Denied {
                    op: op.to_owned(),
                    why: "nobody granted it; bot.toml has to ask for it".into(),
                }),
                None => effects.logs.push((line.level, line.text)),
            }
        }
        Ok(())
    }

    async fn decisions(&mut self, world: &World, effects: &mut Effects) -> Result<()> {
        let mut decisions = world.all("bot_decision.list", json!({ "bot_id": world.bot })).await?;
        decisions.retain(|decision| text(&decision["id"]) > self.decision);
        if let Some(newest) = decisions.first() {
            self.decision = text(&newest["id"]);
        }
        effects.denied.extend(decisions.iter().rev().map(|decision| Denied {
            op: text(&decision["op"]),
            why: text(&decision["detail"]),
        }));
        Ok(())
    }
}

async fn look_into(world: &World, room: &mut Room, effects: &mut Effects) -> Result<()> {
    loop {
        let stretch = json!({ "room_id": room.id, "after": room.seen, "limit": 200 });
        let stretch = world.did(CREATOR, "room_event.list", stretch).await?;
        let events = stretch["items"].as_array().cloned().unwrap_or_default();
        for event in &events {
            room.seen = event["seq"].as_i64().unwrap_or(room.seen);
            if event["type"] == "message.created" {
                room.last = event["data"]["id"].as_str().map(str::to_owned);
            }
            if event["actor"]["id"] == world.bot.as_str() {
                effects.add(event);
            }
        }
        if events.len() < 200 {
            return Ok(());
        }
    }
}

impl Effects {
    fn add(&mut self, event: &Value) {
        match event["type"].as_str().unwrap_or_default() {
            "message.created" => self.replies.push(text(&event["data"]["text"])),
            "reaction.added" => self.reactions.push(text(&event["data"]["emoji"])),
            other => self.others.push(other.to_owned()),
        }
    }
}
