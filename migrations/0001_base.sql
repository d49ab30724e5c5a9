-- One text for both engines. Ids are TypeIDs as TEXT, times BIGINT milliseconds, flags BIGINT 0 or 1,
-- documents JSON as TEXT. What only one engine understands stands in /*sqlite: … */ or /*postgres: … */.

-- People ---------------------------------------------------------------------------------------

CREATE TABLE people (
  id TEXT PRIMARY KEY NOT NULL,
  email TEXT NOT NULL UNIQUE,
  display_name TEXT NOT NULL,
  operator BIGINT NOT NULL,
  created_at BIGINT NOT NULL,
  disabled_at BIGINT
);

CREATE TABLE credentials (
  person_id TEXT NOT NULL REFERENCES people (id),
  kind TEXT NOT NULL,
  secret TEXT NOT NULL,
  updated_at BIGINT NOT NULL,
  PRIMARY KEY (person_id, kind)
);

CREATE TABLE sessions (
  id TEXT PRIMARY KEY NOT NULL,
  person_id TEXT NOT NULL REFERENCES people (id),
  access_hash TEXT NOT NULL UNIQUE,
  access_expires_at BIGINT NOT NULL,
  refresh_hash TEXT NOT NULL,
  family_hash TEXT NOT NULL,
  refresh_expires_at BIGINT NOT NULL,
  fresh_until BIGINT NOT NULL,
  device TEXT NOT NULL,
  address TEXT NOT NULL,
  created_at BIGINT NOT NULL,
  last_used_at BIGINT NOT NULL,
  ended_at BIGINT
);
CREATE INDEX sessions_person ON sessions (person_id);

-- Personal access tokens and bot tokens. Only the SHA-256 of a token is kept.
CREATE TABLE tokens (
  id TEXT PRIMARY KEY NOT NULL,
  hash TEXT NOT NULL UNIQUE,
  kind TEXT NOT NULL,
  owner_id TEXT NOT NULL,
  name TEXT NOT NULL,
  permissions TEXT NOT NULL,
  meshes TEXT NOT NULL,
  rooms TEXT NOT NULL,
  created_at BIGINT NOT NULL,
  expires_at BIGINT,
  revoked_at BIGINT
);
CREATE INDEX tokens_owner ON tokens (owner_id);

-- Devices that ask to be signed in (RFC 8628). Of both codes only the SHA-256 is kept; a device that has its
-- token has no row any more. `permissions` is what it asks for, and once it is approved what it gets.
CREATE TABLE devices (
  id TEXT PRIMARY KEY NOT NULL,
  device_hash TEXT NOT NULL UNIQUE,
  user_hash TEXT NOT NULL UNIQUE,
  name TEXT NOT NULL,
  agent TEXT NOT NULL,
  address TEXT NOT NULL,
  permissions TEXT NOT NULL,
  state TEXT NOT NULL,
  person_id TEXT REFERENCES people (id),
  created_at BIGINT NOT NULL,
  expires_at BIGINT NOT NULL
);
CREATE INDEX devices_end ON devices (expires_at);

-- Meshes ---------------------------------------------------------------------------------------

CREATE TABLE meshes (
  id TEXT PRIMARY KEY NOT NULL,
  slug TEXT NOT NULL UNIQUE,
  name TEXT NOT NULL,
  description TEXT NOT NULL,
  listed BIGINT NOT NULL,
  settings TEXT NOT NULL,
  revision BIGINT NOT NULL,
  created_by TEXT NOT NULL,
  created_at BIGINT NOT NULL,
  deleted_at BIGINT
);

