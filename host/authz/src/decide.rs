use crate::case::{Question, Step};
use crate::{Access, Caller, Facts, Finding, Grant, Layer, Permission, Reason, Verdict};
use std::{error, fmt};

/// Why there is no grant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refusal {
    /// Sign in first.
    Unauthenticated,
    /// The resource is absent, or the caller may not know that it is there.
    NotFound,
    /// The caller sees the resource and may not do this.
    Forbidden {
        /// The reason that programs read.
        reason: Reason,
        /// The layer that decided.
        layer: Layer,
        /// The sentence that people read.
        detail: String,
    },
    /// A person has to agree first.
    Ask {
        /// What the person would allow.
        permission: Permission,
    },
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unauthenticated => f.write_str("sign in first"),
            Self::NotFound => f.write_str("not found"),
            Self::Forbidden { detail, .. } => f.write_str(detail),
            Self::Ask { permission } => write!(f, "`{permission}` waits for a person's approval"),
        }
    }
}

impl error::Error for Refusal {}

/// Decides whether a caller may do this to a resource. `on` is the resource, in the words of
/// whoever asks; it comes back inside the proof. Allocates nothing unless it refuses.
pub fn decide<R>(caller: &Caller, access: Access, facts: &Facts, on: R) -> Result<Grant<R>, Refusal> {
    match judge(&Question::new(caller, access, facts)) {
        Ok(layer) => Ok(Grant::new(on, caller, facts, layer)),
        Err(refusal) => Err(refusal),
    }
}

/// Everything that the caller may do to a resource, in the order of the matrix.
pub fn permitted(caller: &Caller, facts: &Facts) -> Vec<Permission> {
    let may = |permission: &Permission| judge(&Question::new(caller, Access::Needs(*permission), facts)).is_ok();
    Permission::ALL.iter().copied().filter(may).collect()
}

/// Everything that the caller may do to something in a mesh, whatever that is: the layers that look at the thing
/// are not asked. The facts are the mesh's, with `room_by_room`.
pub fn conceivable(caller: &Caller, facts: &Facts) -> Vec<Permission> {
    let about_the_thing = [
        Layer::Ownership,
        Layer::RoomRole,
        Layer::Override,
        Layer::Rank,
        Layer::Approval,
    ];
    let layers = || Layer::ALL.iter().filter(|layer| !about_the_thing.contains(layer));
    let may = |permission: &Permission| {
        let question = Question::new(caller, Access::Needs(*permission), facts);
        layers().all(|layer| matches!(question.step(*layer), Step::Pass(_) | Step::Skip(_)))
    };
    Permission::ALL.iter().copied().filter(may).collect()
}

/// What every layer says, in the order in which they decide, also after one of them refused.
pub fn explain(caller: &Caller, access: Access, facts: &Facts) -> Vec<Finding> {
    let question = Question::new(caller, access, facts);
    (Layer::ALL.iter())
        .map(|&layer| {
            let step = question.step(layer);
            let (verdict, why) = match step {
                Step::Pass(why) => (Verdict::Pass, why),
                Step::Skip(why) => (Verdict::Skip, why),
                Step::Ask(_, why) => (Verdict::Ask, why),
                Step::Refuse(_, why) | Step::Hide(why) | Step::SignIn(why) => (Verdict::Refuse, why),
            };
            let reason = if let Step::Refuse(reason, _) = step {
                Some(reason)
            } else {
                None
            };
            Finding {
                layer,
                verdict,
                reason,
                detail: why.sentence(),
            }
        })
        .collect()
}

/// The layer that said the decisive yes: the last of those that can give something, as the others
/// only take away.
fn judge(question: &Question<'_>) -> Result<Layer, Refusal> {
    let mut decisive = Layer::Credential;
    for &layer in Layer::ALL {
        match question.step(layer) {
            Step::Pass(_) if matches!(layer, Layer::Role | Layer::Ownership | Layer::Scope | Layer::Grant) => {
                decisive = layer;
            }
            Step::Pass(_) | Step::Skip(_) => {}
            Step::SignIn(_) => return Err(Refusal::Unauthenticated),
            Step::Hide(_) => return Err(Refusal::NotFound),
            Step::Refuse(reason, why) => {
                return Err(Refusal::Forbidden {
                    reason,
                    layer,
                    detail: why.sentence(),
                });
            }
            Step::Ask(permission, _) => return Err(Refusal::Ask { permission }),
        }
    }
    Ok(decisive)
}
