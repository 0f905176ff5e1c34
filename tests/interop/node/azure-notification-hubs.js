'use strict';
// @azure/notification-hubs with the connection string that `handset env` prints.

const {
  NotificationHubsClient,
  createAppleNotification,
  createBrowserNotification,
  createFcmV1Notification,
  createTemplateNotification,
  createWindowsRawNotification,
} = require('@azure/notification-hubs');
const { phones, refused, run, toast } = require('./cases.js');
const {
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
} = require('./hub.js');

const client = new NotificationHubsClient(connection, hub);
const as = (name) => new NotificationHubsClient(connectionOf(rule(name)), hub);

/** Registrations of every platform that nobody has, by kind. */
function registrations() {
  const native = {
    Windows: { channelUri: nobodys.channel() },
    Mpns: { channelUri: nobodys.phoneChannel() },
    Apple: { deviceToken: nobodys.token() },
    FcmV1: { fcmV1RegistrationId: nobodys.id() },
    Gcm: { gcmRegistrationId: nobodys.id() },
    Browser: { endpoint: nobodys.endpoint(), ...browserKeys },
    Adm: { admRegistrationId: nobodys.id() },
    Baidu: { baiduChannelId: nobodys.number(), baiduUserId: nobodys.number() },
    Xiaomi: { xiaomiRegistrationId: nobodys.id() },
  };
  const headers = {
    Windows: { wnsHeaders: { 'X-WNS-Type': 'wns/toast' } },
    Mpns: { mpnsHeaders: { 'X-NotificationClass': '2' } },
    Apple: { apnsHeaders: { 'apns-priority': '5' }, expiry: '$(until)' },
  };
  return Object.entries(native).flatMap(([kind, handle]) => [
    { kind, ...handle },
    {
      kind: `${kind}Template`,
      ...handle,
      ...headers[kind],
      bodyTemplate: `{"text":"{$(text) + ' & <b> of ${kind}'}"}`,
      templateName: 'greeting',
      pushVariables: { name: 'A & <B>' },
    },
  ]);
}

/** Plays with a registration of every kind; how many there were is the detail. */
const ofEveryKind = (play) =>
  done(async () => {
    const all = registrations().map((registration) => ({
      ...registration,
      tags: [freshTag('interop'), 'B:two'],
    }));
    for (const registration of all) {
      await play(registration).catch((error) => {
        throw new Error(`${registration.kind}: ${error.message}`);
      });
    }
    return `${all.length} kinds`;
  });

/** Throws unless the hub says of a registration what was put, or `expiry`, which no client reads. */
function sameRegistration(found, { expiry, ...put }) {
  // The client reads Windows Phone's templates as if they had no headers of their own.
  for (const [name, value] of Object.entries(put)) {
    if (value !== undefined && name !== 'etag') same(found[name], value, `${put.kind} ${name}`);
  }
}

/** The client takes the id out of what it is given. */
const put = (registration) => client.createOrUpdateRegistration({ ...registration });

async function all(list) {
  const found = [];
  for await (const registration of list) found.push(registration);
  return found;
}

/** Registers a phone under a tag of its own. */
async function register(kind, handle, more = {}) {
  const tag = freshTag('phone');
  await client.createRegistration({ kind, ...handle, ...more, tags: [tag] });
  return tag;
}

const handles = {
  Windows: { channelUri: phones.wns.handle },
  Apple: { deviceToken: phones.apns.handle },
  FcmV1: { fcmV1RegistrationId: phones.fcm.handle },
  Browser: { endpoint: phones.webpush.subscription.endpoint, ...browserKeys },
};

/** A push of each kind that a phone fetches a payload for. */
const silent = {
  Windows: (id) => createWindowsRawNotification({ body: JSON.stringify({ secureId: id }) }),
  Apple: (id) =>
    createAppleNotification({
      body: { aps: { 'content-available': 1 }, secureId: id },
      headers: { 'apns-push-type': 'background', 'apns-priority': '5' },
    }),
  FcmV1: (id) =>
    createFcmV1Notification({
      body: { message: { android: { priority: 'high' }, data: { secureId: id } } },
    }),
  Browser: (id) => createBrowserNotification({ body: id }),
};

/** A template of each kind that makes the same push of the property `id`. */
const templates = {
  Windows: {
    bodyTemplate: '{"secureId":"$(id)"}',
    wnsHeaders: { 'X-WNS-Type': 'wns/raw', 'Content-Type': 'application/octet-stream' },
  },
  Apple: {
    bodyTemplate: '{"aps":{"content-available":1},"secureId":"$(id)"}',
    apnsHeaders: { 'apns-push-type': 'background', 'apns-priority': '5' },
  },
  FcmV1: {
    bodyTemplate: '{"message":{"android":{"priority":"high"},"data":{"secureId":"$(id)"}}}',
  },
  Browser: { bodyTemplate: '$(id)' },
};