-- A member who left keeps the row, so that old messages keep a name; `state` says so.
CREATE TABLE members (
  id TEXT PRIMARY KEY NOT NULL,
  mesh_id TEXT NOT NULL REFERENCES meshes (id),
  actor_id TEXT NOT NULL,
  handle TEXT NOT NULL,
  display_name TEXT NOT NULL,
  title TEXT NOT NULL,
  profile TEXT NOT NULL,
  avatar TEXT,
  avatar_small TEXT,
  role TEXT NOT NULL,
  state TEXT NOT NULL,
  revision BIGINT NOT NULL,
  joined_at BIGINT NOT NULL,
  UNIQUE (mesh_id, actor_id),
  UNIQUE (mesh_id, handle)
);
CREATE INDEX members_actor ON members (actor_id);
CREATE UNIQUE INDEX members_creator ON members (mesh_id) WHERE role = 'creator';

-- The handles that members had before: they lead to them still, and nobody else gets them.
CREATE TABLE old_handles (
  mesh_id TEXT NOT NULL REFERENCES meshes (id),
  handle TEXT NOT NULL,
  member_id TEXT NOT NULL REFERENCES members (id),
  PRIMARY KEY (mesh_id, handle)
);

-- What people and bots do just now. Whoever says nothing has no row; what has ended may still have one.
CREATE TABLE statuses (
  actor_id TEXT PRIMARY KEY NOT NULL,
  status TEXT NOT NULL,
  ends_at BIGINT
);

CREATE TABLE invites (
  id TEXT PRIMARY KEY NOT NULL,
  mesh_id TEXT NOT NULL REFERENCES meshes (id),
  code_hash TEXT NOT NULL UNIQUE,
  role TEXT NOT NULL,
  rooms TEXT NOT NULL,
  email TEXT,
  max_uses BIGINT NOT NULL,
  uses BIGINT NOT NULL,
  created_by TEXT NOT NULL,
  created_at BIGINT NOT NULL,
  expires_at BIGINT NOT NULL,
  revoked_at BIGINT
);
CREATE INDEX invites_mesh ON invites (mesh_id, id);

-- Rooms ----------------------------------------------------------------------------------------

-- `direct_key` names the people of a direct room, so that they have one room; others have none.
CREATE TABLE rooms (
  id TEXT PRIMARY KEY NOT NULL,
  mesh_id TEXT NOT NULL REFERENCES meshes (id),
  name TEXT NOT NULL,
  slug TEXT NOT NULL,
  purpose TEXT NOT NULL,
  kind TEXT NOT NULL,
  join_rule TEXT NOT NULL,
  readers_may_react BIGINT NOT NULL,
  who_may_post TEXT NOT NULL,
  slow_mode_s BIGINT NOT NULL,
  threads_only BIGINT NOT NULL,
  revision BIGINT NOT NULL,
  created_by TEXT NOT NULL,
  created_at BIGINT NOT NULL,
  archived_at BIGINT,
  deleted_at BIGINT,
  direct_key TEXT,
  UNIQUE (mesh_id, slug),
  UNIQUE (mesh_id, direct_key)
);
CREATE INDEX rooms_mesh ON rooms (mesh_id, id);

-- The slugs that rooms had before; a room that has one now comes first.
CREATE TABLE old_slugs (
  mesh_id TEXT NOT NULL REFERENCES meshes (id),
  slug TEXT NOT NULL,
  room_id TEXT NOT NULL REFERENCES rooms (id),
  PRIMARY KEY (mesh_id, slug)
);

CREATE TABLE room_members (
  room_id TEXT NOT NULL REFERENCES rooms (id),
  actor_id TEXT NOT NULL,
  member_id TEXT NOT NULL REFERENCES members (id),
  room_role TEXT NOT NULL,
  joined_at BIGINT NOT NULL,
  read_seq BIGINT NOT NULL,
  posted_at BIGINT,
  notify TEXT NOT NULL,
  muted_until BIGINT,
  PRIMARY KEY (room_id, actor_id)
);
CREATE INDEX room_members_actor ON room_members (actor_id, room_id);

-- Messages: append-only by `n`, found by id, by room position, by thread and by their words. -------

