use crate::{
    Mesh, Result, Timestamp,
    mesh::parse,
    raw::mesh::bot::{timers::NewTimer, types::PageRequest},
};
use serde::{Serialize, de::DeserializeOwned};

/// The bot's own timers, which outlive every instance; see [`Mesh::timers`]. All of it needs `bot.state`. When one
/// fires, [`Bot::on_timer`](crate::Bot::on_timer) is called.
#[derive(Clone, Copy)]
pub struct Timers<'a> {
    pub(crate) mesh: &'a Mesh,
}

/// When a timer fires, and what for.
#[derive(Debug, Clone, PartialEq)]
#[must_use = "a timer is not set before `Timers::set`"]
pub struct Timer(NewTimer);

impl Timer {
    /// Fires once, at this time; at once when it is over.
    pub fn at(time: Timestamp) -> Self {
        Self(NewTimer {
            at: Some(time),
            cron: None,
            zone: None,
            room: None,
            data: "null".into(),
        })
    }

    /// Fires once, after so many seconds of the mesh's clock, counted from this event.
    pub fn after(event_at: Timestamp, seconds: u64) -> Self {
        Self::at(event_at.saturating_add(seconds.saturating_mul(1000)))
    }

    /// Fires again and again: minute, hour, day of the month, month and day of the week, in an IANA time zone.
    pub fn cron(expression: impl Into<String>, zone: impl Into<String>) -> Self {
        Self(NewTimer {
            at: None,
            cron: Some(expression.into()),
            zone: Some(zone.into()),
            room: None,
            data: "null".into(),
        })
    }

    /// It is about this room; the event keeps its place among those of the room.
    pub fn in_room(mut self, room: impl Into<String>) -> Self {
        self.0.room = Some(room.into());
        self
    }

    /// What comes back with the event; at most 16 KiB as JSON.
    pub fn carrying<T: Serialize + ?Sized>(mut self, data: &T) -> Result<Self> {
        self.0.data = serde_json::to_string(data)?;
        Ok(self)
    }
}

impl Timers<'_> {
    /// Sets a timer; gives its id.
    pub fn set(self, timer: &Timer) -> Result<String> {
        #[derive(serde::Deserialize)]
        struct Set {
            id: String,
        }
        let set: Set = parse(&self.mesh.backend.timer_create(&timer.0)?)?;
        Ok(set.id)
    }

    /// Ends a timer.
    pub fn cancel(self, timer: &str) -> Result {
        Ok(self.mesh.backend.timer_cancel(timer)?)
    }

    /// `timer.list`: one page of the timers that have still to fire, the oldest first.
    pub fn list<T: DeserializeOwned>(self, cursor: Option<&str>) -> Result<T> {
        parse(&self.mesh.backend.timer_list(&PageRequest {
            cursor: cursor.map(Into::into),
            limit: None,
        })?)
    }
}
