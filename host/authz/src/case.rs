use crate::policy::{Value, value};
use crate::why::Why;
use crate::{Access, Caller, Facts, Layer, Permission, Reason, Who, bots, rank, rooms, standing};
use mesh_types::Role;

/// What one layer says. Made on every call, so it holds no text.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Step {
    /// Nothing against it.
    Pass(Why),
    /// Nothing to say.
    Skip(Why),
    /// The caller may not.
    Refuse(Reason, Why),
    /// The caller may not even know.
    Hide(Why),
    /// Nobody asked who could be answered.
    SignIn(Why),
    /// A person has to agree.
    Ask(Permission, Why),
}

/// May this caller do this, given these facts?
pub(crate) struct Question<'a> {
    pub(crate) caller: &'a Caller,
    pub(crate) access: Access,
    pub(crate) facts: &'a Facts,
}

/// A question about a permission from somebody who has a role. Most layers need to know no more.
pub(crate) struct Case<'a> {
    pub(crate) caller: &'a Caller,
    pub(crate) facts: &'a Facts,
    pub(crate) permission: Permission,
    pub(crate) role: Role,
}

impl<'a> Question<'a> {
    pub(crate) fn new(caller: &'a Caller, access: Access, facts: &'a Facts) -> Self {
        Self { caller, access, facts }
    }

    /// What one layer says.
    pub(crate) fn step(&self, layer: Layer) -> Step {
        match layer {
            Layer::Credential => standing::credential(self),
            Layer::Visibility => standing::visibility(self),
            Layer::HumanOnly => self.ask(standing::human_only),
            Layer::Role if self.access == Access::Operator => standing::operator(self.caller),
            Layer::Role => self.ask(standing::role),
            Layer::Ownership => self.ask(standing::ownership),
            Layer::RoomRole => self.ask(rooms::room_role),
            Layer::Override => self.ask(rooms::overrides),
            Layer::Rank => self.ask(rank::rank),
            Layer::Policy => self.ask(standing::policy),
            Layer::Scope => self.ask(bots::scope),
            Layer::Grant => self.ask(bots::grant),
            Layer::Approval => self.ask(bots::approval),
        }
    }

    /// Asks a layer that is about permissions, if a permission is needed and the caller has a role.
    fn ask(&self, layer: impl FnOnce(&Case<'a>) -> Step) -> Step {
        let (caller, facts) = (self.caller, self.facts);
        match (self.access, caller.who, facts.place) {
            (Access::Needs(_), Who::Job { .. }, _) => Step::Skip(Why::JobIsExact),
            (Access::Needs(permission), Who::Person { .. } | Who::Bot { .. }, Some(place)) => layer(&Case {
                caller,
                facts,
                permission,
                role: place.role,
            }),
            (Access::Needs(_), _, _) => Step::Skip(Why::NoRole),
            _ => Step::Skip(Why::NoPermissionNeeded),
        }
    }
}

impl Case<'_> {
    /// How far the permission reaches for the caller.
    pub(crate) fn value(&self) -> Value {
        value(self.permission, self.role)
    }

    /// The caller is the bot that the resource is or belongs to.
    pub(crate) fn is_own_bot(&self) -> bool {
        matches!((self.caller.who, self.facts.bot), (Who::Bot { id, .. }, Some(bot)) if id == bot)
    }

    /// The member acted upon is the caller.
    pub(crate) fn is_on_oneself(&self) -> bool {
        self.facts.subject.is_some_and(|subject| subject.is_caller)
    }
}
