'use strict';
// wns through the preload script: it asks login.live.com for its token and ignores a channel's port.

const { promisify } = require('node:util');
const wns = require('wns');
const { phones, refused, run, toast, unknown } = require('./cases.js');

const sendRaw = promisify(wns.sendRaw);
const options = () => ({
  client_id: process.env.HANDSET_WNS_CLIENT_ID,
  client_secret: process.env.HANDSET_WNS_CLIENT_SECRET,
  headers: { 'X-WNS-RequestForStatus': 'true' },
});

const channel = phones.wns.handle;
const asking = (status) => new URL(`/w/?token=error-${status}`, channel).href;
const answer = (error) => `${error.statusCode} ${error.message}`;
const fails = (to, expected, body = '1') =>
  refused(() => sendRaw(to, body, options()), answer, expected);

run('wns', {
  sendRaw: toast('wns', async (id) => {
    const { statusCode, headers } = await sendRaw(
      channel,
      JSON.stringify({ secureId: id }),
      options(),
    );
    return `${statusCode} ${headers['x-wns-status']}, ${headers['x-wns-deviceconnectionstatus']}`;
  }),
  'unknown token': fails(
    unknown(channel),
    '404 The channel URI is not valid or is not recognized by WNS.',
  ),
  'expired token': fails(asking(410), '410 The channel expired.'),
  'too large': fails(
    channel,
    '413 The notification payload exceeds the 5000 byte size limit.',
    'x'.repeat(5001),
  ),
  throttled: fails(asking(406), '406 The cloud service exceeded its throttle limit.'),
  unavailable: fails(asking(503), '503 The server is currently unavailable.'),
});
