'use strict';
// @parse/node-apn by its own options: address, port and ca, or its proxy.

const fs = require('node:fs');
const apn = require('@parse/node-apn');
const { apnsError, phones, refused, run, toast, unknown } = require('./cases.js');

const signing = {
  key: process.env.HANDSET_APNS_KEY,
  keyId: process.env.HANDSET_APNS_KEY_ID,
  teamId: process.env.HANDSET_APNS_TEAM_ID,
};
const ca = fs.readFileSync(process.env.HANDSET_CA);

function provider() {
  if (process.env.INTEROP_VARIANT === 'proxy') {
    const { hostname, port } = new URL(process.env.HANDSET_PROXY);
    return new apn.Provider({
      token: signing,
      ca,
      production: true,
      proxy: { host: hostname, port },
    });
  }
  const { hostname, port } = new URL(process.env.HANDSET_HTTPS);
  return new apn.Provider({ token: signing, ca, address: hostname, port: port || 443 });
}

const sender = provider();
const handle = phones.apns.handle;

function silent(id, more = {}) {
  const notification = new apn.Notification();
  notification.topic = process.env.HANDSET_APNS_TOPIC;
  notification.pushType = 'background';
  notification.priority = 5;
  notification.contentAvailable = true;
  notification.payload = { secureId: id, ...more };
  return notification;
}

async function send(notification, to) {
  const { sent, failed } = await sender.send(notification, to);
  if (failed.length > 0) throw Object.assign(new Error(JSON.stringify(failed[0])), failed[0]);
  return sent[0].device === to ? 'sent' : JSON.stringify(sent);
}

const answer = (error) => `${error.status} ${error.response?.reason ?? error.error?.message}`;
const fails = (to, expected, notification = silent('1')) =>
  refused(() => send(notification, to), answer, expected);

run('@parse/node-apn', {
  send: toast('apns', (id) => send(silent(id), handle)),
  'unknown token': fails(unknown(handle), '400 BadDeviceToken'),
  'expired token': fails(apnsError('Unregistered'), '410 Unregistered'),
  'too large': fails(handle, '413 PayloadTooLarge', silent('1', { text: 'x'.repeat(4096) })),
  throttled: fails(apnsError('TooManyRequests'), '429 TooManyRequests'),
  unavailable: fails(apnsError('ServiceUnavailable'), '503 ServiceUnavailable'),
}).then(() => sender.shutdown());
