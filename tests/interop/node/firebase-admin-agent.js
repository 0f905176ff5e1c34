'use strict';
// firebase-admin without the preload script: an agent of its own leads every connection to handset.

const fs = require('node:fs');
const https = require('node:https');
const { cert, initializeApp } = require('firebase-admin/app');
const { getMessaging } = require('firebase-admin/messaging');
const { phones, refused, run, toast, unknown } = require('./cases.js');

const { hostname, port } = new URL(process.env.HANDSET_HTTPS);
const ca = fs.readFileSync(process.env.HANDSET_CA);
const agent = new https.Agent({
  host: hostname,
  port: port || 443,
  ca,
  servername: 'fcm.googleapis.com',
});
// The path, not its content: firebase-admin forgets the agent of `cert(OBJECT, agent)`.
const credential = cert(process.env.GOOGLE_APPLICATION_CREDENTIALS, agent);
const messaging = getMessaging(initializeApp({ credential, httpAgent: agent }));
messaging.enableLegacyHttpTransport();

const token = phones.fcm.handle;
const silent = (id, to) => ({ token: to, data: { secureId: id }, android: { priority: 'high' } });

run('firebase-admin', {
  send: toast('fcm', (id) => messaging.send(silent(id, token))),
  'sendEach, legacy transport': toast('fcm', async (id) => {
    const { responses } = await messaging.sendEach([silent(id, token)]);
    if (!responses[0].success) throw responses[0].error;
    return responses[0].messageId;
  }),
  'unknown token': refused(
    () => messaging.send(silent('1', unknown(token))),
    (error) => error.code,
    'messaging/registration-token-not-registered',
  ),
});
