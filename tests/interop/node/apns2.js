'use strict';
// apns2 through the preload script: it has no option for a port.

const fs = require('node:fs');
const { ApnsClient, Notification, SilentNotification } = require('apns2');
const { apnsError, phones, refused, run, toast, unknown } = require('./cases.js');

const client = new ApnsClient({
  team: process.env.HANDSET_APNS_TEAM_ID,
  keyId: process.env.HANDSET_APNS_KEY_ID,
  signingKey: fs.readFileSync(process.env.HANDSET_APNS_KEY, 'utf8'),
  defaultTopic: process.env.HANDSET_APNS_TOPIC,
});

const handle = phones.apns.handle;
const silent = (id, to, more = {}) =>
  new Notification(to, {
    type: 'background',
    priority: 5,
    contentAvailable: true,
    data: { secureId: id, ...more },
  });
const answer = (error) => `${error.statusCode} ${error.reason}`;
const fails = (notification, expected) =>
  refused(() => client.send(notification), answer, expected);

run('apns2', {
  send: toast('apns', async (id) => {
    await client.send(silent(id, handle));
  }),
  'unknown token': fails(new SilentNotification(unknown(handle)), '400 BadDeviceToken'),
  'expired token': fails(silent('1', apnsError('Unregistered')), '410 Unregistered'),
  'too large': fails(silent('1', handle, { text: 'x'.repeat(4096) }), '413 PayloadTooLarge'),
  throttled: fails(silent('1', apnsError('TooManyRequests')), '429 TooManyRequests'),
  unavailable: fails(silent('1', apnsError('ServiceUnavailable')), '503 ServiceUnavailable'),
}).then(() => client.close());
