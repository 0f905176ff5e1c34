'use strict';
// What the two hub SDKs here share: the hub's rules, registrations that stand for no device, and a
// token signed by hand where an SDK signs none that is wrong.

const fs = require('node:fs');
const path = require('node:path');
const { createHmac, randomUUID } = require('node:crypto');
const { phones } = require('./cases.js');

const hub = process.env.HANDSET_HUB;
const connection = process.env.HANDSET_HUB_CONNECTION_STRING;

/** A rule of the hub, as its owner finds it in the home. */
function rule(name) {
  const file = path.join(process.env.HANDSET_HOME, 'credentials', 'hub.json');
  const found = JSON.parse(fs.readFileSync(file, 'utf8')).rules.find((one) => one.name === name);
  if (!found) throw new Error(`there is no rule ${name}`);
  return found;
}

/** The connection string with the parts that `parts` names exchanged. */
function connectionWith(parts) {
  const exchanged = connection.split(';').map((part) => {
    const name = part.slice(0, part.indexOf('='));
    return name in parts ? `${name}=${parts[name]}` : part;
  });
  return exchanged.join(';');
}

/** The connection string of a rule. */
const connectionOf = ({ name, key }) =>
  connectionWith({ SharedAccessKeyName: name, SharedAccessKey: key });

/** A token that was good for everything until a minute ago. */
function expiredToken() {
  const { name, key } = rule('DefaultFullSharedAccessSignature');
  const resource = encodeURIComponent(`${process.env.HANDSET_HTTPS}/`);
  const expires = Math.floor(Date.now() / 1000) - 60;
  const signature = createHmac('sha256', key).update(`${resource}\n${expires}`).digest('base64');
  return `SharedAccessSignature sr=${resource}&sig=${encodeURIComponent(signature)}&se=${expires}&skn=${name}`;
}

/** A tag of this case alone. */
const freshTag = (what) => `${what}:${randomUUID()}`;

/**
 * A handle that nobody has, in the form of its platform. What is sent to all meets them too: so the
 * push services refuse them for another reason than that they are gone, for then the hub would remove
 * them under the feet of who tests it.
 */
const nobodys = {
  channel: () => `https://db5p.notify.windows.com/w/?token=${randomUUID()}%2b%2f%3d&i=1`,
  phoneChannel: () => `https://s.notify.live.net/u/1/db5/${randomUUID()}/b`,
  token: () => Buffer.from(`err:BadTopic:99:${randomUUID()}`).toString('hex').toUpperCase(),
  id: () => `error:SENDER_ID_MISMATCH:99:${randomUUID()}`,
  number: () => `${Math.floor(Math.random() * 1e15)}`,
  endpoint: () => `https://updates.push.services.mozilla.com/wpush/v2/${randomUUID()}`,
};

/** The keys of the Web Push phone's subscription. */
const browserKeys = phones.webpush.subscription.keys;

/** Throws unless both are the same once they are JSON. */
function same(found, expected, what) {
  const [one, other] = [found, expected].map((value) => JSON.stringify(value));
  if (one !== other) throw new Error(`${what}: ${one}, not ${other}`);
}

/** Asks again until the answer fits; the last one where it never does. */
async function until(ask, fits) {
  let answer;
  for (let tries = 0; tries < 100; tries += 1) {
    answer = await ask();
    if (fits(answer)) break;
    await new Promise((done) => setTimeout(done, 100));
  }
  return answer;
}

/** A case that is passed when nothing is thrown; its result is the detail. */
const done = (play) => async () => ({ ok: true, detail: (await play()) ?? 'done' });

module.exports = {
  browserKeys,
  connection,
  connectionOf,
  connectionWith,
  done,
  expiredToken,
  freshTag,
  hub,
  nobodys,
  rule,
  same,
  until,
};
