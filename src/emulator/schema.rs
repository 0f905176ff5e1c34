//! The tables of the embedded services. Times are milliseconds since 1970.

use crate::store::Schema;

/// The services' one database: `services.db` in the data folder.
pub(super) const SCHEMA: Schema = Schema {
    application_id: 0x4853_7376,
    migrations: &[FIRST, TOPICS, TOTALS, ADMINISTRATION],
};

/// Numbers of agents, channels and messages are never given twice, so that a late job about one
/// that is gone cannot meet its successor.
const FIRST: &str = "
CREATE TABLE agent(
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    uaid TEXT NOT NULL UNIQUE
) STRICT;

CREATE TABLE channel(
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    agent INTEGER NOT NULL,
    channel_id TEXT NOT NULL,
    platform TEXT NOT NULL,
    token TEXT NOT NULL UNIQUE,
    vapid_key BLOB,
    extended INTEGER NOT NULL,
    expires_at INTEGER,
    gone_at INTEGER
) STRICT;
CREATE INDEX channel_agent ON channel(agent, channel_id);

CREATE TABLE message(
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    agent INTEGER NOT NULL,
    channel INTEGER NOT NULL,
    version TEXT NOT NULL,
    body BLOB NOT NULL,
    headers TEXT NOT NULL,
    slot TEXT,
    offline INTEGER NOT NULL,
    expires_at INTEGER
) STRICT;
CREATE INDEX message_agent ON message(agent, seq);
CREATE INDEX message_expiry ON message(expires_at) WHERE expires_at IS NOT NULL;

CREATE TABLE token(
    hash BLOB PRIMARY KEY,
    user TEXT NOT NULL,
    expires_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE registration(
    id TEXT PRIMARY KEY,
    user TEXT NOT NULL,
    expires_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX registration_user ON registration(user);

CREATE TABLE installation(
    id TEXT PRIMARY KEY,
    platform TEXT NOT NULL,
    handle TEXT NOT NULL UNIQUE,
    p256dh TEXT,
    auth TEXT
) STRICT, WITHOUT ROWID;

CREATE TABLE installation_tag(
    tag TEXT NOT NULL,
    installation TEXT NOT NULL,
    PRIMARY KEY(tag, installation)
) STRICT, WITHOUT ROWID;
CREATE INDEX installation_tags ON installation_tag(installation);

CREATE TABLE notification(
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    owner TEXT NOT NULL,
    payload TEXT NOT NULL,
    is_read INTEGER NOT NULL,
    created_at INTEGER NOT NULL
) STRICT;
CREATE INDEX notification_owner ON notification(owner, is_read, seq);
";

/// Topics of FCM. A subscription goes with its registration token, whatever ends that.
const TOPICS: &str = "
CREATE TABLE topic_subscription(
    topic TEXT NOT NULL,
    channel INTEGER NOT NULL,
    PRIMARY KEY(topic, channel)
) STRICT, WITHOUT ROWID;
CREATE INDEX topic_subscription_channel ON topic_subscription(channel);
CREATE TRIGGER channel_given_back AFTER UPDATE OF gone_at ON channel
WHEN NEW.gone_at IS NOT NULL BEGIN
    DELETE FROM topic_subscription WHERE channel = NEW.id;
END;
CREATE TRIGGER channel_forgotten AFTER DELETE ON channel BEGIN
    DELETE FROM topic_subscription WHERE channel = OLD.id;
END;
";

/// How much there is in all, so that it can be bounded without counting it.
const TOTALS: &str = "
CREATE TABLE total(
    id INTEGER PRIMARY KEY CHECK (id = 1),
    messages INTEGER NOT NULL,
    bytes INTEGER NOT NULL,
    channels INTEGER NOT NULL
) STRICT;
INSERT INTO total(id, messages, bytes, channels) VALUES (
    1,
    (SELECT count(*) FROM message),
    (SELECT coalesce(sum(length(body) + length(headers)), 0) FROM message),
    (SELECT count(*) FROM channel)
);
CREATE TRIGGER message_added AFTER INSERT ON message BEGIN
    UPDATE total SET messages = messages + 1,
        bytes = bytes + length(new.body) + length(new.headers);
END;
CREATE TRIGGER message_removed AFTER DELETE ON message BEGIN
    UPDATE total SET messages = messages - 1,
        bytes = bytes - length(old.body) - length(old.headers);
END;
CREATE TRIGGER channel_added AFTER INSERT ON channel BEGIN
    UPDATE total SET channels = channels + 1;
END;
CREATE TRIGGER channel_removed AFTER DELETE ON channel BEGIN
    UPDATE total SET channels = channels - 1;
END;
";

/// Push administration: what is switched on, and who may push. A domain is on one list at most.
const ADMINISTRATION: &str = "
CREATE TABLE push_configuration(
    identity TEXT PRIMARY KEY COLLATE NOCASE,
    apple INTEGER NOT NULL,
    microsoft INTEGER NOT NULL,
    google INTEGER NOT NULL,
    webpush INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE federation(
    id INTEGER PRIMARY KEY CHECK (id = 1),
    enabled INTEGER NOT NULL
) STRICT;

CREATE TABLE partner_domain(
    domain TEXT PRIMARY KEY,
    blocked INTEGER NOT NULL,
    proxy TEXT,
    verification TEXT,
    comment TEXT
) STRICT, WITHOUT ROWID;

CREATE TABLE hosting_provider(
    identity TEXT PRIMARY KEY COLLATE NOCASE,
    proxy TEXT NOT NULL UNIQUE,
    enabled INTEGER NOT NULL,
    verification TEXT NOT NULL
) STRICT, WITHOUT ROWID;
";
