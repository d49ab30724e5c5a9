//! Bounds that every door keeps. Sizes in bytes unless the name says otherwise.

/// Longest JSON body of a request.
pub const JSON_BODY: usize = 1 << 20;
/// Longest text of one message.
pub const MESSAGE_TEXT: usize = 64 << 10;
/// How long a message that comes bit by bit may wait for more before it is closed, in seconds.
pub const STREAM_IDLE_SECONDS: i64 = 60;
/// Buttons under one message.
pub const ACTIONS: usize = 10;
/// Longest name of a button, in bytes.
pub const ACTION_ID: usize = 64;
/// Characters on a button.
pub const ACTION_LABEL: usize = 80;
/// Longest value that a button carries, in bytes.
pub const ACTION_VALUE: usize = 2000;
/// What comes with the pressing of a button, in bytes as JSON.
pub const ACTION_VALUES: usize = 16 << 10;
/// Items on a page when the caller does not say.
pub const PAGE_DEFAULT: u32 = 50;
/// Most items on a page.
pub const PAGE_MAX: u32 = 200;
/// How long a page cursor is good for, in seconds.
pub const CURSOR_SECONDS: i64 = 24 * 3600;
/// Longest `Idempotency-Key`, in characters.
pub const IDEMPOTENCY_KEY: usize = 255;
/// How long an idempotency key is remembered, in seconds.
pub const IDEMPOTENCY_SECONDS: i64 = 24 * 3600;
/// Largest WebAssembly component that may be uploaded.
pub const COMPONENT: u64 = 64 << 20;
/// Largest file of a room.
pub const FILE: u64 = 100 << 20;
/// Longest name of a file.
pub const FILE_NAME: usize = 255;
/// Files that come with one message.
pub const FILES: usize = 10;
/// How long a deleted file is kept, in seconds.
pub const DELETED_FILE_SECONDS: i64 = 30 * 24 * 3600;
/// Largest picture that may become an avatar.
pub const AVATAR: usize = 5 << 20;
/// Longest value in a bot's key-value store.
pub const KV_VALUE: usize = 256 << 10;
/// Longest key in a bot's key-value store.
pub const KV_KEY: usize = 512;
/// Everything in one bot's key-value store.
pub const KV_TOTAL: i64 = 10 << 20;
/// Longest wait of an event poll, in seconds.
pub const POLL_SECONDS: u64 = 30;
/// Largest frame that a client sends over a socket.
pub const SOCKET_FRAME: usize = 256 << 10;
/// Largest answer over a socket; what is larger is to be had over REST.
pub const SOCKET_ANSWER: usize = 2 << 20;
/// Operations of one socket that wait for their answer.
pub const SOCKET_IN_FLIGHT: usize = 32;
/// Sockets of one person.
pub const SOCKETS_PERSON: usize = 20;
/// Sockets of one bot.
pub const SOCKETS_BOT: usize = 200;
/// Bots in a row that may cause each other's messages.
pub const HOPS: u32 = 5;
/// Longest line in a bot's log.
pub const LOG_LINE: usize = 8 << 10;
/// About how many lines of a bot's log are kept.
pub const LOG_LINES: i64 = 10_000;
/// Largest settings document of a bot.
pub const BOT_CONFIG: usize = 64 << 10;

/// Longest question to a bot, and longest answer, in bytes as JSON.
pub const BOT_CALL: usize = 256 << 10;
/// How long the answer of a bot is waited for, in milliseconds.
pub const BOT_CALL_MS: u32 = 30_000;
/// Longest secret of a bot, in bytes.
pub const BOT_SECRET: usize = 16 << 10;
/// Secrets of one bot.
pub const BOT_SECRETS: usize = 100;
/// Rooms that a bot's subscription may list.
pub const SUBSCRIPTION: usize = 1000;
/// Timers of one bot that have still to fire.
pub const TIMERS: i64 = 1000;
/// What a timer carries, in bytes as JSON.
pub const TIMER_DATA: usize = 16 << 10;
/// How long what fired is kept for a bot that is behind, in seconds.
pub const FIRED_TIMER_SECONDS: i64 = 7 * 24 * 3600;
/// Longest time that a question to people stays open, in seconds.
pub const APPROVAL_SECONDS: i64 = 30 * 24 * 3600;
/// How long a question to people stays open when nobody says, in seconds.
pub const APPROVAL_DEFAULT_SECONDS: i64 = 24 * 3600;
/// Questions of one actor that are open at once.
pub const OPEN_APPROVALS: i64 = 100;
/// The highest cap of an hour.
pub const CAP: u32 = 100_000;
/// Rules about approvals of one mesh.
pub const APPROVAL_RULES: usize = 100;
/// People whom a rule about approvals may name.
pub const APPROVERS: usize = 20;
/// People of whom a rule may want that they agree.
pub const VOTES: u32 = 5;
/// Characters of a question to people.
pub const APPROVAL_QUESTION: usize = 2000;
/// Characters of the reason for a no.
pub const APPROVAL_REASON: usize = 1000;
/// Longest input of a call that waits for a person, in bytes as JSON.
pub const HELD_INPUT: usize = 256 << 10;
/// Longest answer of a held call that is kept, in bytes as JSON.
pub const HELD_RESULT: usize = 64 << 10;