CREATE TABLE messages (
  n /*sqlite: INTEGER PRIMARY KEY*/ /*postgres: BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY*/ NOT NULL,
  id TEXT NOT NULL UNIQUE,
  room_id TEXT NOT NULL REFERENCES rooms (id),
  seq BIGINT NOT NULL,
  thread_id TEXT,
  reply_to TEXT,
  author_id TEXT NOT NULL,
  text TEXT NOT NULL,
  revision BIGINT NOT NULL,
  hops BIGINT NOT NULL,
  created_at BIGINT NOT NULL,
  edited_at BIGINT,
  deleted_at BIGINT,
  files TEXT,
  streamed_at BIGINT,
  actions TEXT,
  approval_id TEXT
);
CREATE UNIQUE INDEX messages_room ON messages (room_id, seq);
CREATE INDEX messages_thread ON messages (thread_id, seq) WHERE thread_id IS NOT NULL;
CREATE INDEX messages_streamed ON messages (streamed_at) WHERE streamed_at IS NOT NULL;

-- Files of rooms. Their bytes are outside the database, under their digest, once for all files of the same
-- bytes. `messages.files` has what a message shows of its files, so that reading it asks nothing here.
CREATE TABLE files (
  id TEXT PRIMARY KEY NOT NULL,
  room_id TEXT NOT NULL REFERENCES rooms (id),
  message_id TEXT,
  uploaded_by TEXT NOT NULL,
  name TEXT NOT NULL,
  name_key TEXT NOT NULL,
  media_type TEXT NOT NULL,
  size BIGINT NOT NULL,
  digest TEXT NOT NULL,
  created_at BIGINT NOT NULL,
  deleted_at BIGINT
);
CREATE INDEX files_room ON files (room_id, id) WHERE deleted_at IS NULL;
CREATE INDEX files_message ON files (message_id) WHERE message_id IS NOT NULL;
CREATE INDEX files_digest ON files (digest);
CREATE INDEX files_deleted ON files (deleted_at) WHERE deleted_at IS NOT NULL;

-- What search finds messages by; `rowid` is a message's `n`. The server makes the words, so that both
-- engines know the same ones, and follows the log with a cursor, so that posting does not wait for it.
/*sqlite: CREATE VIRTUAL TABLE message_words USING fts5(words, content='', contentless_delete=1, detail=none, tokenize="ascii tokenchars '_'"); */
/*postgres: CREATE TABLE message_words (
  rowid BIGINT PRIMARY KEY NOT NULL REFERENCES messages (n),
  words TSVECTOR NOT NULL
);
CREATE INDEX message_words_words ON message_words USING gin (words); */

CREATE TABLE message_revisions (
  message_id TEXT NOT NULL REFERENCES messages (id),
  revision BIGINT NOT NULL,
  text TEXT NOT NULL,
  at BIGINT NOT NULL,
  PRIMARY KEY (message_id, revision)
);

CREATE TABLE threads (
  id TEXT PRIMARY KEY NOT NULL,
  room_id TEXT NOT NULL REFERENCES rooms (id),
  root_id TEXT NOT NULL UNIQUE REFERENCES messages (id),
  title TEXT NOT NULL,
  resolved BIGINT NOT NULL,
  locked BIGINT NOT NULL,
  reply_count BIGINT NOT NULL,
  last_reply_at BIGINT,
  created_at BIGINT NOT NULL
);
CREATE INDEX threads_room ON threads (room_id, id);

CREATE TABLE thread_follows (
  thread_id TEXT NOT NULL REFERENCES threads (id),
  actor_id TEXT NOT NULL,
  following BIGINT NOT NULL,
  PRIMARY KEY (thread_id, actor_id)
);
CREATE INDEX thread_follows_actor ON thread_follows (actor_id, thread_id);

CREATE TABLE reactions (
  message_id TEXT NOT NULL REFERENCES messages (id),
  emoji TEXT NOT NULL,
  actor_id TEXT NOT NULL,
  at BIGINT NOT NULL,
  PRIMARY KEY (message_id, emoji, actor_id)
) /*sqlite: WITHOUT ROWID*/;