const platforms = { Windows: 'wns', Apple: 'apns', FcmV1: 'fcm', Browser: 'webpush' };
const forEach = (name, play) =>
  Object.fromEntries(
    Object.entries(platforms).map(([kind, platform]) => [
      `${name}, ${platform}`,
      toast(platform, (id) => play(id, kind)),
    ]),
  );

const deviceHandles = {
  Windows: phones.wns.handle,
  Apple: phones.apns.handle,
  FcmV1: phones.fcm.handle,
  Browser: handles.Browser,
};

/** What became of a send, once it is over. */
const outcome = (id) =>
  until(
    () => client.getNotificationOutcomeDetails(id),
    ({ state }) => !['Enqueued', 'Processing'].includes(state),
  );

const counts = (list) => list.map(({ state, count }) => `${count} ${state}`).join(', ');

/** An installation of the WNS phone. */
async function install(more = {}) {
  const installationId = freshTag('i').replace(':', '-');
  const installation = { installationId, platform: 'wns', pushChannel: phones.wns.handle, ...more };
  await client.createOrUpdateInstallation(installation);
  return installation;
}

const said = (error) => `${error.name} ${error.statusCode}`;
const fails = (send, status) => refused(send, said, `RestError ${status}`);
const tooManyTags = Array.from({ length: 61 }, (_, index) => `t${index}`);
const unregistered = { kind: 'Windows', channelUri: nobodys.channel() };

/** What is refused, by its status. */
const errors = {
  'wrong signature': fails(() => {
    const wrong = connectionWith({ SharedAccessKey: 'd3Jvbmc=' });
    return new NotificationHubsClient(wrong, hub).createRegistrationId();
  }, 401),
  'expired token': fails(() => {
    const late = {
      name: 'late',
      sendRequest(request, next) {
        request.headers.set('Authorization', expiredToken());
        return next(request);
      },
    };
    const additionalPolicies = [{ policy: late, position: 'perCall' }];
    return new NotificationHubsClient(connection, hub, { additionalPolicies }).createRegistrationId();
  }, 401),
  'a key that listens sends': fails(
    () => as('DefaultListenSharedAccessSignature').sendBroadcastNotification(silent.Windows('1')),
    403,
  ),
  'a key that listens lists by tag': fails(
    () => all(as('DefaultListenSharedAccessSignature').listRegistrationsByTag('a')),
    401,
  ),
  'a key that sends registers': fails(
    () => as('DefaultSendSharedAccessSignature').createRegistrationId(),
    401,
  ),
  'no such hub': fails(
    () => new NotificationHubsClient(connection, 'elsewhere').createRegistrationId(),
    404,
  ),
  'unknown registration': fails(() => client.getRegistration('1-2-3'), 404),
  'unknown installation': fails(() => client.getInstallation('nobody'), 404),
  'unknown notification': fails(() => client.getNotificationOutcomeDetails('nothing'), 404),
  'too large': fails(
    () =>
      client.sendBroadcastNotification(
        createTemplateNotification({ body: { text: 'x'.repeat(64 * 1024) } }),
      ),
    413,
  ),
  'malformed tag expression': fails(
    () => client.sendNotification(silent.Windows('1'), { tagExpression: 'a && (b' }),
    400,
  ),
  '21 tags joined by or': fails(
    () =>
      client.sendNotification(silent.Windows('1'), {
        tagExpression: tooManyTags.slice(0, 21).join(' || '),
      }),
    400,
  ),
  '61 tags': fails(() => client.createRegistration({ ...unregistered, tags: tooManyTags }), 400),
  'a tag of 121 characters': fails(
    () => client.createRegistration({ ...unregistered, tags: ['t'.repeat(121)] }),
    400,
  ),
  'update of what was changed since': fails(async () => {
    const first = await client.createRegistration(registrations()[0]);
    await client.updateRegistration({ ...first });
    return client.updateRegistration({ ...first });
  }, 412),
};

