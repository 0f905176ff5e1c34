//! Every time-out that is not an option, by name.

use std::time::Duration;

/// How long a keyring may take to answer before it counts as hung.
pub const KEYRING: Duration = Duration::from_secs(5);

/// How long a keyring may take to answer `demo`, which has a memory vault to fall back on.
pub const KEYRING_DEMO: Duration = Duration::from_secs(3);

/// How long a notification daemon may take to show a toast (measured: 2.7 ms at the median).
pub const TOAST_DAEMON: Duration = Duration::from_secs(5);

/// How long a toast stays on the screen (WinRT: 7 s unless its duration is `long`).
pub const TOAST_VISIBLE: Duration = Duration::from_secs(7);

/// How long a notification daemon that did not answer is left alone; meanwhile the next renderer
/// shows what comes, without the wait.
pub const TOAST_DAEMON_PAUSE: Duration = Duration::from_secs(30);

/// How long a terminal or a pipe may take to accept a toast.
pub const TOAST_OUTPUT: Duration = Duration::from_secs(5);

/// How long the file vault may take, the wait for another process included.
pub const VAULT_FILE: Duration = Duration::from_secs(5);

/// How long a feature is off after its calls hung again and again: a keyring, a daemon, a pipe.
pub const HUNG_PAUSE: Duration = Duration::from_secs(60);

/// The longest such pause: each that ends with one more hung call is twice the one before.
pub const HUNG_PAUSE_LONGEST: Duration = Duration::from_secs(600);

/// How long one database job may take, its commit included.
pub const STORE: Duration = Duration::from_secs(10);

/// How long a database that another program holds is tried again before it counts as taken: less
/// than [`STORE`], so that the holder is blamed and not the disk.
pub const STORE_BUSY: Duration = Duration::from_secs(5);

/// How long a TCP and TLS connection to the app backend may take.
pub const BACKEND_CONNECT: Duration = Duration::from_secs(5);

/// How long one whole request to the app backend may take.
pub const BACKEND_REQUEST: Duration = Duration::from_secs(10);

/// How long the push channel's connection and WebSocket handshake may take.
pub const CHANNEL_CONNECT: Duration = Duration::from_secs(10);

/// How long the push service may take to answer `hello` or `register`.
pub const CHANNEL_ANSWER: Duration = Duration::from_secs(10);

/// How often the device pings an idle channel.
pub const CHANNEL_PING: Duration = Duration::from_secs(30);

/// How long the pong to such a ping may take before the channel counts as lost.
pub const CHANNEL_PONG: Duration = Duration::from_secs(10);

/// How long the device waits for the push service to answer its goodbye.
pub const CHANNEL_GOODBYE: Duration = Duration::from_secs(1);

/// How long the push service waits for `hello` (autopush: 5 s).
pub const SERVICE_HELLO: Duration = Duration::from_secs(5);

/// How often the push service pings a device (autopush: 300 s).
pub const SERVICE_PING: Duration = Duration::from_secs(300);

/// How long the push service waits for the pong (autopush: 4 s).
pub const SERVICE_PONG: Duration = Duration::from_secs(4);

/// The least time between two JSON pings of one device (autopush: 45 s).
pub const SERVICE_PING_FLOOD: Duration = Duration::from_secs(45);

/// How long the push service waits for a device to take a frame before the socket counts as dead.
pub const SERVICE_SEND: Duration = Duration::from_secs(10);

/// How long an HTTP client may take for the head of a request, and how long it may leave a
/// connection without one.
pub const HTTP_HEAD: Duration = Duration::from_secs(30);

/// How long an HTTP client keeps an idle connection: less than [`HTTP_HEAD`], so that no request
/// meets a server that is just closing.
pub const HTTP_IDLE: Duration = Duration::from_secs(20);

/// How long an HTTP connection without a request may take to close when its server ends.
pub const HTTP_GOODBYE: Duration = Duration::from_millis(200);

/// How long an HTTP connection with a request may take to answer it when its server ends: less than
/// [`SHUTDOWN`], so that a client which never sends the rest does not stand in the way of the others.
pub const HTTP_LAST_ANSWER: Duration = Duration::from_secs(4);

/// How long a TLS handshake may take from its first byte on.
pub const TLS_HANDSHAKE: Duration = Duration::from_secs(10);

/// How long the files of certificates may take, the wait for another process included.
pub const TLS_FILES: Duration = Duration::from_secs(5);

/// How long an HTTP client may take nothing of what is sent to it before it counts as gone.
pub const HTTP_STALL: Duration = Duration::from_secs(30);

/// How long a request may be worked on over HTTP/1.1 before its connection ends: a client that is gone
/// looks like one that only has nothing more to say. More than any answer takes
/// ([`SERVICE_REQUEST`], [`CONTROL_REQUEST`]).
pub const HTTP_WORK: Duration = Duration::from_secs(120);

/// How long the rest of a body that nobody wants is read before its request is answered.
pub const HTTP_LEFTOVER: Duration = Duration::from_secs(5);

/// How often an HTTP/2 client is pinged, so that one which is gone is noticed.
pub const HTTP2_PING: Duration = Duration::from_secs(30);

/// How long the answer to such a ping may take.
pub const HTTP2_PONG: Duration = Duration::from_secs(10);

/// How long an HTTP/2 connection without any request stays open: senders keep theirs between
/// pushes, and the first push on a new connection costs them a handshake.
pub const HTTP2_IDLE: Duration = Duration::from_secs(120);

