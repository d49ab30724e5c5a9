use crate::named::named;

/// What an operation needs before it may run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// A permission on the resource.
    Needs(Permission),
    /// Any signed-in actor, on what is its own.
    Myself,
    /// The operator of the server.
    Operator,
    /// Nobody is asked; the text says why that is right.
    Public(&'static str),
}

named! {
    /// A right in a mesh, in the catalogue's order. Who has which is in the matrix, [`crate::value`].
    Permission {
        /// See the mesh, its roles, emoji, categories; resolve DIDs; read mesh events.
        MeshRead = "mesh.read",
        /// Settings, policies, retention, branding, statistics.
        MeshManage = "mesh.manage",
        /// Archive, delete, hand over.
        MeshOwn = "mesh.own",
        /// Export, import, legal holds, templates.
        MeshData = "mesh.data",
        /// Custom emoji.
        EmojiManage = "emoji.manage",

        /// See a room, its people and settings; keep one's own read state.
        RoomRead = "room.read",
        /// New rooms; the creator becomes room owner.
        RoomCreate = "room.create",
        /// Join, knock, answer an invitation.
        RoomJoin = "room.join",
        /// Bring others in.
        RoomInvite = "room.invite",
        /// Settings, room roles, bots and apps in the room, categories.
        RoomManage = "room.manage",
        /// Remove, mute and ban in a room.
        RoomModerate = "room.moderate",
        /// Delete and restore a room.
        RoomDelete = "room.delete",
        /// List private rooms and enter one without an invitation.
        RoomEnterAny = "room.enter_any",

        /// Messages, threads, reactions, pins.
        MessageRead = "message.read",
        /// Post, whisper, schedule, draft, typing, direct rooms.
        MessagePost = "message.post",
        /// Change one's own words; nobody changes another's.
        MessageEdit = "message.edit",
        /// Delete one message.
        MessageDelete = "message.delete",
        /// React, vote, press a button.
        MessageReact = "message.react",
        /// Pins and shared bookmarks.
        MessagePin = "message.pin",
        /// Hide, bulk delete, lock, answer reports.
        MessageModerate = "message.moderate",

        /// People, bots, teams, presence, trust scores.
        MemberRead = "member.read",
        /// Profile and avatar in this mesh.
        MemberProfile = "member.profile",
        /// Invitations and join requests.
        MemberInvite = "member.invite",
        /// Change mesh roles; human only.
        MemberRole = "member.role",
        /// Suspend, remove, ban.
        MemberModerate = "member.moderate",
        /// Sessions and recorded actions of a member.
        MemberAudit = "member.audit",
        /// Personal data export and erasure.
        MemberData = "member.data",
        /// Teams.
        TeamManage = "team.manage",

        /// Bring in a new bot; human only.
        BotCreate = "bot.create",
        /// Versions, config, secrets, tokens.
        BotManage = "bot.manage",
        /// Start, stop, logs, metrics, dead letters, explain.
        BotOperate = "bot.operate",
        /// Decide rights, limits and approval rules; human only.
        BotGrant = "bot.grant",
        /// Key-value store, timers, subscriptions.
        BotState = "bot.state",
        /// HTTP out of the sandbox to allow-listed hosts, and into it at declared addresses.
        BotNetwork = "bot.network",
        /// Slash commands and bot calls.
        CommandInvoke = "command.invoke",

        /// Ask a human to decide.
        ApprovalRequest = "approval.request",
        /// See requests one made or may decide.
        ApprovalRead = "approval.read",
        /// Decide; human only; `own` means named by the rule.
        ApprovalDecide = "approval.decide",
        /// Trust rules, promotions, autonomy level; human only.
        TrustManage = "trust.manage",

        /// List, download, preview.
        FileRead = "file.read",
        /// Upload.
        FileUpload = "file.upload",
        /// Rename, version, delete.
        FileManage = "file.manage",
        /// Links for people outside.
        FileShare = "file.share",
        /// Open an app, read and write its state, run its actions.
        AppUse = "app.use",
        /// App manifests and bundles.
        AppPublish = "app.publish",
        /// Make an app available in the mesh.
        AppInstall = "app.install",

        /// Webhooks, commands, bridges.
        IntegrationManage = "integration.manage",
        /// Peers, policies, outbox, traffic.
        FederationManage = "federation.manage",
        /// Share a room with a peer.
        FederationShare = "federation.share",
        /// Offer a capability to peers.
        CapabilityPublish = "capability.publish",
        /// Find and call capabilities under an agreement.
        CapabilityInvoke = "capability.invoke",
        /// Make and end agreements; human only.
        AgreementManage = "agreement.manage",

        /// DIDs, keys, revoking UCANs.
        IdentityManage = "identity.manage",
        /// Pass on rights one holds.
        UcanDelegate = "ucan.delegate",
        /// Accounts, statements, bonds, escrow.
        LedgerRead = "ledger.read",
        /// Pay from an account one controls.
        LedgerTransfer = "ledger.transfer",
        /// Accounts, issuing, slashing, fees; human only.
        LedgerManage = "ledger.manage",
        /// The mesh audit log.
        AuditRead = "audit.read",
    }
}

impl Permission {
    /// Every bot has this over what is its own, without having asked for it: it may look at and run itself, and
    /// look at its own questions to people.
    pub const fn is_implied_for_bots(self) -> bool {
        matches!(self, Self::BotOperate | Self::ApprovalRead)
    }

    /// Refused to bots whatever their role, their grants or their UCAN.
    pub const fn human_only(self) -> bool {
        matches!(
            self,
            Self::MeshOwn
                | Self::MeshData
                | Self::MemberRole
                | Self::BotCreate
                | Self::BotGrant
                | Self::ApprovalDecide
                | Self::TrustManage
                | Self::AgreementManage
                | Self::LedgerManage
        )
    }

    /// What a bot does with what is its own, and asking people. It has bounds of its own, so caps and rules about
    /// everything leave it out.
    pub const fn is_housekeeping(self) -> bool {
        matches!(
            self,
            Self::BotOperate | Self::BotState | Self::BotNetwork | Self::ApprovalRequest
        )
    }

    /// Changes nothing that others see. This is all that an observing bot may do, and what a
    /// suggesting bot may do without asking.
    pub const fn is_read(self) -> bool {
        matches!(
            self,
            Self::MeshRead
                | Self::RoomRead
                | Self::MessageRead
                | Self::MemberRead
                | Self::ApprovalRead
                | Self::FileRead
                | Self::LedgerRead
                | Self::AuditRead
        )
    }
}