const cases = {
  createRegistrationId: done(() => client.createRegistrationId()),
  createRegistration: ofEveryKind(async (registration) => {
    const made = await client.createRegistration({ ...registration });
    sameRegistration(made, registration);
    same(typeof made.registrationId, 'string', 'id');
  }),
  createOrUpdateRegistration: ofEveryKind(async (registration) => {
    const registrationId = await client.createRegistrationId();
    sameRegistration(await put({ ...registration, registrationId }), registration);
    const changed = { ...registration, tags: ['other'], registrationId };
    sameRegistration(await put(changed), changed);
  }),
  getRegistration: ofEveryKind(async (registration) => {
    const { registrationId } = await client.createRegistration({ ...registration });
    const found = await client.getRegistration(registrationId);
    sameRegistration(found, { ...registration, registrationId });
    if (!(found.expirationTime.getFullYear() >= 9999)) throw new Error('it expires');
  }),
  updateRegistration: ofEveryKind(async (registration) => {
    const made = await client.createRegistration({ ...registration });
    const changed = { ...registration, tags: ['other'], registrationId: made.registrationId };
    const updated = await client.updateRegistration({ ...changed, etag: made.etag });
    sameRegistration(updated, changed);
    if (updated.etag === made.etag) throw new Error('the ETag stayed');
  }),
  deleteRegistration: ofEveryKind(async (registration) => {
    const { registrationId } = await client.createRegistration({ ...registration });
    await client.deleteRegistration(registrationId);
    await client.deleteRegistration(registrationId);
    const found = await client.getRegistration(registrationId).catch((error) => error.statusCode);
    same(found, 404, 'after it');
  }),
  'listRegistrations, paged': done(async () => {
    const made = new Set();
    for (const registration of registrations()) {
      made.add((await client.createRegistration(registration)).registrationId);
    }
    let pages = 0;
    for await (const page of client.listRegistrations({ top: 7 }).byPage()) {
      if (page.length > 7) throw new Error(`a page of ${page.length}`);
      for (const { registrationId } of page) made.delete(registrationId);
      pages += 1;
    }
    same(made.size, 0, 'not listed');
    return `${pages} pages`;
  }),
  'listRegistrationsByTag, paged': done(async () => {
    const tag = freshTag('listed').toUpperCase();
    for (const registration of registrations()) {
      await client.createRegistration({ ...registration, tags: ['a', tag] });
    }
    const found = await all(client.listRegistrationsByTag(tag.toLowerCase(), { top: 5 }));
    const kinds = found.map(({ kind }) => kind).sort();
    same(kinds, registrations().map(({ kind }) => kind).sort(), 'kinds');
    same(await all(client.listRegistrationsByTag(freshTag('nobody'))), [], 'of nobody');
    return `${found.length} kinds`;
  }),
  listRegistrationsByChannel: done(async () => {
    // For Xiaomi it has no such list.
    const kinds = ['windows', 'apple', 'fcmv1', 'gcm', 'browser', 'adm', 'baidu'];
    for (const kind of kinds) {
      const one = registrations().find((registration) => registration.kind.toLowerCase() === kind);
      const { registrationId } = await client.createRegistration({ ...one });
      const found = await all(client.listRegistrationsByChannel({ ...one, kind }));
      same(found.map((registration) => registration.registrationId), [registrationId], kind);
    }
    return kinds.join(', ');
  }),
  createOrUpdateInstallation: done(async () => {
    await install({ tags: ['a'], userId: 'u', templates: { t: { body: '$(x)', tags: ['b'] } } });
  }),
  getInstallation: done(async () => {
    const { installationId } = await install({ tags: ['a', 'B'], userId: 'u' });
    const found = await client.getInstallation(installationId);
    same([found.platform, found.tags, found.userId], ['wns', ['a', 'B'], 'u'], 'it');
    same([found.pushChannel, found.installationId], [phones.wns.handle, installationId], 'it');
  }),
  updateInstallation: done(async () => {
    const { installationId } = await install({ tags: ['a'] });
    await client.updateInstallation(installationId, [
      { op: 'add', path: '/tags', value: 'b' },
      { op: 'remove', path: '/tags/a' },
      { op: 'replace', path: '/userId', value: 'me' },
    ]);
    const found = await client.getInstallation(installationId);
    same([found.tags, found.userId], [['b'], 'me'], 'it');
  }),
  deleteInstallation: done(async () => {
    const { installationId } = await install();
    await client.deleteInstallation(installationId);
    await client.deleteInstallation(installationId);
    const found = await client.getInstallation(installationId).catch((error) => error.statusCode);
    same(found, 404, 'after it');
  }),
  ...forEach('sendNotification to a tag expression', async (id, kind) => {
    const tag = await register(kind, handles[kind]);
    const tagExpression = `(${tag} && !nobody) || ${freshTag('nobody')}`;
    const sent = await client.sendNotification(silent[kind](id), { tagExpression });
    return sent.state;
  }),
  ...forEach('sendNotification to a template', async (id, kind) => {
    const tag = await register(`${kind}Template`, handles[kind], templates[kind]);
    const template = createTemplateNotification({ body: { id } });
    await client.sendNotification(template, { tagExpression: tag });
  }),
  ...forEach('sendNotification to a device', async (id, kind) => {
    await client.sendNotification(silent[kind](id), { deviceHandle: deviceHandles[kind] });
  }),
  'sendNotification, one template for all': toast(Object.values(platforms), async (id) => {
    const tag = freshTag('all');
    for (const kind of Object.keys(platforms)) {
      const template = { kind: `${kind}Template`, ...handles[kind], ...templates[kind] };
      await client.createRegistration({ ...template, tags: [tag] });
    }
    const template = createTemplateNotification({ body: { id } });
    await client.sendNotification(template, { tagExpression: tag });
    return `${Object.keys(platforms).length} platforms`;
  }),
  'sendNotification to an installation': toast('wns', async (id) => {
    const { installationId } = await install();
    const tagExpression = `$InstallationId:{${installationId}}`;
    await client.sendNotification(silent.Windows(id), { tagExpression });
  }),
  'sendNotification to many devices': toast('apns', async (id) => {
    const deviceHandle = [nobodys.token(), phones.apns.handle];
    const { notificationId } = await client.sendNotification(silent.Apple(id), { deviceHandle });
    return counts((await outcome(notificationId)).apnsOutcomeCounts);
  }),
  sendBroadcastNotification: toast('fcm', async (id) => {
    await register('FcmV1', handles.FcmV1);
    await client.sendBroadcastNotification(silent.FcmV1(id));
  }),
  'sendNotification, test': toast('wns', async (id) => {
    const tagExpression = await register('Windows', handles.Windows);
    const options = { tagExpression, enableTestSend: true };
    const sent = await client.sendNotification(silent.Windows(id), options);
    same([sent.successCount, sent.failureCount, sent.results.length], [1, 0, 1], 'counts');
    const [{ applicationPlatform, pnsHandle }] = sent.results;
    same([applicationPlatform, pnsHandle], ['windows', phones.wns.handle], 'result');
    return sent.results[0].outcome;
  }),
  scheduleNotification: toast('webpush', async (id) => {
    const tagExpression = await register('Browser', handles.Browser);
    const soon = new Date(Date.now() + 1000);
    const sent = await client.scheduleNotification(soon, silent.Browser(id), { tagExpression });
    return sent.notificationId;
  }),
  scheduleBroadcastNotification: toast('apns', async (id) => {
    await register('Apple', handles.Apple);
    await client.scheduleBroadcastNotification(new Date(Date.now() + 1000), silent.Apple(id));
  }),
  cancelScheduledNotification: done(async () => {
    const later = new Date(Date.now() + 3600_000);
    const sent = await client.scheduleBroadcastNotification(later, silent.Windows('1'));
    const before = await client.getNotificationOutcomeDetails(sent.notificationId);
    same(before.state, 'Enqueued', 'before it');
    await client.cancelScheduledNotification(sent.notificationId);
    return (await client.getNotificationOutcomeDetails(sent.notificationId)).state;
  }),
  getNotificationOutcomeDetails: toast('wns', async (id) => {
    const tagExpression = await register('Windows', handles.Windows);
    const sent = await client.sendNotification(silent.Windows(id), { tagExpression });
    const details = await outcome(sent.notificationId);
    same([details.state, details.wnsOutcomeCounts], ['Completed', [{ state: 'Success', count: 1 }]], 'it');
    same(details.notificationBody, JSON.stringify({ secureId: id }), 'body');
    return `${details.state}, ${counts(details.wnsOutcomeCounts)}`;
  }),
  'a handle that is gone': done(async () => {
    const channelUri = new URL('/w/?token=error-410', phones.wns.handle).href;
    const tag = freshTag('gone');
    const made = await client.createRegistration({ kind: 'Windows', channelUri, tags: [tag] });
    const sent = await client.sendNotification(silent.Windows('1'), { tagExpression: tag });
    const details = await outcome(sent.notificationId);
    const found = await client.getRegistration(made.registrationId).catch((e) => e.statusCode);
    same(found, 404, 'the registration');
    return counts(details.wnsOutcomeCounts);
  }),
  'a send that reaches nobody': done(async () => {
    const tagExpression = freshTag('nobody');
    const sent = await client.sendNotification(silent.Windows('1'), { tagExpression });
    const { state } = await outcome(sent.notificationId);
    same(state, 'NoTargetFound', 'state');
    return state;
  }),
  ...errors,
};

run('@azure/notification-hubs', cases);
