//! The tables of the embedded services. Times are milliseconds since 1970.

use crate::store::Schema;

/// The services' one database: `services.db` in the data folder.
pub(super) const SCHEMA: Schema = Schema {
    application_id: 0x4853_7376,
    migrations: &[
        FIRST,
        TOPICS,
        TOTALS,
        BACKEND,
        HUB,
        ADMINISTRATION,
        HUBS_OF_REGISTRATIONS,
        UNANSWERED,
    ],
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

/// What the app backend knows by itself: the handle that was put under a registration, which belongs
/// to one registration at a time, and whether the hub may know the registration; and the to-do items.
///
/// What the hub knew is taken over. An installation of the hub that is no registration's is one that
/// was given back while the hub did not answer: nobody would ever remove it.
const BACKEND: &str = "
ALTER TABLE registration ADD COLUMN platform TEXT;
ALTER TABLE registration ADD COLUMN handle TEXT;
ALTER TABLE registration ADD COLUMN in_hub INTEGER NOT NULL DEFAULT 0;
CREATE UNIQUE INDEX registration_handle ON registration(handle);
CREATE INDEX registration_expiry ON registration(in_hub, expires_at);
CREATE INDEX registration_leaving ON registration(in_hub) WHERE handle IS NULL;
UPDATE OR IGNORE registration SET (platform, handle, in_hub) = (
    SELECT platform, CASE platform WHEN 'apns' THEN lower(handle) ELSE handle END, 1
    FROM installation WHERE installation.id = registration.id
) WHERE id IN (SELECT id FROM installation);
DELETE FROM installation_tag WHERE installation NOT IN (SELECT id FROM registration WHERE in_hub = 1);
DELETE FROM installation WHERE id NOT IN (SELECT id FROM registration WHERE in_hub = 1);

CREATE TABLE todo_item(
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    owner TEXT NOT NULL,
    id TEXT NOT NULL,
    text TEXT NOT NULL,
    complete INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    UNIQUE(owner, id)
) STRICT;
";

/// The hub. A target is what a send reaches: a registration is one, an installation one for each of
/// its parts. A label is a tag among the targets of one kind (0 for templates, else the number of
/// their platform), so that a send looks at no target that it is not for.
///
/// The installations of the format before become the app backend's registrations.
const HUB: &str = "
CREATE TABLE hub_target(
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    registration TEXT NOT NULL UNIQUE,
    kind INTEGER NOT NULL,
    platform INTEGER NOT NULL,
    handle TEXT NOT NULL,
    p256dh TEXT,
    auth TEXT,
    tags TEXT NOT NULL,
    more TEXT,
    etag INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    expires_at INTEGER,
    installation INTEGER,
    part TEXT,
    of_backend INTEGER NOT NULL
) STRICT;
CREATE INDEX hub_target_kind ON hub_target(kind);
CREATE INDEX hub_target_handle ON hub_target(handle);
CREATE INDEX hub_target_expiry ON hub_target(expires_at) WHERE expires_at IS NOT NULL;
CREATE INDEX hub_target_installation ON hub_target(installation) WHERE installation IS NOT NULL;

CREATE TABLE hub_label(
    id INTEGER PRIMARY KEY,
    tag TEXT NOT NULL,
    kind INTEGER NOT NULL,
    targets INTEGER NOT NULL,
    UNIQUE(tag, kind)
) STRICT;
CREATE TABLE hub_labelled(
    label INTEGER NOT NULL,
    target INTEGER NOT NULL,
    PRIMARY KEY(label, target)
) STRICT, WITHOUT ROWID;
CREATE INDEX hub_labelled_target ON hub_labelled(target);

CREATE TABLE hub_installation(
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    name TEXT NOT NULL UNIQUE,
    document TEXT NOT NULL,
    updated_at INTEGER NOT NULL,
    expires_at INTEGER
) STRICT;
CREATE INDEX hub_installation_expiry ON hub_installation(expires_at)
    WHERE expires_at IS NOT NULL;

CREATE TABLE hub_message(
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    state INTEGER NOT NULL,
    enqueued_at INTEGER NOT NULL,
    due_at INTEGER,
    started_at INTEGER,
    ended_at INTEGER,
    cursor INTEGER NOT NULL,
    counts TEXT NOT NULL
) STRICT;
CREATE INDEX hub_message_due ON hub_message(due_at) WHERE due_at IS NOT NULL;
CREATE INDEX hub_message_open ON hub_message(seq) WHERE ended_at IS NULL;
CREATE INDEX hub_message_ended ON hub_message(ended_at) WHERE ended_at IS NOT NULL;
CREATE TABLE hub_content(
    message INTEGER PRIMARY KEY,
    format TEXT NOT NULL,
    content_type TEXT,
    headers TEXT NOT NULL,
    body BLOB NOT NULL,
    tags TEXT,
    handles TEXT
) STRICT;

CREATE TABLE hub_total(
    id INTEGER PRIMARY KEY CHECK (id = 1),
    targets INTEGER NOT NULL,
    installations INTEGER NOT NULL,
    messages INTEGER NOT NULL,
    scheduled INTEGER NOT NULL,
    bytes INTEGER NOT NULL
) STRICT;
INSERT INTO hub_total VALUES (1, 0, 0, 0, 0, 0);

CREATE TRIGGER hub_target_added AFTER INSERT ON hub_target BEGIN
    UPDATE hub_total SET targets = targets + 1;
END;
CREATE TRIGGER hub_target_removed AFTER DELETE ON hub_target BEGIN
    UPDATE hub_total SET targets = targets - 1;
    DELETE FROM hub_labelled WHERE target = OLD.id;
END;
CREATE TRIGGER hub_labelled_added AFTER INSERT ON hub_labelled BEGIN
    UPDATE hub_label SET targets = targets + 1 WHERE id = NEW.label;
END;
CREATE TRIGGER hub_labelled_removed AFTER DELETE ON hub_labelled BEGIN
    UPDATE hub_label SET targets = targets - 1 WHERE id = OLD.label;
    DELETE FROM hub_label WHERE id = OLD.label AND targets <= 0;
END;
CREATE TRIGGER hub_installation_added AFTER INSERT ON hub_installation BEGIN
    UPDATE hub_total SET installations = installations + 1;
END;
CREATE TRIGGER hub_installation_removed AFTER DELETE ON hub_installation BEGIN
    UPDATE hub_total SET installations = installations - 1;
    DELETE FROM hub_target WHERE installation = OLD.id;
END;
CREATE TRIGGER hub_message_added AFTER INSERT ON hub_message BEGIN
    UPDATE hub_total SET messages = messages + 1, scheduled = scheduled + (NEW.due_at IS NOT NULL);
END;
CREATE TRIGGER hub_message_timed AFTER UPDATE OF due_at ON hub_message BEGIN
    UPDATE hub_total SET
        scheduled = scheduled + (NEW.due_at IS NOT NULL) - (OLD.due_at IS NOT NULL);
END;
CREATE TRIGGER hub_message_removed AFTER DELETE ON hub_message BEGIN
    UPDATE hub_total SET messages = messages - 1, scheduled = scheduled - (OLD.due_at IS NOT NULL);
    DELETE FROM hub_content WHERE message = OLD.seq;
END;
CREATE TRIGGER hub_content_added AFTER INSERT ON hub_content BEGIN
    UPDATE hub_total SET bytes = bytes
        + length(NEW.body) + length(NEW.headers) + length(coalesce(NEW.handles, ''));
END;
CREATE TRIGGER hub_content_removed AFTER DELETE ON hub_content BEGIN
    UPDATE hub_total SET bytes = bytes
        - length(OLD.body) - length(OLD.headers) - length(coalesce(OLD.handles, ''));
END;

INSERT INTO hub_target(registration, kind, platform, handle, p256dh, auth, tags, etag,
                       updated_at, of_backend)
SELECT id, number, number, handle, p256dh, auth,
    coalesce((SELECT group_concat(tag) FROM installation_tag
              WHERE installation_tag.installation = old.id), ''),
    1, CAST(unixepoch('subsec') * 1000 AS INTEGER), 1
FROM (SELECT *, CASE platform WHEN 'wns' THEN 1 WHEN 'apns' THEN 2 WHEN 'fcm' THEN 3
                              WHEN 'webpush' THEN 5 END AS number
      FROM installation) old
WHERE number IS NOT NULL;
INSERT INTO hub_label(tag, kind, targets)
SELECT DISTINCT tag, hub_target.kind, 0 FROM installation_tag
JOIN hub_target ON hub_target.registration = installation_tag.installation;
INSERT INTO hub_labelled(label, target)
SELECT hub_label.id, hub_target.id FROM installation_tag
JOIN hub_target ON hub_target.registration = installation_tag.installation
JOIN hub_label ON hub_label.tag = installation_tag.tag AND hub_label.kind = hub_target.kind;
DROP TABLE installation_tag;
DROP TABLE installation;
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

/// Which hub may know a registration: `embedded`, or host and name of one elsewhere; empty where an
/// earlier handset did not write down which one elsewhere it was. A hub that cannot be asked when it
/// is to let a registration go is asked later.
///
/// What the embedded hub has of the app backend is known to it; what of that is no registration any
/// more it is to let go.
const HUBS_OF_REGISTRATIONS: &str = "
ALTER TABLE registration ADD COLUMN hub TEXT NOT NULL DEFAULT '';
UPDATE registration SET hub = 'embedded'
WHERE id IN (SELECT registration FROM hub_target WHERE of_backend = 1);

CREATE TABLE registration_left(
    hub TEXT NOT NULL,
    registration TEXT NOT NULL,
    PRIMARY KEY(hub, registration)
) STRICT, WITHOUT ROWID;
INSERT INTO registration_left(hub, registration)
SELECT 'embedded', registration FROM hub_target
WHERE of_backend = 1 AND registration NOT IN (SELECT id FROM registration);
";

/// The targets up to a message's cursor that may not have it: a JSON array of their numbers. A send goes
/// on over a target that is slow, and comes back to it after a crash.
const UNANSWERED: &str = "
ALTER TABLE hub_message ADD COLUMN unanswered TEXT NOT NULL DEFAULT '[]';
";