CREATE TABLE pins (
  room_id TEXT NOT NULL REFERENCES rooms (id),
  message_id TEXT NOT NULL REFERENCES messages (id),
  pinned_by TEXT NOT NULL,
  pinned_at BIGINT NOT NULL,
  PRIMARY KEY (room_id, message_id)
) /*sqlite: WITHOUT ROWID*/;

CREATE TABLE mentions (
  actor_id TEXT NOT NULL,
  message_id TEXT NOT NULL REFERENCES messages (id),
  room_id TEXT NOT NULL,
  seq BIGINT NOT NULL,
  PRIMARY KEY (actor_id, room_id, seq)
) /*sqlite: WITHOUT ROWID*/;
CREATE UNIQUE INDEX mentions_message ON mentions (message_id, actor_id);

CREATE TABLE presences (
  actor_id TEXT PRIMARY KEY NOT NULL,
  presence TEXT NOT NULL
);

-- What somebody is told of by name: one row for each person and message.
CREATE TABLE notifications (
  id TEXT NOT NULL,
  actor_id TEXT NOT NULL,
  kind TEXT NOT NULL,
  room_id TEXT NOT NULL REFERENCES rooms (id),
  message_id TEXT NOT NULL REFERENCES messages (id),
  created_at BIGINT NOT NULL,
  read_at BIGINT,
  PRIMARY KEY (actor_id, id)
) /*sqlite: WITHOUT ROWID*/;
CREATE UNIQUE INDEX notifications_message ON notifications (message_id, actor_id);

-- The log: every event and every audit entry. A row with a stream is an event; without, an audit
-- entry only. `lead` marks the row that stands for its operation in the audit list. ---------------

CREATE TABLE streams (
  id TEXT PRIMARY KEY NOT NULL,
  head BIGINT NOT NULL
) /*sqlite: WITHOUT ROWID*/;

CREATE TABLE log (
  pos /*sqlite: INTEGER*/ /*postgres: BIGINT*/ PRIMARY KEY NOT NULL,
  stream TEXT,
  seq BIGINT,
  type TEXT NOT NULL,
  op TEXT NOT NULL,
  lead BIGINT NOT NULL,
  mesh_id TEXT,
  actor_id TEXT,
  actor_kind TEXT NOT NULL,
  door TEXT NOT NULL,
  layer TEXT NOT NULL,
  outcome TEXT NOT NULL,
  target TEXT,
  request_id TEXT NOT NULL,
  at BIGINT NOT NULL,
  data TEXT NOT NULL
);
CREATE UNIQUE INDEX log_stream ON log (stream, seq);

-- One link of the hash chain per commit, over the log rows `first_pos` to `last_pos`.
CREATE TABLE log_links (
  n /*sqlite: INTEGER*/ /*postgres: BIGINT*/ PRIMARY KEY NOT NULL,
  first_pos BIGINT NOT NULL,
  last_pos BIGINT NOT NULL,
  hash TEXT NOT NULL
);

-- The end of the chain; PostgreSQL's transactions take turns on this row.
CREATE TABLE log_head (
  id BIGINT PRIMARY KEY NOT NULL,
  n BIGINT NOT NULL,
  pos BIGINT NOT NULL,
  hash TEXT NOT NULL
);
INSERT INTO log_head (id, n, pos, hash) VALUES (1, 0, 0, '');

-- How far somebody says that it has handled each stream. (`cursors` is what the server itself delivers by.)
CREATE TABLE acks (
  actor_id TEXT NOT NULL,
  stream TEXT NOT NULL,
  seq BIGINT NOT NULL,
  PRIMARY KEY (actor_id, stream)
) /*sqlite: WITHOUT ROWID*/;

CREATE TABLE cursors (
  consumer TEXT NOT NULL,
  stream TEXT NOT NULL,
  seq BIGINT NOT NULL,
  PRIMARY KEY (consumer, stream)
) /*sqlite: WITHOUT ROWID*/;

-- Bots -----------------------------------------------------------------------------------------

