//! What serves the imports of one running bot: every call is an operation, with the bot as its caller.

use super::{convert, scope::Scope, told::Told, trial::Calls};
use crate::{bindings::types::Error, host::BotHost, output::LogLevel, sandbox::Sandbox};
use mesh_authz::{Caller, Credential, Who};
use mesh_service::{Door, Effect, Envelope, Host, Op, call};
use mesh_types::{BotId, MeshId, RequestId};
use std::sync::Arc;
use wasmtime::component::ResourceTable;

/// An answer for the bot, or the end of its instance.
pub(crate) type Answer<T> = wasmtime::Result<Result<T, Error>>;

/// The host side of one instance.
pub struct Guest {
    pub(crate) host: Arc<Host>,
    pub(crate) bot: BotId,
    pub(crate) mesh: MeshId,
    pub(crate) handle: String,
    pub(crate) scope: Scope,
    pub(crate) told: Told,
    /// In a dry run, the calls so far.
    pub(crate) dry: Option<Calls>,
    sandbox: Sandbox,
}

impl Guest {
    /// Serves a bot of a mesh.
    pub(crate) fn new(
        host: Arc<Host>,
        (bot, mesh): (BotId, MeshId),
        handle: String,
        told: Told,
        sandbox: Sandbox,
    ) -> Self {
        Self {
            host,
            bot,
            mesh,
            handle,
            scope: Scope::default(),
            told,
            dry: None,
            sandbox,
        }
    }

    /// The bot as a caller of operations.
    pub(crate) fn caller(&self) -> Caller {
        Caller {
            who: Who::Bot {
                id: self.bot,
                mesh: self.mesh,
            },
            credential: Credential::Component,
        }
    }

    /// A call by the bot, now.
    pub(crate) fn envelope(&self) -> Envelope {
        let mut envelope = Envelope::new(self.caller(), Door::Wasm, RequestId::new(self.host.ids.next()));
        (envelope.hops, envelope.dry) = (self.scope.hops(), self.dry.is_some());
        envelope.within = self.scope.within();
        envelope
    }

    /// Counts a call of the mesh.
    pub(crate) fn spend_host_call(&mut self) -> wasmtime::Result<()> {
        Ok(self.sandbox.spend_host_call()?)
    }

    /// Counts a request that leaves the server.
    pub(crate) fn spend_http_call(&mut self) -> wasmtime::Result<()> {
        Ok(self.sandbox.spend_http_call()?)
    }

    /// What the bot holds of the host.
    pub(crate) fn table(&mut self) -> &mut ResourceTable {
        self.sandbox.table()
    }

    /// Calls an operation in the bot's name.
    pub(crate) async fn call<O: Op>(&mut self, input: O::In) -> Answer<O::Out> {
        // What is not kept cannot be given again: a request that leaves the server is sent with every try.
        let key = if O::SPEC.effect == Effect::Write && !O::SPEC.shown_once {
            self.scope.next_key(O::SPEC.name)
        } else {
            None
        };
        self.call_as::<O>(input, key).await
    }

    /// Calls an operation whose input says whether it was done before, so that it needs no key.
    pub(crate) async fn call_again<O: Op>(&mut self, input: O::In) -> Answer<O::Out> {
        self.call_as::<O>(input, None).await
    }

    async fn call_as<O: Op>(&mut self, input: O::In, key: Option<String>) -> Answer<O::Out> {
        self.spend_host_call()?;
        let mut envelope = self.envelope();
        envelope.idempotency_key = key;
        if let Some(calls) = &mut self.dry {
            calls.add(&O::SPEC, &input);
        }
        let called = call::<O>(&self.host, envelope, input).await;
        if let Some(calls) = &mut self.dry {
            calls.answered(called.as_ref().map_or_else(|error| error.code.as_str(), |_| "done"));
        }
        match called {
            Ok(done) => {
                if O::SPEC.name == "message.post" {
                    self.sandbox.spend_message()?;
                }
                Ok(Ok(done.out))
            }
            Err(error) => {
                if error.code.status() >= 500 {
                    self.sandbox
                        .write_log(LogLevel::Warn, format!("{} failed: {error}", O::SPEC.name));
                }
                Ok(Err(convert::error(error)))
            }
        }
    }

    /// An id that a bot sent as text; a wrong one is an answer, not a trap.
    pub(crate) fn id<T: std::str::FromStr>(text: &str) -> Result<T, Error>
    where
        T::Err: std::fmt::Display,
    {
        text.parse().map_err(|error: T::Err| {
            Error::Invalid(format!("`{}`: {error}", text.chars().take(64).collect::<String>()))
        })
    }
}

impl BotHost for Guest {
    fn sandbox(&mut self) -> &mut Sandbox {
        &mut self.sandbox
    }
}
