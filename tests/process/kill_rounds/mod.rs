//! The phone is killed at random moments while pushes are sent: sent = shown + dropped by a rule,
//! and only what was shown just before a kill is shown again, in its own place.

mod sender;
mod witness;

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::time::Duration;

use handset::lifecycle::Clock;
use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};
use rustix::process::Signal;

use crate::child::PATIENCE;
use crate::world::{World, eventually};
use sender::{Answers, PushSender};
use witness::{Carried, Life, Repeat};

/// The longest life of a phone: several times as long as it takes to come up.
const LONGEST_LIFE: Duration = Duration::from_millis(300);

/// The longest time from a toast to the kill that is meant for it.
const SOON: Duration = Duration::from_millis(3);

/// How long before a kill a toast may have been shown that comes again: its end joins the next
/// group commit.
const GROUP: Duration = Duration::from_millis(5);

/// What the machine may add to that: a commit's turn on a busy disk and on busy processors.
const MACHINE: Duration = Duration::from_millis(200);

#[derive(Clone, Copy)]
struct Plan {
    rounds: usize,
    pushes: usize,
    seed: u64,
}

/// When a phone is killed.
#[derive(Debug, Clone, Copy)]
enum Moment {
    /// After so long, whatever it does.
    After(Duration),
    /// Just after so many toasts, where it comes to that.
    AtToast(usize, Duration),
}

impl Moment {
    fn random(random: &mut StdRng) -> Self {
        if random.random() {
            Self::After(random.random_range(Duration::ZERO..LONGEST_LIFE))
        } else {
            let wait = random.random_range(Duration::ZERO..SOON);
            Self::AtToast(random.random_range(1..12), wait)
        }
    }
}

struct Story {
    platform: &'static str,
    sent: usize,
    lives: Vec<Life>,
    answers: Answers,
    repeats: Vec<Repeat>,
}

impl Story {
    /// What is shown in the end, by the payload's ID.
    fn shown(&self) -> &BTreeSet<String> {
        self.lives.last().unwrap().shown()
    }
}

#[test]
fn twenty_kills_lose_nothing() {
    let plan = Plan {
        rounds: 10,
        pushes: 100,
        seed: rand::random(),
    };
    run(plan);
}

#[test]
#[ignore = "takes minutes: run tests/kill/run"]
fn two_hundred_kills_lose_nothing_in_earnest() {
    let told = |name, otherwise| number(name).unwrap_or(otherwise);
    let plan = Plan {
        rounds: told("HANDSET_KILL_ROUNDS", 200) as usize / 2,
        pushes: told("HANDSET_KILL_PUSHES", 2000) as usize / 2,
        seed: told("HANDSET_KILL_SEED", rand::random()),
    };
    run(plan);
}

/// Half of it with each platform: WNS drops what comes while the phone is off, Web Push keeps it.
#[expect(clippy::print_stderr, reason = "the figures are what it is run for")]
fn run(plan: Plan) {
    eprintln!("seed {}", plan.seed);
    let stories = ["wns", "webpush"].map(|platform| {
        let story = tell(platform, plan);
        eprintln!("{}", table(&story));
        story
    });
    for story in &stories {
        let answers = &story.answers;
        witness::assert_complete(&story.lives, &answers.received(), &answers.given_up());
        let shown = story.shown();
        let dropped: usize = answers.dropped(shown).values().sum();
        assert_eq!(plan.pushes, shown.len() + dropped, "{}", story.platform);
        let sync = story.lives.iter().map(|life| life.sync).max();
        let limit = GROUP + MACHINE + 2 * sync.unwrap_or_default();
        for repeat in &story.repeats {
            let before = repeat.before_kill;
            assert!(before <= limit, "shown {before:?} before the kill");
        }
    }
}

