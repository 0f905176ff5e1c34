'use strict';
// What every sender here shares: a payload at the backend, the phone's address, and one line of
// JSON a case on standard output. The senders themselves use their library as its own guide says.

const fs = require('node:fs');
const path = require('node:path');
const { randomUUID } = require('node:crypto');

/** The phones' addresses, by platform: `handle`, and for Web Push `subscription`. */
const phones = JSON.parse(fs.readFileSync(process.env.INTEROP_PHONES, 'utf8'));

/** Stores a secret text for alice at the app backend and leaves the push to the sender; its id. */
async function store(text) {
  const answer = await fetch(new URL('/api/notifications', process.env.HANDSET_HTTP), {
    method: 'POST',
    headers: {
      authorization: `Basic ${btoa('alice:alice')}`,
      'content-type': 'application/json',
    },
    body: JSON.stringify({ payload: text, push: false }),
  });
  const stored = await answer.json();
  if (answer.status !== 201 || stored.Deliveries.length > 0) {
    throw new Error(`the backend answered ${answer.status} ${JSON.stringify(stored)}`);
  }
  return stored.Id;
}

/**
 * A case that sends the id of a fresh secret and is passed when the phone of the platform, or each of
 * several, shows that secret. `send` gets the id, and its result is the detail.
 */
function toast(platform, send) {
  return async () => {
    const text = `Secret ${randomUUID()}`;
    const id = await store(text);
    const detail = await send(id);
    return {
      ok: true,
      detail: detail ?? 'sent',
      toast: { platform, notification: id, body: text },
    };
  };
}

/** A case that is passed when what `read` makes of the library's error is `expected`. */
function refused(send, read, expected) {
  return async () => {
    try {
      return { ok: false, detail: `no error: ${JSON.stringify(await send())}` };
    } catch (error) {
      const found = read(error);
      const detail = found === expected ? found : `${found} (${error.message}), not ${expected}`;
      return { ok: found === expected, detail };
    }
  };
}

/** Runs the cases at once and prints them in their order. */
async function run(library, cases) {
  const description = path.join(__dirname, 'node_modules', library, 'package.json');
  const { version } = JSON.parse(fs.readFileSync(description, 'utf8'));
  const results = Object.entries(cases).map(async ([name, play]) => {
    const result = await play().catch((error) => {
      console.error(error);
      return { ok: false, detail: `${error.name}: ${error.message}` };
    });
    return { library, version, case: name, ...result };
  });
  for (const result of results) console.log(JSON.stringify(await result));
}

/** An address that looks like this one and belongs to nobody. */
const unknown = (address) => address.slice(0, -1) + (address.endsWith('0') ? '1' : '0');

/** The APNs device token that asks for an error. */
const apnsError = (reason) => Buffer.from(`err:${reason}`).toString('hex').padEnd(64, '0');

module.exports = { apnsError, phones, refused, run, toast, unknown };