CREATE TABLE bots (
  id TEXT PRIMARY KEY NOT NULL,
  mesh_id TEXT NOT NULL REFERENCES meshes (id),
  member_id TEXT NOT NULL REFERENCES members (id),
  name TEXT NOT NULL,
  description TEXT NOT NULL,
  runtime TEXT NOT NULL,
  keeper_id TEXT NOT NULL,
  wanted TEXT NOT NULL,
  autonomy TEXT NOT NULL,
  caps TEXT NOT NULL,
  active_version TEXT,
  previous_version TEXT,
  kv_bytes BIGINT NOT NULL,
  kv_version BIGINT NOT NULL,
  config TEXT NOT NULL,
  config_revision BIGINT NOT NULL,
  limits TEXT NOT NULL,
  limits_revision BIGINT NOT NULL,
  subscription TEXT NOT NULL,
  subscription_revision BIGINT NOT NULL,
  revision BIGINT NOT NULL,
  created_by TEXT NOT NULL,
  created_at BIGINT NOT NULL,
  deleted_at BIGINT
);
CREATE INDEX bots_mesh ON bots (mesh_id, id);
CREATE INDEX bots_wanted ON bots (id) WHERE wanted = 'running' AND deleted_at IS NULL;

-- What bots with caps did by themselves, minute by minute of the last hour, as JSON.
CREATE TABLE bot_uses (
  bot_id TEXT PRIMARY KEY NOT NULL REFERENCES bots (id),
  uses TEXT NOT NULL
) /*sqlite: WITHOUT ROWID*/;

CREATE TABLE bot_versions (
  id TEXT PRIMARY KEY NOT NULL,
  bot_id TEXT NOT NULL REFERENCES bots (id),
  digest TEXT NOT NULL,
  size BIGINT NOT NULL,
  publisher TEXT NOT NULL,
  manifest TEXT NOT NULL,
  imports TEXT NOT NULL,
  uploaded_by TEXT NOT NULL,
  created_at BIGINT NOT NULL,
  UNIQUE (bot_id, digest)
);
CREATE INDEX bot_versions_bot ON bot_versions (bot_id, id);

-- A decision holds for versions of one publisher that ask for no more than was asked (`asked`, a JSON
-- list of patterns) when it was made. Only `deny` holds for every version.
CREATE TABLE bot_grants (
  bot_id TEXT NOT NULL REFERENCES bots (id),
  publisher TEXT NOT NULL,
  permission TEXT NOT NULL,
  pattern TEXT NOT NULL,
  effect TEXT NOT NULL,
  asked TEXT NOT NULL,
  expires_at BIGINT,
  decided_by TEXT NOT NULL,
  decided_at BIGINT NOT NULL,
  PRIMARY KEY (bot_id, publisher, permission, pattern)
);

CREATE TABLE room_bots (
  room_id TEXT NOT NULL REFERENCES rooms (id),
  bot_id TEXT NOT NULL REFERENCES bots (id),
  hears TEXT NOT NULL,
  may_post BIGINT NOT NULL,
  revision BIGINT NOT NULL,
  added_by TEXT NOT NULL,
  added_at BIGINT NOT NULL,
  PRIMARY KEY (room_id, bot_id)
);
CREATE INDEX room_bots_bot ON room_bots (bot_id, room_id);

-- `version` comes from the bot's `kv_version`, so a key that was deleted and written again never has
-- a version that it had before.
CREATE TABLE bot_kv (
  bot_id TEXT NOT NULL REFERENCES bots (id),
  key TEXT /*postgres: COLLATE "C"*/ NOT NULL,
  value /*sqlite: BLOB*/ /*postgres: BYTEA*/ NOT NULL,
  size BIGINT NOT NULL,
  version BIGINT NOT NULL,
  expires_at BIGINT,
  updated_at BIGINT NOT NULL,
  PRIMARY KEY (bot_id, key)
);

