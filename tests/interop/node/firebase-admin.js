'use strict';
// firebase-admin through the preload script, which `NODE_OPTIONS` names: nothing here knows handset.

const { initializeApp, applicationDefault } = require('firebase-admin/app');
const { getMessaging } = require('firebase-admin/messaging');
const { phones, refused, run, toast, unknown } = require('./cases.js');

const apps = ['main', 'legacy'].map((name) =>
  initializeApp({ credential: applicationDefault() }, name),
);
const [messaging, legacy] = apps.map((app) => getMessaging(app));
legacy.enableLegacyHttpTransport();

const token = phones.fcm.handle;
const silent = (id, to) => ({ data: { secureId: id }, android: { priority: 'high' }, ...to });
const code = (error) => error.code;
const fails = (to, expected) =>
  refused(() => messaging.send(silent('1', { token: to })), code, `messaging/${expected}`);

/** What a batch of one good and one unknown token says of both. */
async function batch(sent) {
  const { responses } = await sent;
  const [good, bad] = responses;
  if (!good.success) throw good.error;
  if (bad.error?.code !== 'messaging/registration-token-not-registered') {
    throw new Error(`the unknown token was answered ${bad.error?.code ?? 'with success'}`);
  }
  return `success, ${bad.error.code}`;
}

const both = [token, unknown(token)];
const each = (id) => both.map((to) => silent(id, { token: to }));

const cases = {
  'send (HTTP/1.1)': toast('fcm', (id) => messaging.send(silent(id, { token }))),
  'sendEach (HTTP/2)': toast('fcm', (id) => batch(messaging.sendEach(each(id)))),
  'sendEachForMulticast (HTTP/2)': toast('fcm', (id) =>
    batch(messaging.sendEachForMulticast(silent(id, { tokens: both }))),
  ),
  'sendEach, legacy transport (HTTP/1.1)': toast('fcm', (id) => batch(legacy.sendEach(each(id)))),
  'subscribeToTopic, send to the topic': toast('fcm', async (id) => {
    const { successCount, errors } = await messaging.subscribeToTopic([token], 'interop-node');
    if (successCount !== 1) throw new Error(JSON.stringify(errors));
    return messaging.send(silent(id, { topic: 'interop-node' }));
  }),
  'unknown token': fails(unknown(token), 'registration-token-not-registered'),
  'expired token': fails('error:UNREGISTERED', 'registration-token-not-registered'),
  'other project': fails('error:SENDER_ID_MISMATCH', 'mismatched-credential'),
  'too large': refused(
    () => messaging.send({ token, data: { text: 'x'.repeat(5000) } }),
    code,
    'messaging/invalid-argument',
  ),
  throttled: fails('error:QUOTA_EXCEEDED', 'message-rate-exceeded'),
  unavailable: fails('error:UNAVAILABLE', 'server-unavailable'),
};

// While its first token is still on the way, firebase-admin may fail what is sent at the same time:
// its client is exchanged for another that has no token yet.
Promise.all(apps.map((app) => app.options.credential.getAccessToken())).then(() =>
  run('firebase-admin', cases),
);