fn tell(platform: &'static str, plan: Plan) -> Story {
    let world = World::new();
    let data = world.folder().join("data");
    let served = world.serve(&["-vv", "--data", data.to_str().unwrap()]);
    world.login("phone", "alice", &served.backend);
    let register = ["--device", "phone", "register", "--platform", platform];
    world.run(&register).with_code(0);

    let sender = PushSender::start(&served.backend, "alice", plan.seed);
    let mut random = StdRng::seed_from_u64(plan.seed);
    let (mut lives, mut carried) = (Vec::new(), Carried::new());
    for round in 0..plan.rounds {
        let moment = Moment::random(&mut random);
        // The last push is for the last life.
        let by = |round: usize| round * (plan.pushes - 1) / plan.rounds;
        sender.round(by(round + 1) - by(round));
        lives.push(live(&world, moment, &mut carried));
    }
    let (last, mut answers) = live_to_the_end(&world, sender, &mut carried);
    lives.push(last);
    let repeats = witness::repeats(&lives);
    served.running.signal(Signal::TERM);
    let log = served.running.ended().with_code(0).err;
    answers.read_log(&log);
    Story {
        platform,
        sent: plan.pushes,
        lives,
        answers,
        repeats,
    }
}

const RUN: [&str; 6] = ["--device", "phone", "run", "--json", "--toast", "none"];

/// A phone that is killed at `moment`.
fn live(world: &World, moment: Moment, carried: &mut Carried) -> Life {
    let clock = Clock::system();
    let started = clock.now();
    let mut phone = world.start(&RUN);
    match moment {
        Moment::After(time) => phone.watch(time, |_| false),
        Moment::AtToast(count, wait) => {
            let mut toasts = 0;
            phone.watch(LONGEST_LIFE, |line| {
                toasts += usize::from(line.contains("\"event\":\"toast."));
                toasts == count
            });
            phone.watch(wait, |_| false);
        }
    }
    let killed = clock.now();
    let ended = phone.killed();
    assert_eq!(ended.code, None, "it ended by itself: {ended:#?}");
    Life::new(started, killed, &ended.out, &world.device("phone"), carried)
}

/// The last phone, which is switched off once everything is shown: the push that is sent last
/// comes last.
fn live_to_the_end(world: &World, sender: PushSender, carried: &mut Carried) -> (Life, Answers) {
    let clock = Clock::system();
    let started = clock.now();
    let mut phone = world.phone("phone");
    sender.round(1);
    let (last, answers) = sender.finish();
    let last = format!("\"body\":\"{last}\"");
    phone.line_with(&last);
    let settled = || {
        let inbox = &world.status("phone")["inbox"];
        inbox["waiting"] == 0 && inbox["awaiting_sign_in"] == 0
    };
    eventually("the inbox is empty", settled);
    let killed = clock.now();
    phone.signal(Signal::TERM);
    let ended = phone.ended_within(PATIENCE).with_code(0);
    let life = Life::new(started, killed, &ended.out, &world.device("phone"), carried);
    (life, answers)
}

fn table(story: &Story) -> String {
    let mut text = String::new();
    let mut row = |name: &str, value: String| {
        writeln!(text, "  {value:>10}  {name}").ok();
    };
    let seconds =
        |time: Option<Duration>| format!("{:.3} s", time.unwrap_or_default().as_secs_f64());
    row("platform", story.platform.to_owned());
    row("rounds", (story.lives.len() - 1).to_string());
    row("sent", story.sent.to_string());
    row("received", story.answers.received().len().to_string());
    row("shown", story.shown().len().to_string());
    for (rule, count) in story.answers.dropped(story.shown()) {
        row(&format!("dropped: {rule}"), count.to_string());
    }
    row("repeated", story.repeats.len().to_string());
    let late = story.repeats.iter().filter(|r| r.before_kill > GROUP);
    row(
        "repeated, and shown more than 5 ms before the kill",
        late.count().to_string(),
    );
    let longest = story.repeats.iter().map(|r| r.before_kill).max();
    row(
        "longest time from a repeated toast to the kill",
        seconds(longest),
    );
    row(
        "slowest sync of the disk",
        seconds(story.lives.iter().map(|l| l.sync).max()),
    );
    let recovery = |life: &Life| {
        let took = life.ready?.duration_since(life.started);
        Duration::try_from(took).ok()
    };
    row(
        "lives that became ready",
        story
            .lives
            .iter()
            .filter(|l| l.ready.is_some())
            .count()
            .to_string(),
    );
    row(
        "longest recovery",
        seconds(story.lives.iter().filter_map(recovery).max()),
    );
    text
}

#[expect(
    clippy::disallowed_methods,
    reason = "the script tells the test how long it shall be"
)]
fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok()?.parse().ok()
}