-- What bots know that nobody else may read: sealed with a key that is not in the database.
CREATE TABLE bot_secrets (
  bot_id TEXT NOT NULL REFERENCES bots (id),
  name TEXT NOT NULL,
  sealed /*sqlite: BLOB*/ /*postgres: BYTEA*/ NOT NULL,
  revision BIGINT NOT NULL,
  updated_by TEXT NOT NULL,
  updated_at BIGINT NOT NULL,
  PRIMARY KEY (bot_id, name)
);

-- `due_at` is NULL once a timer has fired for the last time; its row stays until the event was surely handed over.
CREATE TABLE bot_timers (
  id TEXT PRIMARY KEY NOT NULL,
  bot_id TEXT NOT NULL REFERENCES bots (id),
  room_id TEXT REFERENCES rooms (id),
  cron TEXT,
  zone TEXT,
  data TEXT NOT NULL,
  due_at BIGINT,
  fired_at BIGINT,
  created_at BIGINT NOT NULL
);
CREATE INDEX bot_timers_bot ON bot_timers (bot_id, id);
CREATE INDEX bot_timers_due ON bot_timers (due_at) WHERE due_at IS NOT NULL;

CREATE TABLE bot_logs (
  bot_id TEXT NOT NULL REFERENCES bots (id),
  id TEXT NOT NULL,
  at BIGINT NOT NULL,
  level TEXT NOT NULL,
  text TEXT NOT NULL,
  instance TEXT NOT NULL,
  PRIMARY KEY (bot_id, id)
);

CREATE TABLE bot_decisions (
  id TEXT PRIMARY KEY NOT NULL,
  bot_id TEXT NOT NULL REFERENCES bots (id),
  op TEXT NOT NULL,
  resource TEXT NOT NULL,
  findings TEXT NOT NULL,
  at BIGINT NOT NULL
);

CREATE INDEX bot_decisions_bot ON bot_decisions (bot_id, id);

-- An event that a bot failed to handle waits here, and later events of its lane (its room) behind it.
CREATE TABLE bot_parked (
  bot_id TEXT NOT NULL REFERENCES bots (id),
  stream TEXT NOT NULL,
  seq BIGINT NOT NULL,
  lane TEXT NOT NULL,
  attempts BIGINT NOT NULL,
  due_at BIGINT NOT NULL,
  error TEXT NOT NULL,
  -- It stands for everything of its lane from seq to there, which was too much to keep.
  gap_to BIGINT,
  PRIMARY KEY (bot_id, stream, seq)
);

CREATE TABLE dead_letters (
  id TEXT PRIMARY KEY NOT NULL,
  bot_id TEXT NOT NULL REFERENCES bots (id),
  stream TEXT NOT NULL,
  seq BIGINT NOT NULL,
  lane TEXT NOT NULL,
  attempts BIGINT NOT NULL,
  error TEXT NOT NULL,
  at BIGINT NOT NULL
);
CREATE INDEX dead_letters_bot ON dead_letters (bot_id, id);

-- What bots' slash commands were called with, for a day; the log only names the call.
CREATE TABLE command_calls (
  id TEXT PRIMARY KEY NOT NULL,
  bot_id TEXT NOT NULL REFERENCES bots (id),
  room_id TEXT NOT NULL REFERENCES rooms (id),
  command TEXT NOT NULL,
  text TEXT NOT NULL,
  arguments TEXT,
  at BIGINT NOT NULL
);
CREATE INDEX command_calls_at ON command_calls (at);

-- What bots were asked and what they answered, for a day; the log only names the call.
CREATE TABLE bot_calls (
  id TEXT PRIMARY KEY NOT NULL,
  bot_id TEXT NOT NULL REFERENCES bots (id),
  method TEXT NOT NULL,
  input TEXT NOT NULL,
  -- The bots that wait for the answer, as JSON.
  chain TEXT NOT NULL,
  deadline BIGINT NOT NULL,
  answer TEXT,
  error TEXT,
  at BIGINT NOT NULL
);
CREATE INDEX bot_calls_at ON bot_calls (at);

