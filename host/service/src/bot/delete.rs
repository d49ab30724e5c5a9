use super::{BotIn, stored, tell};
use crate::{Cx, Effect, Method, Nothing, Op, OpSpec, Result, authority::Stale, op, room::unseat};
use mesh_authz::{Grant, Permission};
use mesh_store::{bot_tokens, bots, log::Stream};
use mesh_types::{ActorId, BotId, bot::Bot};

/// `bot.delete`
pub struct DeleteBot;

impl Op for DeleteBot {
    const SPEC: OpSpec = op("bot.delete", Effect::Write)
        .needs(Permission::BotManage)
        .about("Stops a bot for good, takes it out of its rooms and ends its tokens. Its messages stay.")
        .http(Method::Delete, "/bots/{bot_id}", 204)
        .if_match()
        .cli();
    type In = BotIn;
    type Out = Nothing;
    type On = BotId;

    fn on(input: &BotIn) -> BotId {
        input.bot_id
    }

    async fn run(cx: &mut Cx<'_>, on: Grant<BotId>, _: BotIn) -> Result<Nothing> {
        let bot = stored(cx, *on).await?.bot;
        cx.check_match(bot.revision)?;
        let (actor, at) = (ActorId::Bot(*on), cx.now());
        for room in bots::rooms(cx.tx(), *on).await? {
            unseat(cx, &on, room, (actor, bot.member_id), "deleted").await?;
        }
        for hash in bot_tokens::revoke(cx.tx(), &on, at).await? {
            cx.changed(Stale::Token(hash));
        }
        bots::delete(cx.tx(), &on, at).await?;
        let left = serde_json::json!({ "member_id": bot.member_id, "reason": "deleted" });
        cx.emit(Stream::Mesh(bot.mesh_id), "member.left", bot.member_id, &left)
            .await?;
        cx.changed(Stale::Place(bot.mesh_id, actor));
        cx.changed(Stale::Bot(*on));
        tell(
            cx,
            &Bot {
                state: "deleted".into(),
                ..bot
            },
        )
        .await?;
        Ok(Nothing {})
    }
}