/// How long the proxy may take to reach a host that it tunnels to, its name's look-up included.
pub const PROXY_CONNECT: Duration = Duration::from_secs(10);

/// How long a tunnel to another host may carry nothing either way.
pub const PROXY_IDLE: Duration = Duration::from_secs(300);

/// How long a listener waits when it cannot take a connection.
pub const HTTP_ACCEPT_PAUSE: Duration = Duration::from_secs(1);

/// How long the embedded services work on one HTTP request, its body included.
pub const SERVICE_REQUEST: Duration = Duration::from_secs(30);

/// How long the hub's connection to a push service may take.
pub const HUB_CONNECT: Duration = Duration::from_secs(5);

/// How long one whole request of the hub to a push service may take.
pub const HUB_REQUEST: Duration = Duration::from_secs(10);

/// How long the hub leaves a push service alone that is busy, where that does not say how long; twice
/// as long each time.
pub const HUB_RETRY: Duration = Duration::from_secs(1);

/// The longest time that a push service may have the hub wait before it is tried again.
pub const HUB_RETRY_LONGEST: Duration = Duration::from_secs(10);

/// How long the hub works on one notification before it begins no more of its devices (Azure
/// Notification Hubs: 30 minutes).
pub const HUB_SEND: Duration = Duration::from_secs(30 * 60);

/// How long the hub waits, when the services end, for what push services have not answered: less than
/// [`SHUTDOWN`], so that what they answered is written down.
pub const HUB_GOODBYE: Duration = Duration::from_secs(3);

/// How long the hub waits after the start of the services before it goes on with notifications of the
/// time before it: phones come back meanwhile (their first try anew is behind a second or so), and a
/// push service that keeps nothing for a phone that is away would drop what came sooner.
pub const HUB_RESUME: Duration = Duration::from_secs(3);

/// The longest time between two looks at the clock for scheduled notifications: a clock may be set
/// forward meanwhile.
pub const HUB_SCHEDULE: Duration = Duration::from_secs(1);

/// How long what became of a notification at a device may wait for more, to be written down with it.
pub const HUB_COMMIT: Duration = Duration::from_secs(1);

/// How long the hub waits before it tries again to write down how far a notification is.
pub const HUB_COMMIT_RETRY: Duration = Duration::from_secs(1);

/// How long a password check may wait for those before it.
pub const PASSWORD_TURN: Duration = Duration::from_secs(10);

/// How long one password check may take: it is bounded by its parameters, so only a machine that
/// stands still takes so long.
pub const PASSWORD_CHECK: Duration = Duration::from_secs(60);

/// How long the sender credentials' files and keys may take: an RSA key takes a second or two, more
/// on a machine that is busy.
pub const SENDER_CREDENTIALS: Duration = Duration::from_secs(60);

/// How often the embedded services look for what has expired.
pub const SERVICE_SWEEP: Duration = Duration::from_secs(5);

/// The longest pause before expired registrations are taken out of a hub that did not answer.
pub const SERVICE_SWEEP_PAUSE: Duration = Duration::from_secs(300);

/// How long a hub elsewhere may take for what is asked of it, tries anew included: two such calls, a
/// handle's removal from one device and its put under another, take less than [`BACKEND_REQUEST`],
/// so that the phone is still there to hear what the hub says.
pub const REMOTE_HUB: Duration = Duration::from_secs(4);
const _: () = assert!(2 * REMOTE_HUB.as_millis() < BACKEND_REQUEST.as_millis());

/// How long a background task may run (WinRT and iOS: 30 s of wall time).
pub const TASK_BUDGET: Duration = Duration::from_secs(30);

/// How long a background task may run on Android: 20 s, as Firebase's documents said once.
pub const TASK_BUDGET_ANDROID: Duration = Duration::from_secs(20);

/// How long a canceled task instance has to end (WinRT: 5 s).
pub const TASK_GRACE: Duration = Duration::from_secs(5);

/// How long an app in the foreground may take to say whether it takes a push itself.
pub const FOREGROUND_ANSWER: Duration = Duration::from_secs(5);

/// How long `shutdown` waits for tasks that were told to end.
pub const SHUTDOWN: Duration = Duration::from_secs(5);

/// How long a command waits for the control API of a running phone.
pub const CONTROL_REQUEST: Duration = Duration::from_secs(60);

/// How long a command waits until the admin door of a running `serve` says what is in force: that is
/// in its memory, so that only one that is stopped or hangs takes longer.
pub const ADMIN_LOOK: Duration = Duration::from_secs(5);

/// How long a command waits until the admin door of a running `serve` has changed the rules.
pub const ADMIN_REQUEST: Duration = Duration::from_secs(15);

/// How long `register` waits for the channel to open.
pub const REGISTER: Duration = Duration::from_secs(20);

/// How long a phone in a lab may take to be ready.
pub const LAB_READY: Duration = Duration::from_secs(20);

/// How long a lab that is finished waits for pushes that are on their way.
pub const LAB_SETTLE: Duration = Duration::from_secs(10);

/// How often a lab that is finished looks whether they have arrived.
pub const LAB_LOOK: Duration = Duration::from_millis(10);

/// How long a lab waits for the database of a phone that was just killed.
pub const LAB_RESUME: Duration = Duration::from_secs(10);