-- What came with the pressing of a message's buttons, for a day; the log only names the press.
CREATE TABLE presses (
  id TEXT PRIMARY KEY NOT NULL,
  message_id TEXT NOT NULL REFERENCES messages (id),
  action_id TEXT NOT NULL,
  value TEXT,
  form TEXT,
  at BIGINT NOT NULL
);
CREATE INDEX presses_at ON presses (at);

-- Approvals ------------------------------------------------------------------------------------

-- What waits for a person to decide: a question, or (with an operation) a held call with its whole input.
-- `digest` keeps the same question from being asked twice at once; `call_key` is the call's own
-- idempotency key, `call_match` its `If-Match`. `result` is what the held call came to, once it was let go.
-- What the mesh's rule said when it was asked is kept with it: `approver_role` is the lowest role that decides.
CREATE TABLE approvals (
  id TEXT PRIMARY KEY NOT NULL,
  mesh_id TEXT NOT NULL REFERENCES meshes (id),
  requester_id TEXT NOT NULL,
  room_id TEXT REFERENCES rooms (id),
  question TEXT NOT NULL,
  choices TEXT NOT NULL,
  operation TEXT,
  permission TEXT,
  input TEXT,
  digest TEXT NOT NULL,
  call_key TEXT,
  call_match TEXT,
  hops BIGINT NOT NULL,
  rule TEXT,
  approver_role TEXT,
  votes_needed BIGINT NOT NULL,
  on_deadline TEXT NOT NULL,
  card_id TEXT,
  state TEXT NOT NULL,
  scope TEXT,
  choice TEXT,
  reason TEXT NOT NULL,
  decided_by TEXT,
  decided_at BIGINT,
  result TEXT,
  created_at BIGINT NOT NULL,
  expires_at BIGINT NOT NULL,
  revision BIGINT NOT NULL
);
CREATE INDEX approvals_mesh ON approvals (mesh_id, id);
CREATE INDEX approvals_requester ON approvals (requester_id, id);
CREATE INDEX approvals_open ON approvals (expires_at) WHERE state = 'pending';
CREATE INDEX approvals_due ON approvals (id) WHERE state = 'approved' AND result IS NULL;
CREATE UNIQUE INDEX approvals_same ON approvals (requester_id, digest) WHERE state = 'pending';
CREATE UNIQUE INDEX approvals_key ON approvals (requester_id, operation, call_key) WHERE call_key IS NOT NULL;

-- People who decide a question besides those of its role (`may` 1), or handed it on and do not any more (0).
CREATE TABLE approval_deciders (
  approval_id TEXT NOT NULL REFERENCES approvals (id),
  person_id TEXT NOT NULL,
  may BIGINT NOT NULL,
  PRIMARY KEY (approval_id, person_id)
) /*sqlite: WITHOUT ROWID*/;

-- People who agreed.
CREATE TABLE approval_votes (
  approval_id TEXT NOT NULL REFERENCES approvals (id),
  person_id TEXT NOT NULL,
  choice TEXT,
  at BIGINT NOT NULL,
  PRIMARY KEY (approval_id, person_id)
) /*sqlite: WITHOUT ROWID*/;

-- Rules about approvals; `terms` is JSON.
CREATE TABLE approval_rules (
  mesh_id TEXT NOT NULL REFERENCES meshes (id),
  name TEXT NOT NULL,
  terms TEXT NOT NULL,
  revision BIGINT NOT NULL,
  PRIMARY KEY (mesh_id, name)
) /*sqlite: WITHOUT ROWID*/;

-- Server ---------------------------------------------------------------------------------------

-- The first answer to a keyed call, given again when the call is repeated. Answers are long and keys come in
-- any order, so answers are appended, and only the keys are sorted.
CREATE TABLE idempotency (
  actor TEXT NOT NULL,
  op TEXT NOT NULL,
  key TEXT NOT NULL,
  digest TEXT NOT NULL,
  answer TEXT NOT NULL,
  at BIGINT NOT NULL,
  PRIMARY KEY (actor, op, key)
);

CREATE TABLE settings (
  name TEXT PRIMARY KEY NOT NULL,
  value TEXT NOT NULL
);
