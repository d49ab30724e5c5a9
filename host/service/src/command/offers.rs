//! The commands of the bots in a room.

use super::{Command, built_in::BuiltIn};
use crate::{Cx, Error, Result, manifest::Manifest};
use mesh_authz::Grant;
use mesh_store::commands;
use mesh_types::{ActorId, BotId, RoomId, view::Actor};
use std::collections::HashMap;

/// A bot's command in a room.
#[derive(Debug, Clone)]
pub(super) struct Offered {
    /// Who answers.
    pub(super) bot: BotId,
    /// What its manifest calls it.
    pub(super) name: String,
    /// What the room calls it: the same, unless something else is called that too.
    pub(super) shown: Command,
    /// What it is called whatever the others are called.
    pub(super) full_name: String,
}

/// What bots that run offer to this caller in a room. Whoever is a bot is heard by those who hear bots,
/// and not by itself.
pub(super) async fn offered(cx: &mut Cx<'_>, room: &Grant<RoomId>) -> Result<Vec<Offered>> {
    let caller = cx.actor()?;
    let mut found = Vec::new();
    for offer in commands::offered(cx.tx(), room).await? {
        let ActorId::Bot(bot) = offer.bot.id else { continue };
        let manifest = Manifest::from_json(&offer.manifest)?;
        let hears = matches!(caller, ActorId::Person(_)) || (manifest.events.from_bots && caller != offer.bot.id);
        if !hears || stands_still(cx, bot) {
            continue;
        }
        for command in manifest.commands {
            found.push(Offered {
                bot,
                full_name: format!("{}:{}", offer.handle, command.name),
                shown: Command {
                    name: command.name.clone(),
                    description: command.description,
                    arguments: command.arguments,
                    bot: Some(offer.bot.clone()),
                },
                name: command.name,
            });
        }
    }
    tell_apart(&mut found);
    Ok(found)
}

/// It crashed so often that it is not started any more.
fn stands_still(cx: &Cx<'_>, bot: BotId) -> bool {
    let runtime = cx.host().runtime.get();
    let status = runtime.and_then(|runtime| runtime.status(bot));
    status.is_some_and(|status| status.state == "tripped")
}

/// What is called like something else is shown with its bot's handle.
fn tell_apart(offered: &mut [Offered]) {
    let mut times: HashMap<String, usize> = BuiltIn::ALL.iter().map(|one| (one.name().to_owned(), 1)).collect();
    for one in &*offered {
        *times.entry(one.name.clone()).or_default() += 1;
    }
    for one in offered.iter_mut().filter(|one| times[&one.name] > 1) {
        one.shown.name.clone_from(&one.full_name);
    }
}

/// The command that a name means in a room.
pub(super) fn named(offered: Vec<Offered>, name: &str) -> Result<Offered> {
    let same = offered.iter().filter(|one| one.name == name).count();
    let found = offered
        .into_iter()
        .find(|one| one.full_name == name || one.shown.name == name);
    found.ok_or_else(|| match same {
        0 => Error::new(crate::Code::NotFound, "There is no such command in this room."),
        _ => Error::invalid(
            "/name",
            "several bots have this command; put the bot's handle and `:` before it",
        ),
    })
}

/// Who answers, for people.
pub(super) fn answers(bot: Option<&Actor>) -> &str {
    bot.map_or("The bot", |bot| &bot.name)
}
