'use strict';
// web-push posts to the endpoint of the phone's subscription; it always speaks https.

const webPush = require('web-push');
const { phones, refused, run, toast, unknown } = require('./cases.js');

webPush.setVapidDetails(
  'mailto:sender@example.com',
  process.env.HANDSET_VAPID_PUBLIC,
  process.env.HANDSET_VAPID_PRIVATE,
);

const { subscription } = phones.webpush;
const asking = (status) => ({
  ...subscription,
  endpoint: new URL(`/wpush/v1/error-${status}`, subscription.endpoint).href,
});
const elsewhere = { ...subscription, endpoint: unknown(subscription.endpoint) };
const push = (id, contentEncoding) =>
  webPush.sendNotification(subscription, id, { TTL: 60, contentEncoding });

const status = (error) => `${error.name} ${error.statusCode}`;
const fails = (to, expected, text = '1') =>
  refused(
    () => webPush.sendNotification(to, text, { TTL: 60 }),
    status,
    `WebPushError ${expected}`,
  );

run('web-push', {
  'send, aes128gcm': toast('webpush', async (id) => `${(await push(id, 'aes128gcm')).statusCode}`),
  'send, aesgcm': toast('webpush', async (id) => `${(await push(id, 'aesgcm')).statusCode}`),
  'unknown token': fails(elsewhere, 404),
  'expired token': fails(asking(410), 410),
  'too large': fails(subscription, 413, 'x'.repeat(6000)),
  throttled: fails(asking(429), 429),
  unavailable: fails(asking(503), 503),
});
