//! An echo on the bare bindings, without a manifest inside: one has to be uploaded beside it.
#![cfg(target_arch = "wasm32")]

use mesh_bot::raw::{
    export_raw,
    exports::mesh::bot::handler::{Event, Guest, Outcome, Payload},
    mesh::bot::messages::{self, NewMessage},
};

struct Bare;

impl Guest for Bare {
    fn start() -> Result<(), String> {
        Ok(())
    }

    fn on_event(event: Event) -> Result<Outcome, String> {
        if let Payload::MessageCreated(message) = event.payload {
            let reply = NewMessage {
                room: message.room_id,
                text: format!("bare: {}", message.text),
                thread: message.thread_id,
                reply_to: Some(message.id),
                files: Vec::new(),
                streaming: false,
                actions: Vec::new(),
            };
            messages::post(&reply).map_err(|error| format!("{error:?}"))?;
        }
        Ok(Outcome::Ack)
    }
}

export_raw!(Bare with_types_in mesh_bot::raw);
